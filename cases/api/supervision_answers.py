"""How notices, instructions and return visits read on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cases.api.answers import moment
from cases.model import InstructionEvent, InstructionRow, SupervisionRow
from cases.supervision import FORMS, Level, NoticeState, Trigger


def notice(row: SupervisionRow, now: datetime) -> dict[str, Any]:
    level, state = Level(row.level), NoticeState(row.state)
    late = row.answer_by is not None and (row.answered_at or now) > row.answer_by and state is not NoticeState.CANCELLED
    return {
        "id": row.id,
        "number": row.number,
        "case": row.case_number,
        "assignment": row.assignment_id,
        "department": row.department,
        "level": level.value,
        "level_label": level.label,
        "state": state.value,
        "state_label": state.label,
        "trigger": row.trigger,
        "trigger_label": Trigger(row.trigger).label,
        "basis": row.basis,
        "facts": row.facts,
        "later": row.later or None,
        "demand": row.demand or None,
        "made_by": row.made_by,
        "made_at": moment(row.made_at),
        "signatories": row.signatories,
        "signatures_needed": FORMS[level].signatories if level in FORMS else 0,
        "issued_at": moment(row.issued_at),
        "told_at": moment(row.told_at),
        "answer_by": moment(row.answer_by),
        "late": late,
        "answer": row.answer or None,
        "answer_signed_by": row.answer_signed_by or None,
        "answered_by": row.answered_by or None,
        "answered_at": moment(row.answered_at),
        "ended_by": row.ended_by or None,
        "ended_at": moment(row.ended_at),
        "ended_because": row.ended_because or None,
        "version": row.version,
    }


def instruction(row: InstructionRow, told: Iterable[InstructionEvent], now: datetime) -> dict[str, Any]:
    happened = [
        {"kind": each.kind, "at": moment(each.at), "by": each.by, "text": each.text, "until": moment(each.until)}
        for each in told
    ]
    return {
        "id": row.id,
        "case": row.case_number,
        "said_by": row.said_by,
        "said_at": moment(row.said_at),
        "words": row.words,
        "demand": row.demand or None,
        "issuer": row.issuer,
        "taken_by": row.taken_by,
        "report_by": moment(row.report_by),
        "overdue": row.state == "open" and now > row.report_by and not any(e["kind"] == "report" for e in happened),
        "state": row.state,
        "state_label": "办理中" if row.state == "open" else "已销号",
        "events": happened,
        "made_at": moment(row.made_at),
        "version": row.version,
    }
