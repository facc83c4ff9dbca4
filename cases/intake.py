"""How calls come in from the spool: they arrive once, however often and in whatever pieces they are given.

The events are kept by (call, seq), the first version of each wins; call, legs and recordings are folded anew from all
events that are known. A call that has ended with recordings is asked to be transcribed in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cases import calls_identity, feed
from cases.model import CallEventRow, CallRow, DraftRow, LegRow, RecordingRow, TranscriptRow, insert_new
from config import work
from ivr.call import Call, CallEvent, Kind, Recording, fold
from transcription.transcript import Transcript

TRANSCRIBE = "transcribe"


def import_call(session: Session, events: Iterable[CallEvent]) -> bool:
    """Take in what happened in one call. True when something of it was new."""
    events = list(events)
    if not events:
        return False
    call_id = events[0].call_id
    if any(event.call_id != call_id for event in events):
        raise ValueError("events of one call at a time")
    insert_new(session, CallRow, [_call_values(Call(call_id, started_at=events[0].at))])
    session.get_one(CallRow, call_id, with_for_update=True)
    if not insert_new(session, CallEventRow, [_event_values(event) for event in events]):
        return False
    _refold(session, call_id)
    calls_identity.hide(session, call_id, now=events[0].at)
    _ask_for_transcript(session, call_id)
    feed.note(session, "call", call_id)
    return True


def call_events(session: Session, call_id: str) -> list[CallEvent]:
    rows = session.scalars(select(CallEventRow).where(CallEventRow.call_id == call_id).order_by(CallEventRow.seq))
    return [CallEvent(row.call_id, row.seq, row.at, Kind(row.kind), row.data) for row in rows]


def recordings(session: Session, call_id: str) -> list[Recording]:
    rows = session.scalars(select(RecordingRow).where(RecordingRow.call_id == call_id).order_by(RecordingRow.place))
    return [Recording(r.leg, r.path, r.started_at, r.what, r.seconds) for r in rows]


def store_transcript(session: Session, transcript: Transcript, *, now: datetime, covers: int | None = None) -> None:
    """Keep what was said. `covers`: how many recordings it was made from; a recording that came later asks again."""
    row = session.get(TranscriptRow, transcript.call_id, with_for_update=True)
    if row is None:
        row = TranscriptRow(call_id=transcript.call_id, covers=covers or 0, attempts=0, due_at=now, last_error="")
        session.add(row)
    row.content, row.made_at, row.last_error = transcript.to_json(), now, ""
    row.state = "done" if covers is None or covers >= row.covers else "waiting"
    feed.note(session, "transcript", transcript.call_id)


def store_draft(session: Session, call_id: str, draft: dict[str, Any], *, now: datetime) -> DraftRow:
    """Keep what the machine proposes. One draft to a call; what a person has written stays as it is."""
    row = _draft(session, call_id, now)
    row.proposed, row.changed_at = draft, now
    calls_identity.hide(session, call_id, now=now)
    feed.note(session, "draft", call_id)
    return row


def correct_draft(session: Session, call_id: str, fields: dict[str, Any], by: str, *, now: datetime) -> DraftRow:
    """Lay what a person wrote over the machine's proposal, field by field. The call may still be going on."""
    insert_new(session, CallRow, [_call_values(Call(call_id, started_at=now))])
    row = _draft(session, call_id, now)
    row.corrected = {**row.corrected, **fields}
    row.corrected_by, row.changed_at = by, now
    calls_identity.hide(session, call_id, now=now)
    feed.note(session, "draft", call_id)
    return row


def draft_of(session: Session, call_id: str) -> DraftRow | None:
    return session.scalar(select(DraftRow).where(DraftRow.call_id == call_id))


def merged(draft: DraftRow) -> dict[str, Any]:
    """The draft as it reads now: the machine's proposal under what a person wrote, without what only the desk needs."""
    return {key: value for key, value in {**draft.proposed, **draft.corrected}.items() if key != "desk"}


def transcript_of(session: Session, call_id: str) -> Transcript | None:
    row = session.get(TranscriptRow, call_id)
    return Transcript.from_json(row.content) if row and row.content else None


def _draft(session: Session, call_id: str, now: datetime) -> DraftRow:
    row = {"call_id": call_id, "proposed": {}, "corrected": {}, "made_at": now, "changed_at": now}
    insert_new(session, DraftRow, [row])
    return session.scalars(select(DraftRow).where(DraftRow.call_id == call_id).with_for_update()).one()


def _refold(session: Session, call_id: str) -> None:
    """Call, legs and recordings as the fold of all events that are known by now."""
    call = fold(call_events(session, call_id))
    row = session.get_one(CallRow, call_id)
    for name, value in _call_values(call).items():
        setattr(row, name, value)
    session.execute(delete(LegRow).where(LegRow.call_id == call_id))
    session.execute(delete(RecordingRow).where(RecordingRow.call_id == call_id))
    insert_new(session, LegRow, [_leg_values(call_id, leg) for leg in call.legs])
    insert_new(session, RecordingRow, [_recording_values(call_id, n, r) for n, r in enumerate(call.recordings, 1)])


def _ask_for_transcript(session: Session, call_id: str) -> None:
    call = session.get_one(CallRow, call_id)
    known = session.scalar(select(func.count()).where(RecordingRow.call_id == call_id)) or 0
    row = session.get(TranscriptRow, call_id)
    if call.ended_at is None or known == 0 or (row is not None and row.covers >= known):
        return
    if row is None:
        row = TranscriptRow(call_id=call_id, content=None, made_at=None)
        session.add(row)
    row.state, row.covers, row.attempts, row.due_at, row.last_error = "waiting", known, 0, call.ended_at, ""
    session.flush()
    work.enqueue(session, TRANSCRIBE, call_id, known)


def _call_values(call: Call) -> dict[str, Any]:
    names = ("id", "caller", "dialled", "flow", "version", "started_at", "ended_at", "ended_because", "answered")
    return {name: _kept(getattr(call, name)) for name in names}


def _event_values(event: CallEvent) -> dict[str, Any]:
    return {"call_id": event.call_id, "seq": event.seq, "at": event.at, "kind": event.kind.value,
            "data": dict(event.data)}  # fmt: skip


def _leg_values(call_id: str, leg: Any) -> dict[str, Any]:
    names = ("id", "name", "asked_at", "joined_at", "left_at", "cause")
    return {"call_id": call_id, "role": leg.role.value} | {name: _kept(getattr(leg, name)) for name in names}


def _recording_values(call_id: str, place: int, r: Recording) -> dict[str, Any]:
    names = ("leg", "path", "what", "started_at", "seconds")
    return {"call_id": call_id, "place": place} | {name: getattr(r, name) for name in names}


def _kept(value: Any) -> Any:
    """PostgreSQL keeps no text with a NUL; a call must not be lost over one."""
    return value.replace("\0", "") if isinstance(value, str) else value
