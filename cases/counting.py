"""How far a limit reaches from a moment, counted as a person would on a wall calendar, with every day named.

Pure. Minutes, hours and calendar days run around the clock. Working days: the day it starts is not counted, the n-th
one ends at 23:59:59. Always by the city's own clock: 2026-02-13T23:30Z is already the 14th there, a make-up Saturday.

While the clock is paused (等市民补充材料), time does not count: running time is shifted by the length of the pause; a
working day counts only if the clock runs when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from config.rules import Limit, Unit
from config.workdays import CITY_TIME, Day, Workdays, weekday

_SPANS = {
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
    Unit.CALENDAR_DAYS: timedelta(days=1),
}
_LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood still from `start` up to `end`. A pause always has an end, so a deadline always has a date."""

    start: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A day on the way. `nth` 0: it was passed over, `why` says for what reason."""

    day: Day
    nth: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Where the limit ends, and the way there. `shifted`: each pause with the time it added."""

    at: datetime
    days: tuple[CountedDay, ...] = ()
    shifted: tuple[tuple[Pause, timedelta], ...] = ()

    @property
    def provisional(self) -> tuple[date, ...]:
        """The days on the way that may turn out otherwise when their year is announced."""
        return tuple(each.day.date for each in self.days if each.day.provisional)


def count(start: datetime, limit: Limit, workdays: Workdays, pauses: Iterable[Pause] = ()) -> Count:
    start, pauses = start.astimezone(CITY_TIME), _apart(pauses)
    if limit.unit is Unit.WORKING_DAYS:
        return _working(start, limit.amount, workdays, pauses)
    at, shifted = _shift(start, start + limit.amount * _SPANS[limit.unit], pauses)
    days = limit.amount if limit.unit is Unit.CALENDAR_DAYS else 0
    named = (workdays.day(day.date) for day in islice(workdays.after(start.date()), days))
    # the calendar only lends these days their names: whether they are worked makes no difference
    return Count(at, tuple(CountedDay(Day(d.date, d.works, d.name), n) for n, d in enumerate(named, 1)), shifted)


def spelt(each: CountedDay) -> str:
    """`2026-02-15 周日，春节假期第 1 天：不计`"""
    on = weekday(each.day.date)
    name = each.day.name if each.day.name.startswith(on) else f"{on}，{each.day.name}"
    guess = "（暂定，当年放假通知未公布）" if each.day.provisional else ""
    return f"{each.day.date} {name}：{each.why or f'第 {each.nth} 天'}{guess}"


def _working(start: datetime, amount: int, workdays: Workdays, pauses: Sequence[Pause]) -> Count:
    days: list[CountedDay] = []
    nth, last = 0, start.date()
    for day in workdays.after(start.date()):
        if nth == amount:
            break
        why = _not_counted(day, pauses)
        nth, last = nth + (not why), day.date
        days.append(CountedDay(day, 0 if why else nth, why or f"第 {nth} 个工作日"))
    return Count(datetime.combine(last, _LAST_SECOND, CITY_TIME), tuple(days))


def _not_counted(day: Day, pauses: Sequence[Pause]) -> str:
    if not day.works:
        return "不计"
    evening = datetime.combine(day.date, _LAST_SECOND, CITY_TIME)
    paused = next((p for p in pauses if p.start <= evening < p.end), None)
    return _because("暂停计时，不计", paused) if paused else ""


def _shift(
    start: datetime, at: datetime, pauses: Sequence[Pause]
) -> tuple[datetime, tuple[tuple[Pause, timedelta], ...]]:
    """Each pause that begins before the end moves the end, which may then reach into the next pause."""
    shifted = []
    for pause in pauses:
        if pause.start < at and pause.end > start:
            stood = pause.end - max(pause.start, start)
            at += stood
            shifted.append((pause, stood))
    return at, tuple(shifted)


def _apart(pauses: Iterable[Pause]) -> list[Pause]:
    """In order, and none of it twice: of pauses that overlap the later one counts from the end of the earlier."""
    apart: list[Pause] = []
    for pause in sorted(pauses, key=lambda p: (p.start, p.end)):
        begin = max(pause.start, apart[-1].end) if apart else pause.start
        if begin < pause.end:
            apart.append(Pause(begin, pause.end, pause.reason))
    return apart


def _because(said: str, pause: Pause) -> str:
    return f"{said}（{pause.reason}）" if pause.reason else said
