"""Deliveries as rows: what a department is to be told, how far that has come, what comes next. `delivery.py` sends.

One row per department and event. Within a case and a department the order is kept: a row waits until the one before it
has arrived or is dead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from cases import feed
from cases.endpoints import endpoint
from cases.model import AssignmentRow, CaseRow, Delivery
from cases.refusal import Conflict
from cases.words import Channel, Confidentiality, Sending
from config import work

DELIVER = "deliver"
OPEN = (Sending.WAITING.value, Sending.SENDING.value)


def put(session: Session, case: CaseRow, assignment: AssignmentRow, event: str, *, now: datetime) -> Delivery:
    """Write a delivery and ask for its work, in the caller's transaction."""
    target = endpoint(session, assignment.department)
    by_webhook = target is not None and target.url is not None and not target.disabled_because
    row = Delivery(
        case_number=case.number,
        assignment_id=assignment.id,
        department=assignment.department,
        place=_next_place(session, case.number, assignment.department),
        channel=(Channel.WEBHOOK if by_webhook else Channel.PAGE).value,
        event=event,
        body=told(case, assignment),
        state=Sending.WAITING.value,
        attempts=0,
        tries_since=0,
        due_at=now if by_webhook else None,
        last_error="",
        created_at=now,
    )
    session.add(row)
    session.flush()
    if by_webhook:
        work.enqueue(session, DELIVER, row.id, row.attempts)
    feed.note(session, "delivery", row.id)
    return row


def told(case: CaseRow, assignment: AssignmentRow) -> dict[str, Any]:
    """What a department learns. Who called is left out as soon as the case is confidential."""
    known = case.confidentiality == Confidentiality.ORDINARY
    return {
        "number": case.number,
        "assignment": assignment.id,
        "department": assignment.department,
        "part": assignment.part,
        "kind": case.kind,
        "category": case.category,
        "urgency": case.urgency,
        "confidential": not known,
        "place": case.place,
        "summary": case.summary,
        "text": case.text,
        "phone": case.phone if known else None,
        "caller_name": case.caller_name if known else None,
        "dispatched_at": assignment.dispatched_at.isoformat(),
        "due_at": assignment.due_at.isoformat(),
    }


def seen(session: Session, assignment: AssignmentRow, *, now: datetime) -> None:
    """The department has the case in its hands: what waited on the page for it has arrived."""
    on_page = Delivery.channel == Channel.PAGE, Delivery.state == Sending.WAITING
    for row in session.scalars(select(Delivery).where(Delivery.assignment_id == assignment.id, *on_page)):
        row.state, row.delivered_at = Sending.DELIVERED.value, now
        feed.note(session, "delivery", row.id)


def due(session: Session, now: datetime) -> list[tuple[str, int]]:
    """Rows (id, turn) somebody should be sending now: due or left behind by a dead worker, and first in their order."""
    ripe = or_(
        and_(Delivery.state == Sending.WAITING, Delivery.due_at <= now),
        and_(Delivery.state == Sending.SENDING, Delivery.claimed_until <= now),
    )
    chosen = select(Delivery.id, Delivery.attempts).where(ripe, ~_older_is_open()).order_by(Delivery.due_at).limit(500)
    return [(key, attempts) for key, attempts in session.execute(chosen)]


def blocked(session: Session, row: Delivery) -> bool:
    """Is an earlier message of the same case still on its way to this department?"""
    found = session.scalar(select(Delivery.id).where(Delivery.id == row.id, _older_is_open()))
    return found is not None


def wake_next(session: Session, row: Delivery) -> None:
    """The one behind this row may go now."""
    later = select(Delivery).where(
        Delivery.case_number == row.case_number,
        Delivery.department == row.department,
        Delivery.place > row.place,
        Delivery.state == Sending.WAITING,
        Delivery.due_at.is_not(None),
    )
    if following := session.scalar(later.order_by(Delivery.place).limit(1)):
        work.enqueue(session, DELIVER, following.id, following.attempts)


def replay(session: Session, row: Delivery, *, now: datetime) -> None:
    """Send a dead letter again, from the start of the schedule."""
    if row.state != Sending.DEAD:
        raise Conflict(f"这次推送的状态是“{Sending(row.state).label}”，只有“{Sending.DEAD.label}”的才需要重发")
    target = endpoint(session, row.department)
    if target is None or target.url is None or target.disabled_because:
        raise Conflict("这个单位没有可用的接收地址；请先用 PUT /api/v1/departments/…/endpoint 设置")
    row.state, row.tries_since, row.due_at, row.last_error = Sending.WAITING.value, 0, now, ""
    work.enqueue(session, DELIVER, row.id, row.attempts)
    feed.note(session, "delivery", row.id)


def of_case(session: Session, number: str) -> Iterable[Delivery]:
    return session.scalars(
        select(Delivery).where(Delivery.case_number == number).order_by(Delivery.created_at, Delivery.id)
    )


def _older_is_open() -> ColumnElement[bool]:
    older = aliased(Delivery)
    return exists().where(
        older.case_number == Delivery.case_number,
        older.department == Delivery.department,
        older.place < Delivery.place,
        older.state.in_(OPEN),
        older.channel == Channel.WEBHOOK,
    )


def _next_place(session: Session, number: str, department: str) -> int:
    same = Delivery.case_number == number, Delivery.department == department
    return (session.scalar(select(func.max(Delivery.place)).where(*same)) or 0) + 1
