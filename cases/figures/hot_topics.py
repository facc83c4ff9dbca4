"""Hot topics (热点): what is reported far more often this week than in the weeks before, in one place. Pure.

A topic is hot when there are enough cases to speak of, several times the mean of the weeks before, and more than chance
gives: counts of rare things scatter by the square root of their mean, so two roots above it is one week in forty.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cases.figures.period import Period
from config.figures import FigureRules

LEAST_WEEKS = 4  # with fewer weeks behind us nothing can be called unusual


@dataclass(frozen=True, slots=True)
class Report:
    """One case, as far as topics are concerned."""

    number: str
    category: str
    district: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Topic:
    """`hot` None: too few weeks are known to judge."""

    category: str
    district: str
    cases: tuple[str, ...]
    before: tuple[int, ...]
    hot: bool | None

    @property
    def mean(self) -> float:
        return sum(self.before) / len(self.before) if self.before else 0.0


def topics(reports: Iterable[Report], week: Period, rules: FigureRules) -> list[Topic]:
    """Every topic of the week that is not too small to speak of, the hot ones first, then the most frequent."""
    reports = list(reports)
    weeks = _known_weeks(reports, week, rules.hot_weeks)
    now, earlier = _by_topic(reports, week), [_counts(reports, each) for each in weeks]
    found = []
    for (category, district), numbers in now.items():
        if len(numbers) >= rules.hot_at_least:
            before = tuple(counts[category, district] for counts in earlier)
            found.append(Topic(category, district, tuple(sorted(numbers)), before, _hot(len(numbers), before, rules)))
    return sorted(found, key=lambda t: (not t.hot, -len(t.cases), t.category, t.district))


def _hot(count: int, before: Sequence[int], rules: FigureRules) -> bool | None:
    if len(before) < LEAST_WEEKS:
        return None
    mean = sum(before) / len(before)
    return count >= rules.hot_times * mean and count > mean + 2 * math.sqrt(max(mean, 1.0))


def _known_weeks(reports: Sequence[Report], week: Period, weeks: int) -> list[Period]:
    """The weeks before, oldest first, from the first one that the hotline was running in."""
    first = min((each.at for each in reports), default=week.start)
    return [before for n in range(weeks, 0, -1) if (before := week.earlier(n)).end > first]


def _by_topic(reports: Iterable[Report], week: Period) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in reports:
        if week.has(each.at):
            found[each.category, each.district].append(each.number)
    return found


def _counts(reports: Iterable[Report], week: Period) -> Counter[tuple[str, str]]:
    return Counter({topic: len(numbers) for topic, numbers in _by_topic(reports, week).items()})
