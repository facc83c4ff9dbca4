"""The conflict check (回避): a department that is complained about, and its superior, get no part in the case. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cases.refusal import Refusal
from config.city import City


class InConflict(Refusal):
    code = "conflict_of_interest"
    title = "应当回避"


def excluded(accused: str, city: City) -> frozenset[str]:
    """The departments that may neither lead nor assist."""
    found = city.department(accused)
    return frozenset(code for code in (accused, found.parent if found else "") if code)


def check(accused: str, chosen: Iterable[tuple[str, str]], city: City) -> None:
    """Raises InConflict. `chosen`: (field of the request, department's code)."""
    no = excluded(accused, city)
    for field, code in chosen:
        if code in no:
            name = getattr(city.department(code), "name", code)
            why = "被反映的单位" if code == accused else "被反映单位的上级单位"
            said = f"“{name}”是{why}，应当回避，不能主办或协办这件工单；请改派其他单位"
            raise InConflict(said, field=field)
