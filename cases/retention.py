"""The task `erase`: what the city no longer keeps of archived cases is erased, each thing after its own time.

What remains is the case as a figure: number, kind, category, states and times. The audit stays as it is and stays
valid, because it never held the words: their digests are salted for each case, and the salt goes with the words.
A legal hold (保全) keeps everything of a case until it is lifted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, or_, select, update
from sqlalchemy.orm import Session

from cases import audit, calls_identity, identities
from cases.actor import SYSTEM
from cases.audit_chain import Action
from cases.model import (
    AssignmentRow,
    CaseEventRow,
    CaseRow,
    CaseSalt,
    DraftRow,
    Erasure,
    LegalHold,
    RecordingRow,
    ReplyDraftRow,
    TranscriptRow,
)
from cases.words import State
from config import work
from config.database import Database
from config.retention import Retention

ERASE = "erase"
ERASED = "（已按保存期限清除）"
LOOK_EVERY = timedelta(minutes=10)
_AT_MOST = 200
# Codes, ids, moments and case numbers: what a history is folded from. Any other text of it is somebody's words.
_NO_WORDS = re.compile(r"[a-z][a-z_.0-9]{0,40}|[0-9a-f]{24}|20[0-9]{10,14}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{8,21}")


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
        recordings: Path,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database, self._retention, self._recordings = database, retention, recordings
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
            for each in due(session, self._retention, now, only=number) if case else ():
                assert case is not None  # noqa: S101 - told to the type checker
                self._erase(session, case, each.thing, now)

    def _erase(self, session: Session, case: CaseRow, thing: str, now: datetime) -> None:
        call = _last_of_call(session, case, thing)
        match thing:
            case "identity":
                _identity(session, case, call)
            case "words":
                _words(session, case, call)
            case _:
                self._recordings_of(session, call)
        session.add(Erasure(case_number=case.number, what=thing, at=now))
        audit.note(session, Action.ERASED, SYSTEM, now=now, case=case.number, what=thing, retention=case.retention)

    def _recordings_of(self, session: Session, call: str | None) -> None:
        for path in session.scalars(select(RecordingRow.path).where(RecordingRow.call_id == call)):
            file = (self._recordings / path).resolve()
            if file.is_relative_to(self._recordings.resolve()):
                file.unlink(missing_ok=True)


def due(session: Session, retention: Retention, now: datetime, only: str = "") -> list[Due]:
    """What is to be erased now, the oldest first: archived, past its time, not held, not erased yet."""
    found: list[Due] = []
    for thing, ripe in _ripe(retention, now).items():
        gone = select(Erasure.case_number).where(Erasure.case_number == CaseRow.number, Erasure.what == thing)
        held = select(LegalHold.case_number).where(LegalHold.case_number == CaseRow.number)
        chosen = select(CaseRow.number, CaseRow.closed_at).where(
            CaseRow.state == State.ARCHIVED, or_(*ripe), ~gone.exists(), ~held.exists()
        )
        if only:
            chosen = chosen.where(CaseRow.number == only)
        rows = session.execute(chosen.order_by(CaseRow.closed_at).limit(_AT_MOST))
        found += [Due(number, thing, closed) for number, closed in rows if closed]
    return found


def _ripe(retention: Retention, now: datetime) -> Mapping[str, list[ColumnElement[bool]]]:
    """thing -> which cases' time has come, one condition for each class."""
    ripe: dict[str, list[ColumnElement[bool]]] = {}
    for name, things in retention.classes.items():
        for thing, days in things.items():
            past = and_(CaseRow.retention == name, CaseRow.closed_at <= now - timedelta(days=days))
            ripe.setdefault(thing, [false()]).append(past)
    return ripe


def _last_of_call(session: Session, case: CaseRow, thing: str) -> str | None:
    """The case's call, if no other case of the same call still needs this of it."""
    gone = select(Erasure.case_number).where(Erasure.case_number == CaseRow.number, Erasure.what == thing)
    others = select(CaseRow.number).where(
        CaseRow.call_id == case.call_id, CaseRow.number != case.number, ~gone.exists()
    )
    return None if case.call_id is None or session.scalar(others.limit(1)) else case.call_id


def _identity(session: Session, case: CaseRow, call: str | None) -> None:
    identities.destroy(session, case.number)
    case.phone = case.caller_name = ""
    calls_identity.forget(session, call)


def _words(session: Session, case: CaseRow, call: str | None) -> None:
    """Of case, history, replies, drafts and transcript. The salt goes too: nobody can try what the words were."""
    case.summary, case.text, case.place = ERASED, "", ""
    case.answer = ERASED if case.answer else ""
    for share in session.scalars(select(AssignmentRow).where(AssignmentRow.case_number == case.number)):
        share.reply = ERASED if share.reply else ""
    for line in session.scalars(select(CaseEventRow).where(CaseEventRow.case_number == case.number)):
        line.data = _without_words(line.data)
    session.execute(delete(CaseSalt).where(CaseSalt.case_number == case.number))
    session.execute(delete(ReplyDraftRow).where(ReplyDraftRow.case_number == case.number))
    said = TranscriptRow.call_id == call, TranscriptRow.content.is_not(None)
    session.execute(update(TranscriptRow).where(*said).values(content={"text": ERASED, "utterances": []}))
    session.execute(update(DraftRow).where(DraftRow.call_id == call).values(proposed={}, corrected={}))


def _without_words(value: Any) -> Any:
    if isinstance(value, str):
        return value if not value or _NO_WORDS.fullmatch(value) else ERASED
    if isinstance(value, dict):
        return {key: _without_words(each) for key, each in value.items()}
    return [_without_words(each) for each in value] if isinstance(value, list) else value


def hold(session: Session, case: CaseRow, reason: str, by: str, *, now: datetime) -> LegalHold:
    """Keep everything of this case until the hold is lifted."""
    row = LegalHold(case_number=case.number, reason=reason, by=by, at=now)
    session.merge(row)
    audit.note(session, Action.HELD, by, now=now, case=case.number)
    return row


def lift(session: Session, case: CaseRow, by: str, *, now: datetime) -> None:
    session.execute(delete(LegalHold).where(LegalHold.case_number == case.number))
    audit.note(session, Action.RELEASED, by, now=now, case=case.number)
