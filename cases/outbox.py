"""Deliveries as rows: what a department is to be told, how far that has come, what comes next. `delivery.py` sends.

One row per department and event. Within a case and a department the order is kept: a row waits until the one before it
has arrived or is dead. Everybody who has something to tell a department calls `put`, in the transaction of its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from cases import breakers, feed
from cases.endpoints import channel_for, endpoint
from cases.model import AssignmentRow, CaseRow, Delivery
from cases.refusal import Conflict
from cases.words import Channel, Event, Sending, Urgency
from config import work

DELIVER = "deliver"
OPEN = (Sending.WAITING.value, Sending.SENDING.value)
ALARM_AFTER_FAILURES = 3
ALARM_AT_ONCE = timedelta(minutes=30)


def put(
    session: Session,
    case: CaseRow,
    assignment: AssignmentRow,
    event: str,
    data: Mapping[str, Any] | None = None,
    *,
    now: datetime,
) -> Delivery:
    """Tell the department of this assignment: one row and its work, in the caller's transaction.

    `event` is one of words.Event. `data` are the event's own facts as JSON (a notice's number, a new deadline); never
    the citizen's name, number or words. Those are read from the case when the message is sent, as far as they may be.
    """
    event = Event(event)
    channel = channel_for(endpoint(session, assignment.department), event)
    goes_out = channel is not Channel.PAGE
    row = Delivery(
        case_number=case.number,
        assignment_id=assignment.id,
        department=assignment.department,
        place=_next_place(session, case.number, assignment.department),
        channel=channel.value,
        event=event.value,
        body=dict(data or {}),
        state=Sending.WAITING.value,
        attempts=0,
        tries_since=0,
        due_at=now if goes_out else None,
        last_error="",
        receipt="",
        alarm_at=now + ALARM_AT_ONCE if case.urgency == Urgency.AT_ONCE else None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    if goes_out and not blocked(session, row):  # else the one before it wakes it
        work.enqueue(session, DELIVER, row.id, row.attempts)
    feed.note(session, "delivery", row.id)
    return row


def seen(session: Session, assignment: AssignmentRow, *, now: datetime) -> None:
    """The department has the case in its hands: what waited on the page has arrived, what was dead is settled."""
    on_page = and_(Delivery.channel == Channel.PAGE, Delivery.state == Sending.WAITING)
    settled = or_(on_page, Delivery.state == Sending.DEAD)
    for row in session.scalars(select(Delivery).where(Delivery.assignment_id == assignment.id, settled)):
        row.state, row.delivered_at, row.receipt = Sending.DELIVERED.value, now, "承办单位已打开工单"
        feed.note(session, "delivery", row.id)


def due(session: Session, now: datetime) -> list[tuple[str, int]]:
    """Rows (id, turn) somebody should be sending now: due or left behind by a dead worker, first in their order, and
    of a department that may be asked; of one whose breaker is half open, a single one."""
    shut, half_open = breakers.may_be_asked(session, now)
    ripe = or_(
        and_(Delivery.state == Sending.WAITING, Delivery.due_at <= now),
        and_(Delivery.state == Sending.SENDING, Delivery.claimed_until <= now),
    )
    chosen = select(Delivery.id, Delivery.attempts, Delivery.department).where(ripe, ~_older_is_open())
    rows = session.execute(chosen.where(Delivery.department.not_in(shut)).order_by(Delivery.due_at).limit(500))
    found = []
    for key, attempts, department in rows:
        if department in half_open:
            half_open.remove(department)
            shut.append(department)
        elif department in shut:
            continue
        found.append((key, attempts))
    return found


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
    """Send a dead letter again, from the start of the schedule, by the way the department listens now."""
    if row.state != Sending.DEAD:
        raise Conflict(f"这次推送的状态是“{Sending(row.state).label}”，只有“{Sending.DEAD.label}”的才需要重发")
    channel = channel_for(endpoint(session, row.department), Event(row.event))
    if channel is Channel.PAGE:
        raise Conflict("这个单位没有可用的接收地址；请先用 PUT /api/v1/departments/…/endpoint 设置")
    row.channel, row.state, row.tries_since, row.due_at = channel.value, Sending.WAITING.value, 0, now
    row.last_error, row.alarm_at = "", None
    breakers.ask_by_hand(session, row.department, now)
    work.enqueue(session, DELIVER, row.id, row.attempts)
    feed.note(session, "delivery", row.id)


def hurry(session: Session, department: str, *, now: datetime) -> None:
    """The department answers again, or has a new address: what was put off while it did not goes now."""
    waiting = Delivery.department == department, Delivery.state == Sending.WAITING, Delivery.due_at > now
    session.execute(update(Delivery).where(*waiting).values(due_at=now))


def alarming(now: datetime) -> ColumnElement[bool]:
    """What people must hear of: failed three times, dead, or half an hour on its way and to be done at once."""
    return and_(Delivery.state != Sending.DELIVERED, Delivery.alarm_at <= now)


def of_case(session: Session, number: str) -> Iterable[Delivery]:
    """In the order in which they were put: each department's own order is `place`."""
    mine = select(Delivery).where(Delivery.case_number == number)
    return session.scalars(mine.order_by(Delivery.created_at, Delivery.place, Delivery.department, Delivery.id))


def _older_is_open() -> ColumnElement[bool]:
    older = aliased(Delivery)
    return exists().where(
        older.case_number == Delivery.case_number,
        older.department == Delivery.department,
        older.place < Delivery.place,
        older.state.in_(OPEN),
        older.channel != Channel.PAGE,
    )


def _next_place(session: Session, number: str, department: str) -> int:
    same = Delivery.case_number == number, Delivery.department == department
    return (session.scalar(select(func.max(Delivery.place)).where(*same)) or 0) + 1
