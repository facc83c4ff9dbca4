"""Which days the city works: weekdays, public holidays, and the make-up workdays (调休) that no other calendar knows.

Pure. The State Council announces a year's holidays in the autumn before it. Until then a year is provisional: what is
entered are the days that the law fixes, or, when nobody has entered the year at all, those of them whose date never
moves. Whoever counts days asks `Day.provisional` and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from types import MappingProxyType
from zoneinfo import ZoneInfo

CITY_TIME = ZoneInfo("Asia/Shanghai")  # no summer time; all of the country
_ONE = timedelta(days=1)
_SATURDAY = 5

# Public holidays whose date is the same every year. The others follow the moon and have to be entered.
_EVERY_YEAR = {(1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节",
               (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}  # fmt: skip


@dataclass(frozen=True)
class Year:
    """A year's public holidays and make-up workdays. `provisional`: the State Council has not announced it yet."""

    year: int
    holidays: Mapping[date, str]
    workdays: Mapping[date, str]
    provisional: bool = False

    @cached_property
    def version(self) -> str:
        """Changes with the content: `2027-5f1c09ab`."""
        days = [f"{day} {name}" for part in (self.holidays, self.workdays) for day, name in sorted(part.items())]
        text = "\n".join([str(self.provisional), str(len(self.holidays)), *days])
        return f"{self.year}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class Day:
    """One day: is it worked, and what people call it: `春节假期第 3 天`, `周六，春节调休上班`, `周三`."""

    date: date
    works: bool
    name: str
    provisional: bool = False


@dataclass(frozen=True)
class Workdays:
    """The working-day calendar. Without any years: weekdays and the fixed holidays, all of it provisional."""

    years: Mapping[int, Year] = field(default_factory=lambda: MappingProxyType({}))

    def day(self, day: date) -> Day:
        year = self.years.get(day.year)
        provisional = year is None or year.provisional
        if holiday := self._holiday(day):
            return Day(day, False, self._nth(day, holiday), provisional)
        if year and day in year.workdays:
            return Day(day, True, f"{weekday(day)}，{year.workdays[day]}上班", provisional)
        return Day(day, day.weekday() < _SATURDAY, weekday(day), provisional)

    def after(self, day: date) -> Iterator[Day]:
        """Every day after this one, without end."""
        while True:
            day += _ONE
            yield self.day(day)

    def version(self, years: Iterable[int]) -> str:
        """What these years looked like: `2026-8d0e4c11 2027-5f1c09ab`, `2029-none` for one nobody has entered."""
        return " ".join(self.years[y].version if y in self.years else f"{y}-none" for y in sorted(set(years)))

    def _holiday(self, day: date) -> str:
        year = self.years.get(day.year)
        return year.holidays.get(day, "") if year else _EVERY_YEAR.get((day.month, day.day), "")

    def _nth(self, day: date, holiday: str) -> str:
        """Which day of its holiday, counted from the first day off: two holidays in a row are one."""
        first, n = holiday, 1
        while earlier := self._holiday(day - _ONE):
            first, n, day = earlier, n + 1, day - _ONE
        return f"{first}假期第 {n} 天" + (f"（{holiday}）" if holiday != first else "")


def weekday(day: date) -> str:
    return f"周{'一二三四五六日'[day.weekday()]}"
