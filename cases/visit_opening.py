"""The task `visits`: every case that waits for its return visit stands in the queue, and none that does not.

The rows are the whole plan: nothing is enqueued when a reply is approved, a case withdrawn or merged. Every round the
worker asks which cases want a visit, and each is judged again under its lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import visits
from cases.model import CaseRow
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
    return [(number, 0) for number in visits.due_cases(session)]
