"""Assignments (承办任务): a case goes to one lead and any number of assisting departments, who sign, contact, reply.

Whoever is named in a dispatch has the case; an assisting department that is named again goes on with what it has begun,
one that is not named any more is recalled (撤回).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import conflict, outbox, shares
from cases.actor import THE_SYSTEM, Actor
from cases.fold import Case
from cases.history import folded, record
from cases.lifecycle import ON_THE_WAY, Step
from cases.model import AssignmentRow, CaseRow
from cases.reasons import Solved, Way
from cases.refusal import NotFound, Refusal
from cases.telling import changed
from cases.words import Part
from config.city import City


def dispatch(
    session: Session,
    row: CaseRow,
    lead: str,
    assisting: Sequence[str],
    by: Actor,
    *,
    city: City,
    now: datetime,
    suggested: str = "",
) -> Case:
    """Hand the case to departments (派单). Their deliveries are enqueued in this same transaction."""
    _check(lead, assisting, city)
    conflict.check(row.accused, [("lead", lead), *(("assisting", code) for code in assisting)], city)
    before = folded(session, row.number)
    if way := ON_THE_WAY.get((before.state, Step.DISPATCH)):
        record(session, row, way, by, {}, now=now)
    at_work = {each.department: each.id for each in before.at_work}
    going_on = [code for code in assisting if code in at_work]
    recalled = [key for code, key in at_work.items() if code not in going_on]
    wanted = [(lead, Part.LEAD), *((code, Part.ASSISTING) for code in assisting if code not in going_on)]
    given = shares.new_shares(row, wanted, len(before.assignments), city, now)
    data = shares.told(given, row, city) | {"recalled": recalled, **({"suggested": suggested} if suggested else {})}
    case = record(session, row, Step.DISPATCH, by, data, now=now)
    shares.hand_out(session, row, given, now=now)
    return case


def sign(session: Session, row: CaseRow, assignment: AssignmentRow, by: Actor, *, now: datetime) -> Case:
    """The department takes it on (签收). Signing proves that the case has arrived, by whichever way."""
    arrived(session, row, assignment, now=now)
    return record(session, row, Step.SIGN, by, {"assignment": assignment.id}, now=now)


def contact(
    session: Session, row: CaseRow, assignment: AssignmentRow, way: Way, reached: bool, by: Actor, *, now: datetime
) -> Case:
    """The department has spoken with the citizen (首次联系), or has tried to."""
    data = {"assignment": assignment.id, "way": way.value, "reached": reached}
    return record(session, row, Step.CONTACT, by, data, now=now)


def reply(
    session: Session,
    row: CaseRow,
    assignment: AssignmentRow,
    text: str,
    by: Actor,
    *,
    now: datetime,
    internal: str = "",
    true: bool | None = None,
    solved: Solved | None = None,
) -> Case:
    """What was done (答复). `text` is what the citizen will read, once it has been reviewed; `internal` is for us.

    `true`: did the department find it as the citizen said (属实)?
    """
    if not text.strip():
        raise Refusal("请写明办理情况和结果", field="reply")
    form = {"internal": internal.strip() or None, "true": true, "solved": solved.value if solved else None}
    data = {"assignment": assignment.id, "reply": text.strip()} | {k: v for k, v in form.items() if v is not None}
    return record(session, row, Step.REPLY, by, data, now=now)


def waive(session: Session, row: CaseRow, assignment: AssignmentRow, reason: str, by: Actor, *, now: datetime) -> Case:
    """The lead need not wait for this assisting department (免予答复)."""
    if not reason.strip():
        raise Refusal("请写明为什么不需要这个协办单位答复", field="reason")
    case = record(session, row, Step.WAIVE, by, {"assignment": assignment.id, "reason": reason.strip()}, now=now)
    changed(session, row, assignment, Step.WAIVE, now=now)
    return case


def arrived(session: Session, row: CaseRow, assignment: AssignmentRow, *, now: datetime, channel: str = "page") -> None:
    """The receipt 送达, once: the department's system took the webhook, or its people opened the case."""
    if assignment.delivered_at is None:
        record(session, row, Step.DELIVER, THE_SYSTEM, {"assignment": assignment.id, "channel": channel}, now=now)
    outbox.seen(session, assignment, now=now)


def own(session: Session, row: CaseRow, by: Actor) -> AssignmentRow:
    """This department's share of the case: the latest, if it gave an earlier one back."""
    mine = AssignmentRow.case_number == row.number, AssignmentRow.department == by.department
    found = session.scalar(select(AssignmentRow).where(*mine).order_by(AssignmentRow.place.desc()).limit(1))
    if found is None:
        raise NotFound("没有这个工单，或者它不归您办理")
    return found


def _check(lead: str, assisting: Sequence[str], city: City) -> None:
    shares.check_department(lead, city, "lead")
    for code in assisting:
        shares.check_department(code, city, "assisting")
    if lead in assisting or len(set(assisting)) < len(assisting):
        raise Refusal("同一个单位只能出现一次：主办单位不能同时协办，协办单位不能重复", field="assisting")
