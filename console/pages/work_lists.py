"""What waits for whom: the lists of cases for those who dispatch and review, and for a department's clerks.

A list is a name and a condition; the order is the same everywhere: what is urgent, then what is due first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from cases.actor import Actor
from cases.api.answers import case_line
from cases.deadlines import CITY_TIME
from cases.lifecycle import ENDED, OVER
from cases.model import AssignmentRow, CaseRow, ExtensionRow
from cases.words import Part, Progress, State, Urgency

PAGE = 50
Condition = Callable[[datetime], ColumnElement[bool]]

# What a department still has to do something about; a reply that is being reviewed is out of its hands.
AT_WORK = [p.value for p in Progress if p not in ENDED | {Progress.REPLIED}]
_URGENT_FIRST = case({Urgency.AT_ONCE.value: 0, Urgency.URGENT.value: 1}, value=CaseRow.urgency, else_=2)


@dataclass(frozen=True, slots=True)
class Tab:
    """One list. `late`: what stands in it is late already."""

    code: str
    label: str
    holds: Condition
    late: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One case in a list. `due_at` is the reader's own deadline, or the lead's."""

    no: str
    summary: str
    place: str
    urgency: Urgency
    state: str
    since: datetime
    due_at: datetime | None
    department: str = ""


def _in(*states: State) -> Condition:
    return lambda _now: CaseRow.state.in_([state.value for state in states])


def _share_in(*progress: Progress) -> Condition:
    return lambda _now: AssignmentRow.progress.in_([each.value for each in progress])


def _due_before(now: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(AssignmentRow.progress.in_(AT_WORK), AssignmentRow.due_at >= now, AssignmentRow.due_at < end)


def _late(now: datetime) -> ColumnElement[bool]:
    return and_(AssignmentRow.progress.in_(AT_WORK), AssignmentRow.due_at < now)


def _asked_for_time(_now: datetime) -> ColumnElement[bool]:
    waiting = select(ExtensionRow.assignment_id).where(ExtensionRow.decision.is_(None))
    return AssignmentRow.id.in_(waiting)


def _end_of_day(now: datetime) -> datetime:
    return now.astimezone(CITY_TIME).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


FRONT = (
    Tab("dispatch", "待派单", _in(State.ACCEPTED)),
    Tab("accept", "待受理", _in(State.REGISTERED)),
    Tab("returns", "退单待审", _in(State.RETURN_REQUESTED)),
    Tab("rulings", "争议裁定", _in(State.DISPUTED)),
    Tab("extensions", "延期待批", _asked_for_time),
    Tab("review", "待审核", _in(State.REPLIED)),
    Tab("visits", "待回访", _in(State.RETURN_VISIT)),
    Tab("late", "逾期", _late, late=True),
)
DEPARTMENT = (
    Tab("sign", "待签收", _share_in(Progress.WAITING)),
    Tab("today", "今日到期", lambda now: _due_before(now, _end_of_day(now))),
    Tab("late", "逾期", _late, late=True),
    Tab("again", "退回重办", _share_in(Progress.REWORK)),
    Tab("handling", "办理中", _share_in(Progress.SIGNED, Progress.PAUSED)),
    Tab("objections", "退单和争议", _share_in(Progress.RETURN_REQUESTED, Progress.DISPUTED)),
    Tab("replied", "已答复", _share_in(Progress.REPLIED, Progress.APPROVED)),
)


def tabs_of(actor: Actor) -> tuple[Tab, ...]:
    return FRONT if actor.sees_all else DEPARTMENT


def counts(session: Session, actor: Actor, now: datetime) -> dict[str, int]:
    """How many cases stand in each of this person's lists."""
    return {
        tab.code: session.scalar(select(func.count()).select_from(_chosen(tab, actor, now).subquery())) or 0
        for tab in tabs_of(actor)
    }


def lines(session: Session, tab: Tab, actor: Actor, page: int, now: datetime) -> list[Line]:
    """One page of a list, and one line more, which tells whether there is a next page."""
    rows = session.execute(
        _chosen(tab, actor, now)
        .order_by(_URGENT_FIRST, func.coalesce(AssignmentRow.due_at, CaseRow.created_at), CaseRow.number)
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    return [_line(row, share, actor) for row, share in rows]


def _chosen(tab: Tab, actor: Actor, now: datetime) -> Select[CaseRow, AssignmentRow]:
    """Cases with the share that matters to the reader: the lead's that is at work, or their own latest."""
    share = AssignmentRow.case_number == CaseRow.number
    if not actor.sees_all:
        own = and_(share, AssignmentRow.department == actor.department)
        return select(CaseRow, AssignmentRow).join(AssignmentRow, own).where(tab.holds(now))
    lead = and_(share, AssignmentRow.part == Part.LEAD.value, AssignmentRow.progress.not_in([p.value for p in ENDED]))
    going_on = CaseRow.state.not_in([state.value for state in OVER])
    return select(CaseRow, AssignmentRow).outerjoin(AssignmentRow, lead).where(going_on, tab.holds(now))


def _line(row: CaseRow, share: AssignmentRow | None, actor: Actor) -> Line:
    told = case_line(row, actor)
    return Line(
        no=row.number,
        summary=told["summary"],
        place=told["place"],
        urgency=Urgency(row.urgency),
        state=State(row.state).label,
        since=share.dispatched_at if share else row.created_at,
        due_at=share.due_at if share else None,
        department=share.department if share else "",
    )
