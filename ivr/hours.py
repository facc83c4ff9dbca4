"""Which branch an `hours` node takes at a given moment: open, closed or holiday, with make-up workdays (调休).

Pure: the moment comes in as an argument. The city's clock is Asia/Shanghai, which has no summer time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.problems import Place
from config.workdays import CITY_TIME
from config.workdays import Year as Year

ZONE = CITY_TIME
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Span:
    """From the first minute, up to and without the second, counted from midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours. On a make-up workday the hours of `makeup_like` hold; without `years` there are no holidays."""

    id: str
    title: str
    week: Mapping[str, tuple[Span, ...]]
    years: Mapping[int, Year]
    makeup_like: str = "mon"
    place: Place = field(default=Place(""), compare=False)


def branch(calendar: Calendar, now: datetime) -> str:
    """`open`, `closed` or `holiday`, exact to the second. A year nobody has entered counts as ordinary weeks."""
    local = now.astimezone(ZONE)
    year = calendar.years.get(local.year)
    if year and local.date() in year.holidays:
        return "holiday"
    makeup = year and local.date() in year.workdays
    weekday = calendar.makeup_like if makeup else WEEKDAYS[local.weekday()]
    minute = local.hour * 60 + local.minute
    return "open" if any(s.start <= minute < s.end for s in calendar.week.get(weekday, ())) else "closed"
