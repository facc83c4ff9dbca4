"""More time for a department (延期): asked for before the deadline, decided by a dispatcher, within the rule's cap.

The case of an instruction (批示件) is its issuer's: nobody else decides there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import clock
from cases.actor import Actor
from cases.deadlines import Deadline
from cases.fold import Case, written
from cases.history import record, share_of
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow, ExtensionRow, new_id
from cases.refusal import Conflict, NotFound, NotYours, Refusal
from cases.telling import changed, new_deadline
from config.city import City
from config.rules import Limit, Unit


def ask(
    session: Session,
    row: CaseRow,
    share: AssignmentRow,
    more: Limit,
    reason: str,
    by: Actor,
    *,
    city: City,
    now: datetime,
) -> ExtensionRow:
    """Refused at once when the rule can't allow it: too late, too often or too long."""
    if not reason.strip():
        raise Refusal("请写明为什么需要延期：诉求人会看到", field="reason")
    asked = ExtensionRow(
        id=new_id(),
        case_number=row.number,
        assignment_id=share.id,
        amount=more.amount,
        unit=more.unit.value,
        reason=reason.strip(),
        asked_by=by.title,
        asked_at=now,
    )
    data = {"assignment": share.id, "extension": asked.id, "amount": more.amount, "unit": more.unit.value,
            "reason": asked.reason}  # fmt: skip
    record(session, row, Step.REQUEST_EXTENSION, by, data, now=now)
    clock.extended(share_of(session, share), more, city.workdays, asked_at=now)
    session.add(asked)
    session.flush()
    return asked


def decide(
    session: Session,
    row: CaseRow,
    asked: ExtensionRow,
    granted: bool,
    reason: str,
    by: Actor,
    *,
    city: City,
    now: datetime,
) -> Case:
    """A denial needs its reason. What was asked for in time is judged by when it was asked."""
    session.refresh(asked)  # it was found before its case was locked
    _check(row, asked, granted, reason, by)
    share = session.get_one(AssignmentRow, asked.assignment_id)
    step = Step.GRANT_EXTENSION if granted else Step.DENY_EXTENSION
    data: dict[str, Any] = {"assignment": share.id, "extension": asked.id, "reason": reason.strip() or asked.reason}
    found = _extended(session, share, asked, city) if granted else None
    if found:
        data |= {"amount": asked.amount, "unit": asked.unit, "due_at": written(found.due_at),
                 "before": written(share.due_at)}  # fmt: skip
    case = record(session, row, step, by, data, now=now)
    if found:
        new_deadline(share, found)
    changed(session, row, share, step, now=now)
    asked.decision, asked.decided_by, asked.decided_at = "granted" if granted else "denied", by.title, now
    return case


def find(session: Session, key: str) -> ExtensionRow:
    row = session.get(ExtensionRow, key)
    if row is None:
        raise NotFound("没有这个延期申请，或者它不归您办理")
    return row


def listed(session: Session, by: Actor, open_only: bool) -> list[ExtensionRow]:
    """Requests, the one that waits longest first; a department's own."""
    chosen = select(ExtensionRow).order_by(ExtensionRow.asked_at, ExtensionRow.id).limit(200)
    if open_only:
        chosen = chosen.where(ExtensionRow.decision.is_(None))
    if not by.sees_all:
        own = select(AssignmentRow.id).where(AssignmentRow.department == by.department)
        chosen = chosen.where(ExtensionRow.assignment_id.in_(own))
    return list(session.scalars(chosen))


def open_for(session: Session, share: AssignmentRow) -> ExtensionRow:
    """The request of this share that nobody has decided yet."""
    chosen = ExtensionRow.assignment_id == share.id, ExtensionRow.decision.is_(None)
    row = session.scalar(select(ExtensionRow).where(*chosen))
    if row is None:
        raise Conflict("没有待决定的延期申请")
    return row


def _check(row: CaseRow, asked: ExtensionRow, granted: bool, reason: str, by: Actor) -> None:
    if row.issuer and by.name != row.issuer:
        raise NotYours("这是批示件：延期只能由批示件的交办人决定")
    if asked.decision is not None:
        raise Conflict("这个延期申请已经有决定，或者已经不需要决定")
    if not granted and not reason.strip():
        raise Refusal("请写明为什么不同意延期", field="reason")


def _extended(session: Session, share: AssignmentRow, asked: ExtensionRow, city: City) -> Deadline:
    more = Limit(asked.amount, Unit(asked.unit))
    return clock.extended(share_of(session, share), more, city.workdays, asked_at=asked.asked_at)
