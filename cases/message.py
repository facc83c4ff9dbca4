"""What a department is told of a case. Thin by default: number, category, urgency, deadline and a link.

Thin, because then the department fetches the rest with its own key, and who read what is on record. A full body can be
switched on for a department; what its privacy level hides is hidden there too. A message stays under 20 kB.
"""

from __future__ import annotations

import json
from typing import Any

from cases import privacy
from cases.deadlines import rfc3339
from cases.model import AssignmentRow, CaseRow, Delivery
from cases.words import Confidentiality, Part

LONGEST = 20_000  # bytes: what Standard Webhooks recommends


def message(row: Delivery, case: CaseRow, share: AssignmentRow, *, full: bool, link_base: str) -> dict[str, Any]:
    """`type`, `timestamp`, `data`. The case's own facts are those of now, the event's those of its time."""
    data = facts(case, share) | (words(case, share) if full else {}) | row.body
    link = f"{link_base}/api/v1/cases/{case.number}"
    return {"type": row.event, "timestamp": rfc3339(row.created_at), "data": {**data, "link": link}}


def facts(case: CaseRow, share: AssignmentRow) -> dict[str, Any]:
    """Nothing here is about the citizen."""
    return {
        "number": case.number,
        "assignment": share.id,
        "department": share.department,
        "part": share.part,
        "kind": case.kind,
        "category": case.category,
        "urgency": case.urgency,
        "confidential": case.confidentiality != Confidentiality.ORDINARY,
        "dispatched_at": rfc3339(share.dispatched_at),
        "due_at": rfc3339(share.due_at),
    }


def words(case: CaseRow, share: AssignmentRow) -> dict[str, str | None]:
    """The citizen's words, as this department may see them."""
    return privacy.as_seen(case, privacy.sight(Confidentiality(case.confidentiality), None, Part(share.part)))


def encoded(told: dict[str, Any]) -> bytes:
    """As JSON of at most 20 kB; a text that is too long for it is cut, and `text_cut` says so."""
    body = _json(told)
    if len(body) <= LONGEST:
        return body
    data = {**told["data"], "text": "", "text_cut": True}
    room = LONGEST - len(_json({**told, "data": data}))
    data["text"] = _fitting(str(told["data"].get("text") or ""), room)
    return _json({**told, "data": data})


def _fitting(text: str, room: int) -> str:
    """The beginning of a text whose JSON has room. What JSON writes as two signs counts as six, to be sure."""
    used = 0
    for place, letter in enumerate(text):
        used += len(letter.encode()) if letter.isprintable() and letter not in '"\\' else 6
        if used > room:
            return text[:place]
    return text


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
