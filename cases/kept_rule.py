"""A deadline rule as a case's history keeps it, so that its clock outlives a change of the city's rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from config.codes import Urgency
from config.rules import DeadlineRule, Limit, Unit

_LIMITS = [each.name for each in fields(DeadlineRule) if each.name not in ("urgency", "kinds", "extensions")]


def write_rule(rule: DeadlineRule) -> dict[str, Any]:
    """`{"urgency": "urgent", "extensions": 1, "due": [3, "calendar_days"], …}`; which kinds it was for is settled."""
    limits = {name: getattr(rule, name) for name in _LIMITS}
    said = {name: [limit.amount, limit.unit.value] for name, limit in limits.items() if limit}
    return {"urgency": rule.urgency.value, "extensions": rule.extensions, **said}


def read_rule(said: Mapping[str, Any] | None) -> DeadlineRule | None:
    if said is None:
        return None
    limits: dict[str, Any] = {name: Limit(said[name][0], Unit(said[name][1])) for name in _LIMITS if name in said}
    return DeadlineRule(Urgency(said["urgency"]), extensions=said["extensions"], **limits)
