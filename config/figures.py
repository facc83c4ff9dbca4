"""How a city judges its figures: weights of the ranking, and from how many cases on a number says something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# The rates a ranking may weigh: those a department answers for, of which more is better.
RANKED = ("responded", "on_time", "signed_in_time", "solved", "satisfied", "satisfied_first", "once")
_SEEN_IN_CITIES = MappingProxyType({"responded": 30.0, "solved": 35.0, "satisfied": 35.0})


@dataclass(frozen=True, slots=True)
class FigureRules:
    """Who has fewer than `smallest_ranked` cases is listed, not ranked; counts below `smallest_public` are hidden."""

    weights: Mapping[str, float] = field(default_factory=lambda: _SEEN_IN_CITIES)
    smallest_ranked: int = 30
    hot_weeks: int = 8
    hot_at_least: int = 5
    hot_times: float = 2.0
    smallest_public: int = 5
