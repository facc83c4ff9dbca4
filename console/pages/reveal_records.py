"""The pages' way to a masked name or number: asked with a purpose, shown once, a tip-off's granted by a second one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cases import case, reveals
from cases.actor import Actor
from cases.model import RevealRow
from cases.refusal import Refusal
from config.database import Database
from console.pages.ports import Refused

FIELDS = {"phone": "联系电话", "caller_name": "姓名"}


@dataclass(frozen=True, slots=True)
class Asked:
    """`value` is there when it may be seen now, this once. `mine`: asked by who looks at it."""

    id: str
    case: str
    what: str
    purpose: str
    by: str
    at: datetime
    stage: reveals.Stage
    mine: bool
    value: str | None = None


class RevealsInDatabase:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def ask(self, by: Actor, no: str, field: str, purpose: str) -> Asked:
        if field not in FIELDS:
            raise Refused("field", "请选择要查看姓名还是电话")
        with self._session() as session:
            row, value = reveals.ask(session, case.find(session, no, by), field, purpose[:200], by, now=self._now())
            return self._asked(row, by, value)

    def grant(self, by: Actor, reveal: str) -> None:
        with self._session() as session:
            reveals.grant(session, reveal, by, now=self._now())

    def open(self, by: Actor, reveal: str) -> Asked:
        with self._session() as session:
            row, value = reveals.open_granted(session, reveal, by, now=self._now())
            return self._asked(row, by, value)

    def waiting(self, by: Actor) -> list[Asked]:
        """What waits for a second person, and what this one was granted."""
        with self._session() as session:
            now = self._now()
            return [
                self._asked(row, by) for row in (*reveals.granted(session, by, now), *reveals.waiting(session, now))
            ]

    def _asked(self, row: RevealRow, by: Actor, value: str | None = None) -> Asked:
        stage = reveals.stage(row, self._now())
        mine = row.asked_by == by.title
        what = FIELDS[row.field]
        return Asked(row.id, row.case_number, what, row.purpose, row.asked_by, row.asked_at, stage, mine, value)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with self._database.session() as session:
                yield session
        except Refusal as refusal:
            raise Refused(refusal.field or refusal.code, refusal.detail) from None
