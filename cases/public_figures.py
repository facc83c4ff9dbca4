"""The month's figures for everybody (公开月报): counts and rates, of which nothing small is shown. Pure.

No case numbers, no names: only counts that hide small cells and cannot be subtracted back, and rates of enough cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cases.figures.definitions import RATES, SPANS, taken
from cases.figures.facts import CaseFact, Facts
from cases.figures.measure import measure
from cases.figures.period import Period
from cases.figures.small_cells import published, published_rate
from cases.words import Kind
from config.city import City

SHOWN = ("connected", "connected_soon", "answered_directly", "on_time", "visited", "solved", "satisfied")


def public_figures(facts: Facts, month: Period, city: City) -> dict[str, Any]:
    """Case by case nothing, in sums everything that harms nobody."""
    smallest = city.figures.smallest_public
    new = [case for case in facts.cases if month.has(case.registered_at)]
    calls = sum(month.has(call.at) for call in facts.calls)
    closed = sum(month.has(case.closed_at) for case in facts.cases)
    categories = {category.code: category.name for category in city.categories}
    districts = {district.name: district.name for district in city.districts} | {"": "地点不明"}
    return {
        "month": month.name,
        "from": month.first.isoformat(),
        "to": month.last.isoformat(),
        "smallest": smallest,
        "totals": _cells({"calls": "来电", "registered": "登记工单", "closed": "办结"},
                         {"calls": _whole(calls, smallest), "registered": _whole(len(new), smallest),
                          "closed": _whole(closed, smallest)}),
        "kinds": _counted(new, {kind.value: kind.label for kind in Kind}, "kind", smallest),
        "categories": _counted(new, categories, "category", smallest),
        "districts": _counted(new, districts, "district", smallest),
        "rates": [_rate(code, facts, month, smallest) for code in SHOWN],
        "median_hours": _median(facts, month, city, smallest),
    }  # fmt: skip


def _counted(cases: Iterable[CaseFact], names: Mapping[str, str], by: str, smallest: int) -> list[dict[str, Any]]:
    found = Counter(str(getattr(case, by)) for case in cases)
    return _cells(names, published({code: found[code] for code in names}, smallest))


def _cells(names: Mapping[str, str], counts: Mapping[str, int | None]) -> list[dict[str, Any]]:
    """`n` null: too few to be told."""
    return [{"code": code, "name": names[code], "n": count} for code, count in counts.items()]


def _whole(count: int, smallest: int) -> int | None:
    return None if 0 < count < smallest else count


def _rate(code: str, facts: Facts, month: Period, smallest: int) -> dict[str, Any]:
    """Exclusions change what departments are held to, not what the city tells."""
    found, rate = measure(RATES[code], facts, month, {}), RATES[code]
    share = published_rate(found.n, found.of, smallest)
    return {"code": code, "name": rate.name, "share": share, "denominator": rate.of, "numerator": rate.counts}


def _median(facts: Facts, month: Period, city: City, smallest: int) -> float | None:
    """From registration to the answer, as the citizen's clock goes."""
    clock = taken(SPANS[0], facts, month, {}, city.workdays)
    return clock.median() if len(clock.cases) >= smallest else None
