"""Every rate by its code, and how long things took. What each means is said in words beside its functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from cases.figures import of_calls, of_departments, of_results, six_hundred
from cases.figures.facts import CaseFact, Facts
from cases.figures.measure import Excluded, Rate, percentile
from cases.figures.period import Period
from config.workdays import CITY_TIME, Workdays

_ALL = (*of_calls.RATES, *of_departments.RATES, *of_results.RATES, *six_hundred.SIX)
RATES: dict[str, Rate[Any]] = {rate.code: rate for rate in _ALL}
SIX: dict[str, Rate[Any]] = {rate.code: rate for rate in six_hundred.SIX}
OF_A_DEPARTMENT = frozenset(RATES) - {rate.code for rate in of_calls.RATES}


@dataclass(frozen=True, slots=True)
class Span:
    """A time that cases took: of those for which both moments are known and the later lies in the period."""

    code: str
    name: str
    since: Callable[[CaseFact], datetime | None]
    until: Callable[[CaseFact], datetime | None]
    less: Callable[[CaseFact], timedelta] = lambda _case: timedelta()


def _first_settled(case: CaseFact) -> datetime | None:
    terms = case.lead.terms if case.lead else ()
    return terms[0].settled_at if terms else None


SPANS = (
    Span(
        "citizen_clock",
        "市民计时（交单位办理的工单，登记至告知最后的结果）",
        since=lambda c: c.registered_at if c.dispatched_at else None,
        until=lambda c: c.told_at,
    ),
    Span(
        "department_clock",
        "单位计时（交办至提交答复，扣除暂停）",
        since=lambda c: c.lead.dispatched_at if c.lead else None,
        until=_first_settled,
        less=lambda c: c.lead.paused if c.lead else timedelta(),
    ),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """How long it took, in hours: as the clock goes, and counting working days only."""

    code: str
    name: str
    hours: tuple[float, ...]
    working_hours: tuple[float, ...]
    cases: tuple[str, ...]

    def median(self, *, working: bool = False) -> float | None:
        return percentile(self.working_hours if working else self.hours, 0.5)

    def p90(self, *, working: bool = False) -> float | None:
        return percentile(self.working_hours if working else self.hours, 0.9)


def taken(
    span: Span, facts: Facts, period: Period, excluded: Excluded, workdays: Workdays, *, department: str = ""
) -> Taken:
    out = {*excluded.get("", ()), *excluded.get(span.code, ())}
    hours, working, numbers = list[float](), list[float](), list[str]()
    for case in facts.cases:
        start, end = span.since(case), span.until(case)
        if start is None or end is None or not period.has(end) or case.number in out:
            continue
        if department and case.department != department:
            continue
        pause = span.less(case)
        hours.append(_hours(end - start - pause))
        working.append(_hours(max(timedelta(), worked(start, end, workdays) - pause)))
        numbers.append(case.number)
    return Taken(span.code, span.name, tuple(hours), tuple(working), tuple(sorted(numbers)))


def worked(start: datetime, end: datetime, workdays: Workdays) -> timedelta:
    """How much of the time between lies on working days of the city's calendar."""
    total, at = timedelta(), start.astimezone(CITY_TIME)
    end = end.astimezone(CITY_TIME)
    while at < end:
        until = min(end, _next_midnight(at.date()))
        if workdays.day(at.date()).works:
            total += until - at
        at = until
    return total


def _next_midnight(day: date) -> datetime:
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=CITY_TIME)


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 2)
