"""Assignments (承办任务): a case goes to one lead and any number of assisting departments, who sign and reply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import conflict, outbox
from cases.actor import THE_SYSTEM, Actor
from cases.deadlines import Deadline, deadline, rfc3339
from cases.fold import Case
from cases.history import folded, record
from cases.lifecycle import ON_THE_WAY, Step
from cases.model import AssignmentRow, CaseRow, new_id
from cases.refusal import NotFound, Refusal
from cases.words import Kind, Part, Progress, Urgency
from config.city import City


def dispatch(
    session: Session, row: CaseRow, lead: str, assisting: Sequence[str], by: Actor, *, city: City, now: datetime
) -> Case:
    """Hand the case to departments (派单). Their deliveries are enqueued in this same transaction."""
    _check(lead, assisting, city)
    conflict.check(row.accused, [("lead", lead), *(("assisting", code) for code in assisting)], city)
    before = folded(session, row.number)
    if way := ON_THE_WAY.get((before.state, Step.DISPATCH)):
        record(session, row, way, by, {}, now=now)
    until = deadline(Urgency(row.urgency), Kind(row.kind), now, city.deadlines, city.workdays)
    given = _assignments(row, lead, assisting, until, now)
    data = {"assignments": [_told(each) for each in given], "recalled": [], "rules": until.rules,
            "calendar": until.calendar, "provisional": until.provisional}  # fmt: skip
    case = record(session, row, Step.DISPATCH, by, data, now=now)
    session.add_all(given)
    session.flush()
    for assignment in given:
        outbox.put(session, row, assignment, "case.dispatched", now=now)
    return case


def sign(session: Session, row: CaseRow, assignment: AssignmentRow, by: Actor, *, now: datetime) -> Case:
    """The department takes it on (签收). Signing proves that the case has arrived, by whichever way."""
    arrived(session, row, assignment, now=now)
    return record(session, row, Step.SIGN, by, {"assignment": assignment.id}, now=now)


def reply(session: Session, row: CaseRow, assignment: AssignmentRow, text: str, by: Actor, *, now: datetime) -> Case:
    if not text.strip():
        raise Refusal("请写明办理情况和结果", field="reply")
    return record(session, row, Step.REPLY, by, {"assignment": assignment.id, "reply": text.strip()}, now=now)


def arrived(session: Session, row: CaseRow, assignment: AssignmentRow, *, now: datetime, channel: str = "page") -> None:
    """The receipt 送达, once: the department's system took the webhook, or its people opened the case."""
    if assignment.delivered_at is None:
        record(session, row, Step.DELIVER, THE_SYSTEM, {"assignment": assignment.id, "channel": channel}, now=now)
    outbox.seen(session, assignment, now=now)


def own(session: Session, row: CaseRow, by: Actor) -> AssignmentRow:
    """This department's share of the case."""
    mine = AssignmentRow.case_number == row.number, AssignmentRow.department == by.department
    found = session.scalar(select(AssignmentRow).where(*mine))
    if found is None:
        raise NotFound("没有这个工单，或者它不归您办理")
    return found


def _check(lead: str, assisting: Sequence[str], city: City) -> None:
    for field, code in [("lead", lead), *(("assisting", code) for code in assisting)]:
        if city.department(code) is None:
            raise Refusal(f"没有代码为“{code[:40]}”的承办单位；GET /api/v1/departments 列出全部单位", field=field)
    if lead in assisting or len(set(assisting)) < len(assisting):
        raise Refusal("同一个单位只能出现一次：主办单位不能同时协办，协办单位不能重复", field="assisting")


def _told(given: AssignmentRow) -> dict[str, Any]:
    """A new share, as the history keeps it."""
    return {
        "id": given.id,
        "department": given.department,
        "part": given.part,
        "due_at": given.due_at.isoformat(),
        "sign_by": rfc3339(given.sign_by),
        "return_by": rfc3339(given.return_by),
    }


def _assignments(
    row: CaseRow, lead: str, assisting: Sequence[str], until: Deadline, now: datetime
) -> list[AssignmentRow]:
    return [
        AssignmentRow(
            id=new_id(),
            case_number=row.number,
            department=code,
            part=(Part.ASSISTING if place else Part.LEAD).value,
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
        for place, code in enumerate([lead, *assisting])
    ]
