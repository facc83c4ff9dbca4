"""The task `visits`: every case that waits for its return visit stands in the queue, and none that does not.

The rows are the whole plan: nothing is enqueued when a reply is approved, a case withdrawn or merged. Every round the
worker asks which cases want a visit, and each is judged again under its lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from cases import visits
from cases.model import CaseRow, ReturnVisit
from cases.words import State
from config import work
from config.database import Database

VISITS = "visits"


class VisitOpening:
    def __init__(self, database: Database, clock: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self._clock = clock or (lambda: datetime.now(UTC))

    def task(self) -> work.Task:
        return work.Task(VISITS, self.open, due, at_once=2)

    def open(self, number: str) -> None:
        with self._database.session() as session:
            case = session.scalar(select(CaseRow).where(CaseRow.number == number).with_for_update())
            if case is not None:
                visits.open_for(session, case, now=self._clock())


def due(session: Session, _now: datetime) -> list[tuple[str, int]]:
    """Cases whose visit has to be opened, or dropped because the case went another way."""
    primary = aliased(CaseRow)
    waits = exists().where(ReturnVisit.case_number == CaseRow.number, visits.WAITING)
    asked = exists().where(ReturnVisit.case_number == CaseRow.number)
    ready = exists().where(primary.number == CaseRow.merged_into, primary.state.in_(visits.MERGED_ASKED))
    fits = or_(
        CaseRow.state.in_(visits.ASKED_IN), and_(CaseRow.state == State.CLOSED, ReturnVisit.promised_on.is_not(None))
    )
    chosen = (
        select(CaseRow.number).where(CaseRow.state == State.RETURN_VISIT, ~waits),
        select(CaseRow.number).where(CaseRow.state == State.CANCELLED, ~asked),
        select(CaseRow.number).where(CaseRow.state == State.MERGED, ready, ~asked),
        select(CaseRow.number).join(ReturnVisit).where(visits.WAITING, ~fits),
    )
    return [(number, 0) for each in chosen for number in session.scalars(each.limit(200))]
