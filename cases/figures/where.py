"""Where a case lies and what it is about, in the city's own words: never in the citizen's, who may have named people.

Pure. The longest name or word found wins, as in drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from config.city import City

_TELLING = 2.0  # words of less weight tell nothing by themselves


@dataclass(frozen=True, slots=True)
class Spot:
    """A place the city has listed. `name` "" : only the district is known; both "": the case names no known place."""

    district: str = ""
    name: str = ""


class Finder:
    """Made once for a city: it prepares one pattern for all of its names, and one for each category's words."""

    def __init__(self, city: City) -> None:
        self._spots: dict[str, Spot] = {}
        for district in city.districts:
            self._spots |= {name: Spot(district.name) for name in district.names}
            self._spots |= {name: Spot(district.name, name) for name in district.inside}
        self._names = _any_of(self._spots)
        self._words = {c.code: _any_of(w.text for w in c.words if w.weight >= _TELLING) for c in city.categories}

    def spot(self, place: str) -> Spot:
        """The most exact place in this text: a road before its district."""
        found = [self._spots[hit] for hit in self._names.findall(place)] if self._names else []
        exact = next((spot for spot in found if spot.name), None)
        return exact or next(iter(found), Spot())

    def words(self, category: str, summary: str) -> frozenset[str]:
        """Which of the category's telling words stand in this summary."""
        pattern = self._words.get(category)
        return frozenset(pattern.findall(summary)) if pattern else frozenset()


def _any_of(names: Iterable[str] | Mapping[str, Spot]) -> re.Pattern[str] | None:
    longest_first = sorted({name for name in names if name and "…" not in name}, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
