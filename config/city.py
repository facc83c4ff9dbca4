"""The city's own data: departments, categories, places, the merged lines and the deadlines, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from config.figures import FigureRules
from config.offices import Department, DirectoryLine, District
from config.problems import Place, Problem, Problems, Unsound, shown
from config.read_city import Parts, read_city
from config.reply_words import ReplyWords
from config.retention import Retention
from config.rules import Deadlines
from config.search import search
from config.words import Category, KindWords, UrgencyWords
from config.workdays import Workdays

__all__ = ["Category", "City", "Department", "DirectoryLine", "District", "load", "problems"]

# Worth telling in `hotline check`, but no reason not to answer the telephone: a field nobody knows, and two departments
# with one number.
_HARMLESS = {"Y011", "C004"}


def load(city_dir: Path) -> City:
    """The city in this folder. Raises Unsound, with every problem in it, rather than run on half of the data."""
    found = Problems()
    parts = read_city(city_dir, found)
    if grave := [p for p in found if p.code not in _HARMLESS]:
        raise Unsound(grave)
    return _city(parts)


def problems(city_dir: Path, today: date | None = None) -> list[Problem]:
    """Everything that is wrong with the files of this folder: what `hotline check` prints.

    With `today` also the years that deadlines reach and nobody has entered: no mistake in a file, but one to come.
    """
    found = Problems()
    parts = read_city(city_dir, found)
    if today is not None:
        _check_years(parts, today, city_dir, found)
    return list(found)


@dataclass(frozen=True, eq=False)
class City:
    """Compared by identity: it is loaded once and is large."""

    name: str = ""
    departments: tuple[Department, ...] = ()
    categories: tuple[Category, ...] = ()
    kinds: tuple[KindWords, ...] = ()
    urgencies: tuple[UrgencyWords, ...] = ()
    districts: tuple[District, ...] = ()
    directory: tuple[DirectoryLine, ...] = ()
    deadlines: Deadlines = field(default_factory=Deadlines)
    workdays: Workdays = field(default_factory=Workdays)
    figures: FigureRules = field(default_factory=FigureRules)
    reply_words: ReplyWords = field(default_factory=ReplyWords)
    retention: Retention = field(default_factory=Retention)

    def department(self, code: str) -> Department | None:
        return self._departments.get(code)

    def category(self, code: str) -> Category | None:
        return self._categories.get(code)

    def line(self, number: str) -> DirectoryLine | None:
        return next((line for line in self.directory if line.number == number), None)

    def search(self, words: str) -> list[Department]:
        """Departments by name, alias, pinyin initials or number, best first: `城管`, `cg`, `8703`."""
        return search(self.departments, words)

    def leads(self, category: str) -> tuple[Department, ...]:
        """The departments that may lead a case of this category, the category's own choice first."""
        return self._leads.get(category, ())

    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {d.code: d for d in self.departments}

    @cached_property
    def _categories(self) -> dict[str, Category]:
        return {c.code: c for c in self.categories}

    @cached_property
    def _leads(self) -> dict[str, tuple[Department, ...]]:
        return {c.code: _leads_of(c, self.departments) for c in self.categories}


def _city(parts: Parts) -> City:
    return City(
        parts.name,
        parts.departments,
        parts.categories,
        parts.kinds,
        parts.urgencies,
        parts.districts,
        parts.directory,
        parts.deadlines,
        parts.workdays,
        parts.figures,
        parts.reply_words,
        parts.retention,
    )


def _leads_of(category: Category, departments: tuple[Department, ...]) -> tuple[Department, ...]:
    """Named by the category, else claimed by departments, else (a sparse file) told by their names."""
    named = [d for d in departments if d.code == category.lead]
    claimed = [d for d in departments if category.code in d.categories and d not in named]
    if named or claimed:
        return (*named, *claimed)
    return tuple(d for d in departments if any(part in d.name for part in category.bureaus))


def _check_years(parts: Parts, today: date, city_dir: Path, found: Problems) -> None:
    """Deadlines in force that count working days need the calendar of every year they may reach."""
    days = max((rule.working_days for rule in parts.deadlines.in_force()), default=0)
    last = today + timedelta(days=2 * days + 14)  # with the longest holidays in between
    for year in range(today.year, last.year + 1) if days else ():
        if year not in parts.workdays.years:
            found.add(Place(shown(city_dir / "holidays" / f"{year}.yaml")), "C010",
                      f"deadlines in force count working days of {year}, and nobody has entered that year",
                      f"现行办理时限要按 {year} 年的工作日计算，但还没有 holidays/{year}.yaml。"
                      "请按国务院办公厅的放假通知新建；通知未公布时先填法定节日，并写 provisional: yes。")  # fmt: skip
