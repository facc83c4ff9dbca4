"""The task `erase`: what the city no longer keeps of archived cases is erased, each thing after its own time.

`config/retention.yaml` says how long; `erasing.py` does it. A legal hold (保全) keeps everything of a case until it is
lifted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from cases import audit, erasing
from cases.actor import SYSTEM
from cases.audit_chain import Action
from cases.model import CaseRow, Erasure, LegalHold
from cases.words import State
from config import work
from config.database import Database
from config.retention import Retention
from config.settings import Settings

ERASE = "erase"
LOOK_EVERY = timedelta(minutes=10)
_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A thing of a case whose time has come."""

    case: str
    thing: str
    closed_at: datetime


class Erasing:
    def __init__(
        self,
        database: Database,
        retention: Retention,
        settings: Settings,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database, self._retention, self._settings = database, retention, settings
        self._clock = clock or (lambda: datetime.now(UTC))
        self._next_look = datetime.min.replace(tzinfo=UTC)

    def task(self) -> work.Task:
        return work.Task(ERASE, self.erase, self.due, at_once=1)

    def due(self, session: Session, now: datetime) -> list[tuple[str, int]]:
        """Looked for every ten minutes: nothing here is in a hurry."""
        if now < self._next_look:
            return []
        self._next_look = now + LOOK_EVERY
        return [(number, 0) for number in dict.fromkeys(each.case for each in due(session, self._retention, now))]

    def erase(self, number: str) -> None:
        """Everything of this case that is due. A second run finds nothing to do."""
        now = self._clock()
        with self._database.session() as session:
            case = session.scalar(select(CaseRow).where(CaseRow.number == number).with_for_update())
            if case is not None:
                for each in due(session, self._retention, now, only=number):
                    self._erase(session, case, each.thing, now)

    def _erase(self, session: Session, case: CaseRow, thing: str, now: datetime) -> None:
        call = _last_of_call(session, case, thing)
        match thing:
            case "identity":
                erasing.identity(session, case, call)
            case "words":
                erasing.words(session, case, call, self._settings.attachments_dir)
            case _:
                erasing.recordings(session, call, self._settings.recordings_dir)
        session.add(Erasure(case_number=case.number, what=thing, at=now))
        audit.note(session, Action.ERASED, SYSTEM, now=now, case=case.number, what=thing, retention=case.retention)


def due(session: Session, retention: Retention, now: datetime, only: str = "") -> list[Due]:
    """What is to be erased now, the oldest first: archived, past its time, not held, not erased yet."""
    found: list[Due] = []
    held = select(LegalHold.case_number).where(LegalHold.case_number == CaseRow.number)
    for thing, ripe in _ripe(retention, now).items():
        open_ = CaseRow.state == State.ARCHIVED, or_(*ripe), ~_gone(thing), ~held.exists()
        chosen = select(CaseRow.number, CaseRow.closed_at).where(*open_).order_by(CaseRow.closed_at).limit(_AT_MOST)
        rows = session.execute(chosen.where(CaseRow.number == only) if only else chosen)
        found += [Due(number, thing, closed) for number, closed in rows if closed]
    return found


def hold(session: Session, case: CaseRow, reason: str, by: str, *, now: datetime) -> LegalHold:
    """Keep everything of this case until the hold is lifted."""
    row = LegalHold(case_number=case.number, reason=reason, by=by, at=now)
    session.merge(row)
    audit.note(session, Action.HELD, by, now=now, case=case.number)
    return row


def lift(session: Session, case: CaseRow, by: str, *, now: datetime) -> None:
    session.execute(delete(LegalHold).where(LegalHold.case_number == case.number))
    audit.note(session, Action.RELEASED, by, now=now, case=case.number)


def _ripe(retention: Retention, now: datetime) -> Mapping[str, list[ColumnElement[bool]]]:
    """thing -> which cases' time has come, one condition for each class."""
    ripe: dict[str, list[ColumnElement[bool]]] = {}
    for name, things in retention.classes.items():
        for thing, days in things.items():
            past = and_(CaseRow.retention == name, CaseRow.closed_at <= now - timedelta(days=days))
            ripe.setdefault(thing, []).append(past)
    return ripe


def _gone(thing: str) -> ColumnElement[bool]:
    gone = select(Erasure.case_number).where(Erasure.case_number == CaseRow.number, Erasure.what == thing)
    return gone.exists()


def _last_of_call(session: Session, case: CaseRow, thing: str) -> str | None:
    """The case's call, if no other case of the same call still needs this of it."""
    same = CaseRow.call_id == case.call_id, CaseRow.number != case.number, ~_gone(thing)
    return (
        None if case.call_id is None or session.scalar(select(CaseRow.number).where(*same).limit(1)) else case.call_id
    )
