"""What is erased of a case, thing by thing. It remains as a figure: number, kind, category, states, times.

The history still folds: codes, ids and moments stay, words do not. The audit stays as it is and stays valid, because it
never held the words: their digests are salted for each case, and the salt goes with the words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cases import calls_identity, identities
from cases.model import (
    AssignmentRow,
    Attachment,
    CaseEventRow,
    CaseRow,
    CaseSalt,
    DraftRow,
    InboundEvent,
    RecordingRow,
    ReplyDraftRow,
    ReturnVisit,
    Supplement,
    TranscriptRow,
)

ERASED = "（已按保存期限清除）"
# Codes, ids, moments and case numbers: what a history is folded from. Any other text of it is somebody's words.
_NO_WORDS = re.compile(r"[a-z][a-z_.0-9]{0,40}|[0-9a-f]{24}|20[0-9]{10,14}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{8,21}")


def identity(session: Session, case: CaseRow, call: str | None) -> None:
    """Name and number, a tip-off's by destroying its key."""
    identities.destroy(session, case.number)
    case.phone = case.caller_name = ""
    calls_identity.forget(session, call)


def words(session: Session, case: CaseRow, call: str | None, attachments: Path) -> None:
    """What the citizen said and added, what was replied, and how the call was transcribed."""
    case.summary, case.text, case.place = ERASED, "", ""
    case.answer = ERASED if case.answer else ""
    _of_history(session, case.number)
    said = TranscriptRow.call_id == call, TranscriptRow.content.is_not(None)
    session.execute(update(TranscriptRow).where(*said).values(content={"text": ERASED, "utterances": []}))
    session.execute(update(DraftRow).where(DraftRow.call_id == call).values(proposed={}, corrected={}))
    session.execute(update(ReturnVisit).where(ReturnVisit.case_number == case.number).values(words=""))
    session.execute(update(InboundEvent).where(InboundEvent.case_number == case.number).values(said=""))
    for key in session.scalars(select(Attachment.id).where(Attachment.case_number == case.number)):
        _unlink(attachments, key)
    for table in (Attachment, Supplement, ReplyDraftRow, CaseSalt):
        session.execute(delete(table).where(table.case_number == case.number))


def recordings(session: Session, call: str | None, folder: Path) -> None:
    """The files. That there was a recording stays known."""
    for path in session.scalars(select(RecordingRow.path).where(RecordingRow.call_id == call)):
        _unlink(folder, path)


def _of_history(session: Session, number: str) -> None:
    for share in session.scalars(select(AssignmentRow).where(AssignmentRow.case_number == number)):
        share.reply = ERASED if share.reply else ""
    for line in session.scalars(select(CaseEventRow).where(CaseEventRow.case_number == number)):
        line.data = _without_words(line.data)


def _without_words(value: Any) -> Any:
    if isinstance(value, str):
        return value if not value or _NO_WORDS.fullmatch(value) else ERASED
    if isinstance(value, dict):
        return {key: _without_words(each) for key, each in value.items()}
    return [_without_words(each) for each in value] if isinstance(value, list) else value


def _unlink(folder: Path, path: str) -> None:
    """The path comes from our own tables, but is believed no more than a stranger's."""
    file = (folder / path).resolve()
    if file.is_relative_to(folder.resolve()):
        file.unlink(missing_ok=True)
