"""Who called, as the records of a call tell it: blanked when the case became a tip-off, and when its time is over.

A tip-off's number stands encrypted in `identities.py` and nowhere else, so what comes in later of the same call (its
events, what the desk types, what the machine proposes) is blanked again. Voice and words stay with whoever took the
call (`api/calls.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cases import identities
from cases.model import CallEventRow, CallRow, CaseRow, DraftRow
from cases.words import Confidentiality

_WHO = frozenset({"phone", "caller_name", "name", "desk"})  # of a draft; `desk` repeats what was typed


def tip_offs(session: Session, call_ids: Sequence[str]) -> dict[str, str]:
    """Those of these calls that became a tip-off, with its number."""
    theirs = CaseRow.call_id.in_(call_ids), CaseRow.confidentiality == Confidentiality.TIP_OFF
    return {
        call: case for call, case in session.execute(select(CaseRow.call_id, CaseRow.number).where(*theirs)) if call
    }


def hide(session: Session, call_id: str | None, *, now: datetime) -> None:
    """If this call became a tip-off: its number goes to where the identity is."""
    case = tip_offs(session, [call_id]).get(call_id) if call_id else None
    if case is None or call_id is None:
        return
    caller = session.scalar(select(CallRow.caller).where(CallRow.id == call_id))
    if caller and "phone" not in identities.unseal(session, case):
        identities.seal(session, case, {"phone": caller}, now=now)
    forget(session, call_id)


def forget(session: Session, call_id: str | None) -> None:
    """Name and number vanish from the call, its events and its draft."""
    session.flush()
    session.execute(update(CallRow).where(CallRow.id == call_id).values(caller=""))
    for event in session.scalars(select(CallEventRow).where(CallEventRow.call_id == call_id)):
        if event.data.get("caller"):
            event.data = {**event.data, "caller": ""}
    for draft in session.scalars(select(DraftRow).where(DraftRow.call_id == call_id)):
        draft.proposed, draft.corrected = _nameless(draft.proposed), _nameless(draft.corrected)


def _nameless(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in _WHO}
