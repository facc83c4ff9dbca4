"""`hotline check`: every problem of flows, prompts, calendars, scenarios and city data, of a folder or of one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from config import city
from config.problems import Problem, Problems, shown
from ivr.flow import Flows
from ivr.lint import lint
from ivr.load import CALENDARS, known_in, load_flows
from ivr.scenarios import read_scenarios

Sayable = Callable[[str], bool]  # can the speech model understand these words?
CITY_FILES = ("departments.yaml", "categories.yaml", "deadlines.yaml", "directory.yaml", "figures.yaml", "places.yaml",
              "retention.yaml")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """`flows` is what could be read of them; use it only when `problems` is empty."""

    flows: Flows
    problems: tuple[Problem, ...]


def check_flows(
    folder: Path, city_dir: Path, year: int, draft: Path | None = None, sayable: Sayable | None = None
) -> Checked:
    """A folder of flows, or one draft among them. Without `sayable`, nothing is said about spoken words."""
    problems = Problems()
    flows = load_flows(folder, city_dir, problems, draft)
    read_scenarios(folder, flows, problems)
    known = replace(known_in(city_dir, year), sayable=sayable)
    problems.extend(lint(flows, known, {p.file for p in problems}))
    return Checked(flows, tuple(problems))


def check_path(
    path: Path, flows_dir: Path, city_dir: Path, today: date, sayable: Sayable | None = None
) -> list[Problem]:
    """What is wrong with this folder or file. A flow file is checked among the flows of its folder."""
    year = today.year
    if path.is_dir():
        return _check_folder(path, city_dir, today, sayable)
    if path.name in CITY_FILES:
        return _of(path, city.problems(path.parent, today))
    if path.parent.name in ("prompts", "tests"):
        return _of(path, check_flows(path.parent.parent, city_dir, year).problems)
    if path.parent.name == "holidays":
        return _of(path, check_flows(flows_dir, path.parent.parent, year).problems)
    if path.name == CALENDARS:
        return _of(path, check_flows(path.parent, city_dir, year).problems)
    folder = path.parent if (path.parent / "prompts").is_dir() else flows_dir
    return _of(path, check_flows(folder, city_dir, year, path, sayable).problems)


def _check_folder(path: Path, city_dir: Path, today: date, sayable: Sayable | None) -> list[Problem]:
    is_city = any((path / name).exists() for name in CITY_FILES)
    found = city.problems(path, today) if is_city else []
    if not is_city:
        found = list(check_flows(path, city_dir, today.year, sayable=sayable).problems)
    return found


def _of(path: Path, problems: Iterable[Problem]) -> list[Problem]:
    return [p for p in problems if p.file in (shown(path), str(path)) or Path(p.file).resolve() == path.resolve()]
