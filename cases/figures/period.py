"""A span of whole days of the city's clock: a week, a month, or from one day to another. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from cases.refusal import Refusal
from config.workdays import CITY_TIME

LONGEST = timedelta(days=366)
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day's midnight up to, but without, the midnight after the last day."""

    name: str
    start: datetime
    end: datetime

    def has(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.end

    @property
    def first(self) -> date:
        return self.start.astimezone(CITY_TIME).date()

    @property
    def last(self) -> date:
        return self.end.astimezone(CITY_TIME).date() - timedelta(days=1)

    def earlier(self, weeks: int) -> Period:
        span = timedelta(weeks=weeks)
        return days(self.first - span, self.last - span)


def week(text: str) -> Period:
    """`2026-W10`, Monday to Sunday."""
    found = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        return days(monday, monday + timedelta(days=6), text) if monday else _refuse("week", "2026-W10")
    except (ValueError, OverflowError):
        return _refuse("week", "2026-W10")


def month(text: str) -> Period:
    """`2026-03`."""
    found = _MONTH.fullmatch(text)
    try:
        first = date(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        first = None
    if first is None or first.year >= date.max.year:
        return _refuse("month", "2026-03")
    after = (first + timedelta(days=31)).replace(day=1)
    return days(first, after - timedelta(days=1), text)


def days(first: date, last: date, name: str = "") -> Period:
    """Both days included. Raises Refusal for a span that runs backwards or is longer than a year."""
    if last < first or last - first >= LONGEST or not 1900 < first.year <= last.year < date.max.year:
        raise Refusal("起止日期有误：结束日期不能早于开始日期，最长一年", field="from")
    after = last + timedelta(days=1)
    return Period(name or f"{first}..{last}", _midnight(first), _midnight(after))


def week_of(moment: datetime) -> Period:
    """The week that this moment lies in."""
    year, number, _day = moment.astimezone(CITY_TIME).isocalendar()
    return week(f"{year:04d}-W{number:02d}")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CITY_TIME)


def _refuse(field: str, example: str) -> Period:
    raise Refusal(f"{field} 应写成 {example} 这样", field=field)
