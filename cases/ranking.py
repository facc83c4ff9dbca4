"""The ranking (考评): like departments are compared by what they have shown, few cases counting little. Pure.

The score is the weighted mean of the lower bounds of the 95 % intervals, so that four lucky cases do not beat four
hundred good ones. Who has too few cases for any of the weighed rates is listed as 样本不足, without a place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cases.figures.definitions import RATES
from cases.figures.facts import Facts
from cases.figures.measure import Excluded, Figure, measure_each, wilson
from cases.figures.period import Period
from config.city import Department
from config.codes import Level
from config.figures import FigureRules


@dataclass(frozen=True, slots=True)
class Placing:
    """`place` and `score` None: too few cases. `figures` are the weighed rates, by code."""

    department: str
    name: str
    figures: Mapping[str, Figure]
    score: float | None
    place: int | None = None

    @property
    def excluded(self) -> int:
        """How many cases were taken out (剔除) of any of the rates."""
        return len({number for figure in self.figures.values() for number in figure.excluded})


@dataclass(frozen=True, slots=True)
class Group:
    """Departments that can be compared: those of one level."""

    level: Level
    ranked: tuple[Placing, ...]
    too_few: tuple[Placing, ...]


def ranking(
    facts: Facts, period: Period, excluded: Excluded, departments: Iterable[Department], rules: FigureRules
) -> tuple[Group, ...]:
    measured = {code: measure_each(RATES[code], facts, period, excluded) for code in rules.weights}
    groups: dict[Level, list[Placing]] = defaultdict(list)
    for each in departments:
        figures = {code: found.get(each.code, _nothing(code)) for code, found in measured.items()}
        if any(figure.of or figure.pending or figure.excluded for figure in figures.values()):
            groups[each.level].append(Placing(each.code, each.name, figures, _score(figures, rules)))
    return tuple(_group(level, groups[level]) for level in Level if level in groups)


def _score(figures: Mapping[str, Figure], rules: FigureRules) -> float | None:
    """From 0 to 100."""
    weighed = {code: weight for code, weight in rules.weights.items() if weight > 0}
    if any(figures[code].of < rules.smallest_ranked for code in weighed):
        return None
    total = sum(weight * wilson(figures[code].n, figures[code].of) for code, weight in weighed.items())
    return round(100 * total / sum(weighed.values()), 2)


def _group(level: Level, placings: Iterable[Placing]) -> Group:
    """Equal scores share a place, and the next place is left out."""
    scored = [each for each in placings if each.score is not None]
    scores = [each.score or 0.0 for each in scored]
    placed = [_at(each, 1 + sum(other > (each.score or 0.0) for other in scores)) for each in scored]
    too_few = sorted((each for each in placings if each.score is None), key=lambda each: each.name)
    return Group(level, tuple(sorted(placed, key=lambda each: (each.place or 0, each.name))), tuple(too_few))


def _at(placing: Placing, place: int) -> Placing:
    return replace(placing, place=place)


def _nothing(code: str) -> Figure:
    return Figure(code, RATES[code].name)
