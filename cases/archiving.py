"""The task `archive`: what has been over for long enough goes to the archive (归档), with how long it is kept.

Never before the citizen's time to have it taken up again is over; the guard of the step holds that too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cases.actor import THE_SYSTEM, Actor
from cases.fold import Case
from cases.history import record
from cases.lifecycle import CASE_STEPS, Step
from cases.model import CaseRow
from cases.reasons import Retention
from cases.words import Confidentiality, State
from config import work
from config.database import Database

ARCHIVE = "archive"
_ENDS = [state.value for state, step in CASE_STEPS if step is Step.ARCHIVE]


def archive(session: Session, row: CaseRow, by: Actor, *, now: datetime, retention: Retention | None = None) -> Case:
    chosen = retention or usual(row)
    data = {"retention": chosen.value, **({} if retention else {"automatic": True})}
    case = record(session, row, Step.ARCHIVE, by, data, now=now)
    row.retention = chosen.value
    return case


def usual(row: CaseRow) -> Retention:
    """Tip-offs and instructions are kept long; what was answered or refused at once, briefly."""
    if row.confidentiality == Confidentiality.TIP_OFF or row.issuer:
        return Retention.LONG
    return Retention.SHORT if row.state in (State.ANSWERED, State.REJECTED) else Retention.STANDARD


class Archiving:
    def __init__(self, database: Database, days: int, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._after = database, timedelta(days=days)
        self._clock = clock or (lambda: datetime.now(UTC))

    def task(self) -> work.Task:
        return work.Task(ARCHIVE, self.archive, self.due, at_once=2)

    def due(self, session: Session, now: datetime) -> list[tuple[str, int]]:
        rows = session.scalars(self._ripe(now).order_by(CaseRow.closed_at).limit(500))
        return [(row.number, 0) for row in rows]

    def archive(self, number: str) -> None:
        with self._database.session() as session:
            chosen = self._ripe(self._clock()).where(CaseRow.number == number)
            if row := session.scalar(chosen.with_for_update()):
                archive(session, row, THE_SYSTEM, now=self._clock())

    def _ripe(self, now: datetime) -> Select[CaseRow]:
        over = CaseRow.state.in_(_ENDS), CaseRow.state != State.ARCHIVED
        return select(CaseRow).where(*over, CaseRow.closed_at <= now - self._after)
