"""Stopping a department's clock (暂停计时) for a listed reason and with an end, and setting it going again.

The citizen's clock is never stopped. The task `resume` is a rule of the worker's round, like automatic signing: the row
says until when, and whoever resumes first, does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cases import clock
from cases.actor import THE_SYSTEM, Actor
from cases.counting import Pause
from cases.fold import Case, written
from cases.history import record, share_of
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow
from cases.reasons import PauseReason
from cases.refusal import Refusal
from cases.telling import changed, new_deadline
from cases.words import Progress
from config import work
from config.city import City
from config.database import Database

RESUME = "resume"
LONGEST = timedelta(days=90)


def pause(
    session: Session,
    row: CaseRow,
    share: AssignmentRow,
    reason: PauseReason,
    until: datetime,
    by: Actor,
    *,
    city: City,
    now: datetime,
) -> Case:
    """The deadline moves at once, as if the pause lasted to its end."""
    if not now < until <= now + LONGEST:
        raise Refusal(f"暂停计时要有结束时间：晚于现在，最长 {LONGEST.days} 天", field="until")
    known = share_of(session, share)
    found = clock.paused(known, Pause(now, until, reason.label), city.workdays)
    data = {"assignment": share.id, "reason": reason.value, "until": written(until), "due_at": written(found.due_at),
            "before": written(share.due_at)}  # fmt: skip
    case = record(session, row, Step.PAUSE, by, data, now=now)
    new_deadline(share, found)
    changed(session, row, share, Step.PAUSE, now=now, until=written(until))
    return case


def resume(
    session: Session,
    row: CaseRow,
    share: AssignmentRow,
    by: Actor,
    *,
    city: City,
    now: datetime,
    automatic: bool = False,
) -> Case:
    """The clock goes on. What was not needed of the pause is taken off the deadline again."""
    known = share_of(session, share)
    found = clock.resumed(known, now, city.workdays) if known.paused_until else None
    data = {"assignment": share.id, "due_at": written(found.due_at if found else share.due_at),
            "before": written(share.due_at), **({"automatic": True} if automatic else {})}  # fmt: skip
    case = record(session, row, Step.RESUME, by, data, now=now)
    if found:
        new_deadline(share, found)
    changed(session, row, share, Step.RESUME, now=now)
    return case


class Resuming:
    """The task: pauses that have run out."""

    def __init__(self, database: Database, city: City, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._city = database, city
        self._clock = clock or (lambda: datetime.now(UTC))

    def task(self) -> work.Task:
        return work.Task(RESUME, self.resume, due, at_once=2)

    def resume(self, assignment_id: str) -> None:
        """Once: a second run, or one that comes after a person, finds nothing to do."""
        now, this = self._clock(), AssignmentRow.id == assignment_id
        number = select(AssignmentRow.case_number).where(this).scalar_subquery()
        with self._database.session() as session:
            case = session.scalar(select(CaseRow).where(CaseRow.number == number).with_for_update())
            share = session.scalar(_over(now).where(this))
            if case and share:
                resume(session, case, share, THE_SYSTEM, city=self._city, now=now, automatic=True)


def due(session: Session, now: datetime) -> list[tuple[str, int]]:
    return [(row.id, 0) for row in session.scalars(_over(now).order_by(AssignmentRow.paused_until).limit(500))]


def _over(now: datetime) -> Select[AssignmentRow]:
    paused = AssignmentRow.progress == Progress.PAUSED
    return select(AssignmentRow).where(paused, AssignmentRow.paused_until <= now)
