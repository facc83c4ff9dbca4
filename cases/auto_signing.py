"""The task `sign`: what a department has not signed for in time is signed by the system (超时自动签收), and noted so.

The clock runs from dispatch, so leaving a case unsigned gains nothing; but an unsigned case would never be replied to.
Signing in the department's stead proves nothing about its arrival: receipts stay as they are.

The rows are the whole plan: nothing is enqueued at dispatch. Every round the worker asks for what is due, and the row
is judged again under the lock of its case, so it is signed once, whoever else signs or works at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cases.actor import THE_SYSTEM
from cases.history import record
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow
from cases.telling import changed
from cases.words import Progress
from config import work
from config.database import Database

SIGN = "sign"


class AutoSigning:
    def __init__(self, database: Database, clock: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self._clock = clock or (lambda: datetime.now(UTC))

    def task(self) -> work.Task:
        return work.Task(SIGN, self.sign, due, at_once=2)

    def sign(self, assignment_id: str) -> None:
        """Once: a second run, or one that comes after the department, finds nothing to do."""
        now, this = self._clock(), AssignmentRow.id == assignment_id
        number = select(AssignmentRow.case_number).where(this).scalar_subquery()
        with self._database.session() as session:
            case = session.scalar(select(CaseRow).where(CaseRow.number == number).with_for_update())
            share = session.scalar(_overdue(now).where(this))
            if case is None or share is None:
                return
            record(session, case, Step.SIGN, THE_SYSTEM, {"assignment": share.id, "automatic": True}, now=now)
            changed(session, case, share, Step.SIGN, now=now, automatic=True)


def due(session: Session, now: datetime) -> list[tuple[str, int]]:
    rows = session.scalars(_overdue(now).order_by(AssignmentRow.sign_by).limit(500))
    return [(row.id, 0) for row in rows]


def _overdue(now: datetime) -> Select[AssignmentRow]:
    """Unsigned past the limit. What the department objects to (退单) is not signed meanwhile."""
    return select(AssignmentRow).where(AssignmentRow.progress == Progress.WAITING, AssignmentRow.sign_by <= now)
