"""Figures, rankings and the weekly analysis as the API tells them. Beside every number: its cases, or their link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cases.api.answers import moment
from cases.figures.definitions import RATES, Taken
from cases.figures.measure import Figure, wilson
from cases.figures.period import Period
from cases.model import ExclusionRow, PublishedRanking
from cases.ranking import Group, Placing
from cases.weekly import Cause, Count, InCharge, OfDistrict, Weekly
from config.city import City


def period(value: Period) -> dict[str, Any]:
    return {"name": value.name, "from": value.first.isoformat(), "to": value.last.isoformat()}


def figure(value: Figure, within: Period, department: str = "") -> dict[str, Any]:
    """n of N, in words as well, and the link to its exceptions."""
    rate = RATES[value.code]
    return {
        "code": value.code,
        "name": value.name,
        "n": value.n,
        "of": value.of,
        "share": _rounded(value.share),
        "lower_bound": _rounded(wilson(value.n, value.of)) if value.of else None,
        "good": value.good,
        "pending": len(value.pending),
        "excluded": len(value.excluded),
        "denominator": rate.of,
        "numerator": rate.counts,
        "leaves_out": rate.leaves_out or None,
        "exceptions": f"/api/v1/reports/kpi/{value.code}/exceptions?{_asked(within, department)}",
    }


def exceptions(value: Figure, within: Period, department: str = "") -> dict[str, Any]:
    """Case numbers, and ids of calls that led to none."""
    return figure(value, within, department) | {
        "items": list(value.exceptions),
        "pending_items": list(value.pending),
        "excluded_items": list(value.excluded),
        "next": None,
    }


def span(value: Taken) -> dict[str, Any]:
    return {
        "code": value.code,
        "name": value.name,
        "n": len(value.cases),
        "hours": {"median": value.median(), "p90": value.p90()},
        "working_hours": {"median": value.median(working=True), "p90": value.p90(working=True)},
        "cases": list(value.cases),
    }


def ranking(groups: Iterable[Group], within: Period, weights: Mapping[str, float], smallest: int) -> dict[str, Any]:
    return {
        "period": period(within),
        "weights": dict(weights),
        "smallest": smallest,
        "groups": [
            {
                "level": group.level.value,
                "level_label": group.level.label,
                "ranked": [_placing(each, within) for each in group.ranked],
                "too_few": [_placing(each, within) for each in group.too_few],
            }
            for group in groups
        ],
    }


def published(row: PublishedRanking) -> dict[str, Any]:
    return row.content | {"published_by": row.published_by, "published_at": moment(row.published_at)}


def exclusion(row: ExclusionRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "case": row.case_number,
        "figure": row.figure or None,
        "reason": row.reason,
        "department": row.department,
        "asked_by": row.asked_by,
        "asked_at": moment(row.asked_at),
        "granted": row.granted,
        "decided_by": row.decided_by or None,
        "decided_at": moment(row.decided_at),
        "because": row.because or None,
    }


def weekly(value: Weekly, city: City) -> dict[str, Any]:
    within, names = value.week, {c.code: c.name for c in city.categories} | {d.code: d.name for d in city.departments}
    return {
        "week": within.name,
        "period": period(within),
        "counts": [_count(each) for each in value.counts],
        "kinds": [_count(each) for each in value.kinds],
        "problems": _count(value.problems),
        "what": [_cause(each) for each in value.causes],
        "where": [_count(each) for each in value.places],
        "who": [_in_charge(each, within) for each in value.departments],
        "hot_topics": [
            {
                "category": each.category,
                "category_name": names.get(each.category, each.category),
                "district": each.district or None,
                "n": len(each.cases),
                "cases": list(each.cases),
                "before": list(each.before),
                "mean": round(each.mean, 2),
                "hot": each.hot,
            }
            for each in value.topics
        ],
        "districts": [_district(each, names) for each in value.districts],
        "unplaced": _count(value.unplaced),
        "repeats": [
            {"case": r.number, "before": r.before, "category": r.category, "department": r.department or None}
            for r in value.repeats
        ],
        "six_hundred": [_with_cases(each, within) for each in value.six_hundred],
        "rates": [_with_cases(each, within) for each in value.rates],
        "spans": [span(each) for each in value.spans],
    }


def _with_cases(value: Figure, within: Period) -> dict[str, Any]:
    """In the weekly analysis the cases stand beside the number."""
    return figure(value, within) | {
        "hits": list(value.hits),
        "misses": list(value.misses),
        "pending_items": list(value.pending),
        "excluded_items": list(value.excluded),
    }


def _count(value: Count) -> dict[str, Any]:
    return {"code": value.code, "name": value.name, "n": value.n, "cases": list(value.cases)}


def _cause(value: Cause) -> dict[str, Any]:
    return _count(value.whole) | {"mostly": [_count(each) for each in value.mostly]}


def _in_charge(value: InCharge, within: Period) -> dict[str, Any]:
    return _count(value.whole) | {"figures": [figure(each, within, value.whole.code) for each in value.figures]}


def _district(value: OfDistrict, names: Mapping[str, str]) -> dict[str, Any]:
    return _count(value.whole) | {
        "government": value.government or None,
        "government_name": names.get(value.government),
        "causes": [_count(each) for each in value.causes],
        "overdue": _count(value.overdue),
        "dissatisfied": _count(value.dissatisfied),
        "repeated": _count(value.repeated),
    }


def _placing(value: Placing, within: Period) -> dict[str, Any]:
    return {
        "department": value.department,
        "name": value.name,
        "place": value.place,
        "score": value.score,
        "excluded": value.excluded,
        "figures": [figure(each, within, value.department) for each in value.figures.values()],
    }


def _asked(within: Period, department: str) -> str:
    asked = f"from={within.first}&to={within.last}"
    return f"{asked}&department={department}" if department else asked


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
