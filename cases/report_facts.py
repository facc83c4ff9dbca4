"""Reads from the database what the figures of a period are computed from. The formulas are in `cases/figures/`.

Which cases: those that something happened to in the period, those that a deadline ran for meanwhile, and those that its
calls led to. Each comes with its whole history, so that every later moment of it is known.

Reading and folding are apart: on SQLite nobody else can write while a transaction is open, so it ends with the reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from cases.akin import matter_of
from cases.figures.facts import CallFact, CaseFact, Facts, Sent
from cases.figures.from_history import filled
from cases.figures.hot_topics import Report
from cases.figures.measure import Excluded
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
    RepeatLink,
    SupervisionRow,
)
from cases.similar import Relation, likeness
from cases.supervision import Level, NoticeState
from cases.weekly import NO_PROBLEM
from cases.words import Channel, Confidentiality, Kind, Sending, Urgency
from config.city import City
from ivr.call import Kind as CallKind

_AT_ONCE = 500  # a statement has so many parameters and no more
_GREETING = timedelta(hours=1)  # more than lies between a call's beginning and the waiting line

Noticed = Mapping[str, Sequence[tuple[datetime, str]]]


@dataclass(frozen=True)
class Found:
    """What was read. `facts` needs no database any more."""

    now: datetime
    period: Period
    calls: tuple[CallFact, ...]
    cases: tuple[CaseRow, ...]
    earlier: tuple[CaseRow, ...]  # closed before, of the same numbers
    linked: Mapping[str, str]  # what people have said to be a repeat complaint, of which case
    histories: Mapping[str, Sequence[Happening]]
    supervised: Noticed
    sent: tuple[Sent, ...]
    excluded: Excluded

    def facts(self, city: City) -> Facts:
        finder, repeats = Finder(city), self._repeats(city)
        known = (_known(row, finder, repeats.get(row.number, ""), self.supervised) for row in self.cases)
        filled_in = tuple(filled(each, self.histories.get(each.number, ())) for each in known)
        return Facts(now=self.now, calls=self.calls, cases=filled_in, sent=self.sent)

    def _repeats(self, city: City) -> dict[str, str]:
        """New problem -> the latest earlier case in which the same person complained of the same matter."""
        by_phone: dict[str, list[CaseRow]] = defaultdict(list)
        for old in sorted(self.earlier, key=lambda row: row.closed_at or row.created_at):
            by_phone[old.phone].append(old)
        new = [row for row in self.cases if self.period.has(row.created_at) and row.kind not in NO_PROBLEM]
        alike = ((row, old) for row in new for old in by_phone.get(row.phone, ()) if _repeated(row, old, city))
        return {**{row.number: old.number for row, old in alike}, **self.linked}


def read(session: Session, period: Period, *, now: datetime) -> Found:
    calls = _calls(session, period)
    numbers = _numbers(session, period, [call.ref for call in calls])
    cases = tuple(_some(session, select(CaseRow), CaseRow.number, numbers))
    return Found(
        now=now,
        period=period,
        calls=tuple(calls),
        cases=cases,
        earlier=tuple(_earlier(session, cases, period)),
        linked=_linked(session, numbers),
        histories=_histories(session, numbers),
        supervised=_supervised(session, numbers),
        sent=tuple(_sent(session, period)),
        excluded=_excluded(session),
    )


def reports(session: Session, week: Period, city: City) -> list[Report]:
    """Problems of this week and of the weeks that it is compared with, as far as topics are concerned."""
    first = week.start - timedelta(weeks=city.figures.hot_weeks)
    chosen = select(CaseRow.number, CaseRow.category, CaseRow.place, CaseRow.created_at)
    chosen = chosen.where(CaseRow.created_at >= first, CaseRow.created_at < week.end, CaseRow.kind.not_in(NO_PROBLEM))
    finder = Finder(city)
    return [Report(number, category, finder.spot(place).district, at)
            for number, category, place, at in session.execute(chosen)]  # fmt: skip


# --- calls -------------------------------------------------------------------------------------------------------


def _calls(session: Session, period: Period) -> list[CallFact]:
    """Calls that may have reached the waiting line in the period. An operator or a department who joined answered.
    Citizens whom we have called have dialled nothing, and waited for nobody."""
    begun = CallRow.started_at >= period.start - _GREETING, CallRow.started_at < period.end, CallRow.dialled != ""
    lined = select(CallEventRow.call_id, func.min(CallEventRow.at)).where(CallEventRow.kind == CallKind.LINE_JOINED)
    lined = lined.join(CallRow, CallRow.id == CallEventRow.call_id).where(*begun)
    offered = dict(session.execute(lined.group_by(CallEventRow.call_id)).all())
    joined = select(LegRow.call_id, func.min(LegRow.joined_at)).where(LegRow.role.in_(("operator", "department")))
    joined = joined.join(CallRow, CallRow.id == LegRow.call_id).where(*begun)
    answered = dict(session.execute(joined.group_by(LegRow.call_id)).all())
    left = exists().where(RecordingRow.call_id == CallRow.id, RecordingRow.what == "message")
    messages = set(session.scalars(select(CallRow.id).where(left, *begun)))
    return [CallFact(key, at, answered.get(key), key in messages) for key, at in offered.items()]


# --- cases -------------------------------------------------------------------------------------------------------


def _numbers(session: Session, period: Period, calls: Sequence[str]) -> list[str]:
    moved = select(CaseEventRow.case_number).where(*_within(CaseEventRow.at, period)).distinct()
    running = select(AssignmentRow.case_number).where(
        AssignmentRow.dispatched_at < period.end, AssignmentRow.due_at >= period.start
    )
    numbers = {*session.scalars(moved), *session.scalars(running)}
    numbers |= set(_some(session, select(CaseRow.number), CaseRow.call_id, calls))
    return sorted(numbers)


def _within(column: Any, period: Period) -> tuple[Any, Any]:
    return column >= period.start, column < period.end


def _pieces(keys: Collection[str]) -> Iterator[list[str]]:
    listed = list(keys)
    for first in range(0, len(listed), _AT_ONCE):
        yield listed[first : first + _AT_ONCE]


def _linked(session: Session, numbers: Collection[str]) -> dict[str, str]:
    found = _some(session, select(RepeatLink), RepeatLink.case_number, numbers)
    return {each.case_number: each.earlier_number for each in found}


def _some(session: Session, chosen: Select[Any], column: Any, keys: Collection[str]) -> Iterator[Any]:
    """The rows of these keys, in statements of a bearable size."""
    for piece in _pieces(keys):
        yield from session.scalars(chosen.where(column.in_(piece)))


def _histories(session: Session, numbers: Collection[str]) -> dict[str, list[Happening]]:
    found: dict[str, list[Happening]] = defaultdict(list)
    line = CaseEventRow
    chosen = select(line.case_number, line.seq, line.at, line.step, line.actor, line.data)
    for piece in _pieces(numbers):
        for number, seq, at, step, actor, data in session.execute(chosen.where(line.case_number.in_(piece))):
            found[number].append(Happening(seq, at, Step(step), actor, data))
    return found


def _known(row: CaseRow, finder: Finder, repeat_of: str, supervised: Noticed) -> CaseFact:
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
        supervised=tuple(supervised.get(row.number, ())),
    )


def _earlier(session: Session, cases: Iterable[CaseRow], period: Period) -> Iterator[CaseRow]:
    """Cases that are closed, of the numbers that have reported a problem in this period."""
    phones = {row.phone for row in cases if period.has(row.created_at) and row.phone and row.kind not in NO_PROBLEM}
    closed = select(CaseRow).where(CaseRow.closed_at < period.end, CaseRow.kind.not_in(NO_PROBLEM))
    return _some(session, closed, CaseRow.phone, phones)


def _repeated(row: CaseRow, old: CaseRow, city: City) -> bool:
    if old.number == row.number or old.closed_at is None or old.closed_at > row.created_at:
        return False
    return likeness(matter_of(row, city), matter_of(old, city)).relation is Relation.REPEAT


# --- what else was done about them -------------------------------------------------------------------------------


def _supervised(session: Session, numbers: Collection[str]) -> dict[str, list[tuple[datetime, str]]]:
    """Notices that were issued, and proposals that somebody has dismissed with a reason; a reminder is neither."""
    decided = or_(SupervisionRow.issued_at.is_not(None), SupervisionRow.state == NoticeState.DISMISSED)
    chosen = select(SupervisionRow).where(decided, SupervisionRow.level != Level.REMINDER)
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in _some(session, chosen.order_by(SupervisionRow.made_at), SupervisionRow.case_number, numbers):
        level = row.level if row.issued_at else str(NoticeState.DISMISSED)
        found[row.case_number].append((row.issued_at or row.ended_at, level))
    return found


def _sent(session: Session, period: Period) -> Iterator[Sent]:
    pushed = select(Delivery).where(Delivery.channel != Channel.PAGE, *_within(Delivery.created_at, period))
    for row in session.scalars(pushed):
        dead = row.state == Sending.DEAD
        yield Sent(row.case_number, row.department, row.created_at, row.delivered_at, dead)


def _excluded(session: Session) -> Excluded:
    """What two persons have agreed not to count."""
    found: dict[str, set[str]] = defaultdict(set)
    chosen = select(ExclusionRow.figure, ExclusionRow.case_number).where(ExclusionRow.granted.is_(True))
    for figure, number in session.execute(chosen):
        found[figure].add(number)
    return found
