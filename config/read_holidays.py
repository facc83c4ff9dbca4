"""`holidays/2026.yaml` -> Year: the same for the telephone's hours and for deadlines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from config.problems import Problems, shown
from config.workdays import Workdays, Year
from config.yaml_reader import Fields, Reader, Scalar, Value, read

SHIPPED_HOLIDAYS = Path(__file__).resolve().parent / "holidays"


def holiday_files(city_dir: Path) -> Iterator[Path]:
    """The city's own years; a city without a folder of them has the shipped ones."""
    own = city_dir / "holidays"
    yield from sorted((own if own.is_dir() else SHIPPED_HOLIDAYS).glob("*.yaml"))


def read_workdays(city_dir: Path, problems: Problems) -> Workdays:
    roots = (read(path, problems, shown(path)) for path in holiday_files(city_dir))
    years = (read_year(root, problems) for root in roots if root)
    return Workdays({year.year: year for year in years if year})


def read_year(root: Value, problems: Problems) -> Year | None:
    return _YearReader(problems).year(root)


class _YearReader(Reader):
    def year(self, root: Value) -> Year | None:
        known = {"year", "provisional", "holidays", "workdays"}
        given = self.fields(root, known=known, needed=("year", "holidays", "workdays"))
        if "year" not in given:
            return None
        number = self.integer(given["year"], 2000, 2100)
        holidays = self._days(given.get("holidays"), number)
        return Year(number, holidays, self._days(given.get("workdays"), number), self.truth(given.get("provisional")))

    def _days(self, value: Value | None, year: int) -> dict[date, str]:
        self.fields(value)
        days: dict[date, str] = {}
        for entry in value.entries if isinstance(value, Fields) else ():
            if (day := self._day(entry.key, year)) is not None:
                days[day] = self.text(entry.value)
        return days

    def _day(self, key: Scalar, year: int) -> date | None:
        try:
            day = date.fromisoformat(key.text)
        except ValueError:
            day = None
        if day is None or day.year != year:
            self.problems.add(key.place, "F031", f"'{key.text}' is not a day of {year}",
                              f"'{key.text}' 不是 {year} 年的日期，请写成 {year}-05-01 这样。")  # fmt: skip
            return None
        return day
