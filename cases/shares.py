"""New shares of a case: made, told of in its history, handed out to their departments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases import outbox
from cases.deadlines import Deadline, deadline, rule_for
from cases.fold import written
from cases.kept_rule import write_rule
from cases.model import AssignmentRow, CaseRow, new_id
from cases.refusal import Refusal
from cases.words import Event, Kind, Part, Progress, Urgency
from config.city import City


def new_shares(
    row: CaseRow, shares: Iterable[tuple[str, Part]], first: int, city: City, now: datetime
) -> list[AssignmentRow]:
    until = deadline(Urgency(row.urgency), Kind(row.kind), now, city.deadlines, city.workdays)
    return [_new(row, code, part, place, until, now) for place, (code, part) in enumerate(shares, first)]


def told(given: Sequence[AssignmentRow], row: CaseRow, city: City) -> dict[str, Any]:
    """New shares, as the history keeps them, with the rule their clocks run by."""
    first = given[0]
    return {
        "assignments": [_told(each) for each in given],
        "rules": first.due_rules,
        "rule": write_rule(rule_for(Urgency(row.urgency), Kind(row.kind), city.deadlines)),
        "calendar": first.due_calendar,
        "provisional": first.due_provisional,
    }


def hand_out(session: Session, row: CaseRow, given: Sequence[AssignmentRow], *, now: datetime) -> None:
    session.add_all(given)
    session.flush()
    for each in given:
        outbox.put(session, row, each, Event.DISPATCHED, now=now)


def check_department(code: str, city: City, field: str) -> None:
    if city.department(code) is None:
        raise Refusal(f"没有代码为“{code[:40]}”的承办单位；GET /api/v1/departments 列出全部单位", field=field)


def _told(given: AssignmentRow) -> dict[str, Any]:
    return {
        "id": given.id,
        "department": given.department,
        "part": given.part,
        "due_at": written(given.due_at),
        "sign_by": written(given.sign_by),
        "return_by": written(given.return_by),
    }


def _new(row: CaseRow, department: str, part: Part, place: int, until: Deadline, now: datetime) -> AssignmentRow:
    return AssignmentRow(
        id=new_id(),
        case_number=row.number,
        department=department,
        part=part.value,
        place=place,
        progress=Progress.WAITING.value,
        due_at=until.due_at,
        due_explained=list(until.explained),
        due_provisional=until.provisional,
        due_rules=until.rules,
        due_calendar=until.calendar,
        sign_by=until.sign_by,
        contact_by=until.contact_by,
        return_by=until.return_by,
        dispatched_at=now,
        signed_by="",
        reply="",
    )
