"""A city's folder -> City, and every problem in it.

Only departments.yaml has to be the city's own. Where another file is missing, the shipped one stands in: its words
and rules fit any city; what it says of departments that this city does not have is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from config.figures import FigureRules
from config.notebook import Notebook
from config.offices import Department, DirectoryLine, District
from config.problems import Problems
from config.read_figures import read_figures
from config.read_holidays import read_workdays
from config.read_offices import read_departments, read_districts, read_lines
from config.read_reply_words import read_reply_words
from config.read_retention import read_retention
from config.read_rules import read_deadlines
from config.read_words import read_categories, read_kinds, read_urgencies
from config.reply_words import ReplyWords
from config.retention import Retention
from config.rules import Deadlines
from config.words import Category, KindWords, UrgencyWords
from config.workdays import Workdays
from config.yaml_reader import Fields, Value, read

SHIPPED = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Parts:
    """What the files say, before it is a City."""

    name: str
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    kinds: tuple[KindWords, ...]
    urgencies: tuple[UrgencyWords, ...]
    districts: tuple[District, ...]
    directory: tuple[DirectoryLine, ...]
    deadlines: Deadlines
    workdays: Workdays
    figures: FigureRules
    reply_words: ReplyWords
    retention: Retention


class _Folder:
    """Reads the files of one folder once each, the shipped ones where the city has none."""

    def __init__(self, city_dir: Path, problems: Problems) -> None:
        self.city_dir, self.problems = city_dir, problems
        self.lenient: set[str] = set()

    def own(self, name: str) -> Value | None:
        return read(self.city_dir / name, self.problems, shown=f"{self.city_dir.name}/{name}")

    def own_or_shipped(self, name: str) -> Value | None:
        return self.own(name) if (self.city_dir / name).exists() else self.shipped(name)

    def shipped(self, name: str) -> Value | None:
        shown = f"{name}（随软件提供）"
        self.lenient.add(shown)
        return read(SHIPPED / name, self.problems, shown=shown)


def read_city(city_dir: Path, problems: Problems) -> Parts:
    """All the files; every mistake is noted in `problems` and skipped."""
    folder, notes = _Folder(city_dir, problems), Notebook(problems)
    offices, words = folder.own("departments.yaml"), folder.own_or_shipped("categories.yaml")
    places = folder.own("places.yaml") if (city_dir / "places.yaml").exists() else None
    shipped_words = words if _has(words, "kinds", "urgencies") else folder.shipped("categories.yaml")
    parts = Parts(
        name=notes.reader.text(offices.get("city")) if isinstance(offices, Fields) else "",
        departments=read_departments(offices, notes),
        categories=read_categories(words, notes),
        kinds=read_kinds(words if _has(words, "kinds") else shipped_words, notes),
        urgencies=read_urgencies(words if _has(words, "urgencies") else shipped_words, notes),
        districts=read_districts(places, notes),
        directory=read_lines(folder.own_or_shipped("directory.yaml"), notes),
        deadlines=read_deadlines(folder.own_or_shipped("deadlines.yaml"), notes),
        workdays=read_workdays(city_dir, problems),
        figures=read_figures(folder.own_or_shipped("figures.yaml"), notes),
        reply_words=read_reply_words(folder.own_or_shipped("perfunctory.yaml"), notes),
        retention=read_retention(folder.own_or_shipped("retention.yaml"), notes),
    )
    notes.check(folder.lenient, set() if places else {"district"})
    return _without_strangers(parts)


def _has(value: Value | None, *sections: str) -> bool:
    return isinstance(value, Fields) and all(value.get(s) is not None for s in sections)


def _without_strangers(parts: Parts) -> Parts:
    """Leave out references to departments that do not exist (noted already, or from a shipped file)."""
    codes = {d.code for d in parts.departments}
    return replace(
        parts,
        categories=tuple(
            replace(c, lead=c.lead if c.lead in codes else "", assisting=tuple(a for a in c.assisting if a in codes))
            for c in parts.categories
        ),
        directory=tuple(replace(d, department=d.department if d.department in codes else "") for d in parts.directory),
    )
