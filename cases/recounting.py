"""The task `recount`: a deadline that was counted over a year not yet announced is counted again once it is.

The State Council's notice is entered into `holidays/2027.yaml`, and `provisional` becomes no. From then on every open
assignment whose deadline was a guess is counted anew, by the rule it was given, with a line in its history. Nothing
else moves a deadline behind a department's back, not even a change of the city's rules: the case keeps its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from cases.actor import THE_SYSTEM
from cases.clock import started
from cases.deadlines import due
from cases.fold import written
from cases.history import record, share_of
from cases.lifecycle import ASSIGNMENT_STEPS, Step
from cases.model import AssignmentRow, CaseRow
from cases.telling import changed, new_deadline
from config import work
from config.city import City
from config.database import Database

RECOUNT = "recount"
_OPEN = [progress.value for progress, step in ASSIGNMENT_STEPS if step is Step.RECOUNT]


class Recounting:
    def __init__(self, database: Database, city: City, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._workdays = database, city.workdays
        self._clock = clock or (lambda: datetime.now(UTC))

    def task(self) -> work.Task:
        return work.Task(RECOUNT, self.recount, self.due, at_once=2)

    def due(self, session: Session, _now: datetime) -> list[tuple[str, int]]:
        used = session.scalars(select(AssignmentRow.due_calendar).where(*_guessed()).distinct())
        announced = [calendar for calendar in used if self._announced(calendar)]
        if not announced:
            return []
        rows = session.scalars(_to_recount().where(AssignmentRow.due_calendar.in_(announced)).limit(500))
        return [(row.id, 0) for row in rows]

    def recount(self, assignment_id: str) -> None:
        this = AssignmentRow.id == assignment_id
        number = select(AssignmentRow.case_number).where(this).scalar_subquery()
        with self._database.session() as session:
            case = session.scalar(select(CaseRow).where(CaseRow.number == number).with_for_update())
            share = session.scalar(_to_recount().where(this))
            if case and share and self._announced(share.due_calendar):
                self._recount(session, case, share)

    def _recount(self, session: Session, case: CaseRow, share: AssignmentRow) -> None:
        found, before = due(started(share_of(session, share)), self._workdays), share.due_at
        data = {"assignment": share.id, "due_at": found.due_at.isoformat(), "before": before.isoformat(),
                "sign_by": written(found.sign_by), "calendar": found.calendar}  # fmt: skip
        record(session, case, Step.RECOUNT, THE_SYSTEM, data, now=self._clock())
        share.contact_by = found.contact_by or share.contact_by
        new_deadline(share, found)
        changed(session, case, share, Step.RECOUNT, now=self._clock())

    def _announced(self, calendar: str) -> bool:
        """Is nothing about these years a guess any more? A better guess is no reason: workers that know different
        ones would undo each other's work for ever."""
        years = [self._workdays.years.get(int(part.partition("-")[0])) for part in calendar.split()]
        return all(year is not None and not year.provisional for year in years)


def _to_recount() -> Select[AssignmentRow]:
    return select(AssignmentRow).where(*_guessed())


def _guessed() -> tuple[ColumnElement[bool], ...]:
    return AssignmentRow.due_provisional.is_(True), AssignmentRow.progress.in_(_OPEN)
