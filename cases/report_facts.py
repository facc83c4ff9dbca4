"""Reads from the database what the figures of a period are computed from. The formulas are in `cases/figures/`.

Which cases: those that something happened to in the period, those that a deadline ran for meanwhile, and those that its
calls led to. Each comes with its whole history, so that every later moment of it is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from cases.figures.facts import CallFact, CaseFact, Facts, Sent
from cases.figures.from_history import filled
from cases.figures.hot_topics import Report
from cases.figures.measure import Excluded
from cases.figures.of_departments import REPEAT_DAYS
from cases.figures.period import Period
from cases.figures.where import Finder
from cases.fold import Happening
from cases.lifecycle import Step
from cases.model import (
    AssignmentRow,
    CallEventRow,
    CallRow,
    CaseEventRow,
    CaseRow,
    Delivery,
    ExclusionRow,
    LegRow,
    RecordingRow,
    SupervisionRow,
)
from cases.supervision import Level, NoticeState
from cases.weekly import NO_PROBLEM
from cases.words import Channel, Confidentiality, Kind, Sending, State, Urgency
from config.city import City
from ivr.call import Kind as CallKind

_AT_ONCE = 500  # a statement has so many parameters and no more


def facts(session: Session, period: Period, city: City, *, now: datetime) -> Facts:
    calls = _calls(session, period)
    numbers = _numbers(session, period, [call.ref for call in calls])
    rows = list(_some(session, select(CaseRow), CaseRow.number, numbers))
    repeats = _repeats(session, rows, period)
    supervised = _supervised(session, numbers)
    finder = Finder(city)
    return Facts(
        now=now,
        calls=tuple(calls),
        cases=tuple(_filled(session, rows, finder, repeats, supervised)),
        sent=tuple(_sent(session, period)),
    )


def reports(session: Session, week: Period, city: City) -> Iterator[Report]:
    """Problems of this week and of the weeks that it is compared with, as far as topics are concerned."""
    first = week.start - timedelta(weeks=city.figures.hot_weeks)
    chosen = select(CaseRow.number, CaseRow.category, CaseRow.place, CaseRow.created_at)
    chosen = chosen.where(CaseRow.created_at >= first, CaseRow.created_at < week.end, CaseRow.kind.not_in(NO_PROBLEM))
    finder = Finder(city)
    for number, category, place, at in session.execute(chosen):
        yield Report(number, category, finder.spot(place).district, at)


def excluded(session: Session) -> Excluded:
    """What two persons have agreed not to count."""
    found: dict[str, set[str]] = defaultdict(set)
    chosen = select(ExclusionRow.figure, ExclusionRow.case_number).where(ExclusionRow.granted.is_(True))
    for figure, number in session.execute(chosen):
        found[figure].add(number)
    return found


# --- calls -------------------------------------------------------------------------------------------------------


def _calls(session: Session, period: Period) -> list[CallFact]:
    """Calls that reached the waiting line in the period. An operator or a department who joined has answered."""
    lined = select(CallEventRow.call_id, func.min(CallEventRow.at)).where(CallEventRow.kind == CallKind.LINE_JOINED)
    lined = lined.join(CallRow, CallRow.id == CallEventRow.call_id).where(*_within(CallRow.started_at, period))
    offered = dict(session.execute(lined.group_by(CallEventRow.call_id)).all())
    joined = select(LegRow.call_id, func.min(LegRow.joined_at)).where(LegRow.role.in_(("operator", "department")))
    joined = joined.join(CallRow, CallRow.id == LegRow.call_id).where(*_within(CallRow.started_at, period))
    answered = dict(session.execute(joined.group_by(LegRow.call_id)).all())
    left = exists().where(RecordingRow.call_id == CallRow.id, RecordingRow.what == "message")
    messages = set(session.scalars(select(CallRow.id).where(left, *_within(CallRow.started_at, period))))
    return [CallFact(key, at, answered.get(key), key in messages) for key, at in offered.items()]


def _within(column: Any, period: Period) -> tuple[Any, Any]:
    return column >= period.start, column < period.end


# --- cases -------------------------------------------------------------------------------------------------------


def _numbers(session: Session, period: Period, calls: Sequence[str]) -> list[str]:
    moved = select(CaseEventRow.case_number).where(*_within(CaseEventRow.at, period)).distinct()
    running = select(AssignmentRow.case_number).where(
        AssignmentRow.dispatched_at < period.end, AssignmentRow.due_at >= period.start
    )
    numbers = {*session.scalars(moved), *session.scalars(running)}
    numbers |= set(_some(session, select(CaseRow.number), CaseRow.call_id, calls))
    return sorted(numbers)


def _some(session: Session, chosen: Select[Any], column: Any, keys: Collection[str]) -> Iterator[Any]:
    """The rows of these keys, in statements of a bearable size."""
    listed = list(keys)
    for first in range(0, len(listed), _AT_ONCE):
        yield from session.scalars(chosen.where(column.in_(listed[first : first + _AT_ONCE])))


def _filled(
    session: Session,
    rows: Iterable[CaseRow],
    finder: Finder,
    repeats: dict[str, str],
    supervised: dict[str, list[tuple[datetime, str]]],
) -> Iterator[CaseFact]:
    rows = list(rows)
    histories: dict[str, list[Happening]] = defaultdict(list)
    for each in _some(session, select(CaseEventRow), CaseEventRow.case_number, [row.number for row in rows]):
        histories[each.case_number].append(Happening(each.seq, each.at, Step(each.step), each.actor, each.data))
    for row in rows:
        known = _known(row, finder, repeats.get(row.number, ""), tuple(supervised.get(row.number, ())))
        yield filled(known, histories[row.number])


def _known(row: CaseRow, finder: Finder, repeat_of: str, supervised: tuple[tuple[datetime, str], ...]) -> CaseFact:
    """A protected case has a district, but no place: it could be told by where it happened."""
    spot = finder.spot(row.place)
    return CaseFact(
        number=row.number,
        kind=Kind(row.kind),
        category=row.category,
        urgency=Urgency(row.urgency),
        registered_at=row.created_at,
        call=row.call_id or "",
        place=spot.name if row.confidentiality == Confidentiality.ORDINARY else "",
        district=spot.district,
        summary=row.summary,
        repeat_of=repeat_of,
        supervised=supervised,
    )


def _repeats(session: Session, rows: Iterable[CaseRow], period: Period) -> dict[str, str]:
    """New problem -> the latest earlier case of the same number and category that was closed not long before."""
    new = [row for row in rows if period.has(row.created_at) and row.phone and row.kind not in NO_PROBLEM]
    phones = {row.phone for row in new}
    before = select(CaseRow).where(
        CaseRow.state.in_((State.CLOSED, State.CLOSED_UNRESOLVED, State.ARCHIVED)),
        CaseRow.created_at < period.end,
        CaseRow.kind.not_in(NO_PROBLEM),
    )
    ended = list(_some(session, before, CaseRow.phone, phones))
    closed = _closed_at(session, [row.number for row in ended])
    found: dict[str, tuple[datetime, str]] = {}
    for row in new:
        for old in ended:
            at = closed.get(old.number)
            if (old.phone, old.category) == (row.phone, row.category) and at and _not_long_before(at, row.created_at):
                found[row.number] = max(found.get(row.number, (at, old.number)), (at, old.number))
    return {number: old for number, (_at, old) in found.items()}


def _not_long_before(closed_at: datetime, registered_at: datetime) -> bool:
    return timedelta() <= registered_at - closed_at <= timedelta(days=REPEAT_DAYS)


def _closed_at(session: Session, numbers: Collection[str]) -> dict[str, datetime]:
    """The last step before archiving closed the case."""
    steps = (Step.VISIT, Step.CLOSE_UNREACHED, Step.CLOSE_UNRESOLVED)
    chosen = select(CaseEventRow).where(CaseEventRow.step.in_(steps)).order_by(CaseEventRow.at)
    return {each.case_number: each.at for each in _some(session, chosen, CaseEventRow.case_number, numbers)}


def _supervised(session: Session, numbers: Collection[str]) -> dict[str, list[tuple[datetime, str]]]:
    """Notices that were issued, and proposals that somebody has dismissed with a reason; a reminder is neither."""
    decided = or_(SupervisionRow.issued_at.is_not(None), SupervisionRow.state == NoticeState.DISMISSED)
    issued = select(SupervisionRow).where(decided, SupervisionRow.level != Level.REMINDER)
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in _some(session, issued.order_by(SupervisionRow.made_at), SupervisionRow.case_number, numbers):
        level = row.level if row.issued_at else str(NoticeState.DISMISSED)
        found[row.case_number].append((row.issued_at or row.ended_at, level))
    return found


def _sent(session: Session, period: Period) -> Iterator[Sent]:
    pushed = select(Delivery).where(Delivery.channel != Channel.PAGE, *_within(Delivery.created_at, period))
    for row in session.scalars(pushed):
        dead = row.state == Sending.DEAD
        yield Sent(row.case_number, row.department, row.created_at, row.delivered_at, dead)
