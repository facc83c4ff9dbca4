"""How long the city gives a department: rules of deadlines as data. The arithmetic of days lives with the cases."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from config.codes import Kind, Labelled, Urgency


class Unit(Labelled):
    """What a limit counts."""

    MINUTES = "minutes", "分钟"
    HOURS = "hours", "小时"
    CALENDAR_DAYS = "calendar_days", "个自然日"
    WORKING_DAYS = "working_days", "个工作日"


@dataclass(frozen=True, slots=True)
class Limit:
    """A span of time in the city's own terms. `3 working_days` is no number of hours."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount}{self.unit.label}"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """The limits of one urgency, perhaps only for some kinds (`kinds` empty: for all)."""

    urgency: Urgency
    due: Limit
    kinds: tuple[Kind, ...] = ()
    sign: Limit | None = None
    first_contact: Limit | None = None
    return_window: Limit | None = None
    extension: Limit | None = None
    extensions: int = 0
    rework: Limit | None = None
    first_result: Limit | None = None

    @property
    def version(self) -> str:
        """Changes with the content: `ordinary-3fd2a10c`. A case keeps it, so that an old deadline can be told apart."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        text = "\n".join(f"{name} {_spelt(value)}" for name, value in said.items() if value)
        return f"{self.urgency}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def working_days(self) -> int:
        """How many working days this rule may reach ahead, extensions included."""
        longest = max(_working(self.due) + _working(self.extension) * self.extensions, _working(self.rework))
        return max(longest, *map(_working, (self.sign, self.first_contact, self.first_result, self.return_window)))


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Presets by name; `preset` is the one in force."""

    preset: str = ""
    presets: Mapping[str, tuple[DeadlineRule, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def rule(self, urgency: Urgency, kind: Kind | None = None, preset: str = "") -> DeadlineRule:
        """The rule for this urgency: one that names the kind before one that names none. KeyError without any."""
        rules = [r for r in self.presets[preset or self.preset] if r.urgency is urgency]
        for rule in sorted(rules, key=lambda r: not r.kinds):
            if not rule.kinds or kind in rule.kinds:
                return rule
        raise KeyError(f"{preset or self.preset}: {urgency}")

    def in_force(self) -> tuple[DeadlineRule, ...]:
        return self.presets.get(self.preset, ())


def _working(limit: Limit | None) -> int:
    return limit.amount if limit and limit.unit is Unit.WORKING_DAYS else 0


def _spelt(value: object) -> str:
    if isinstance(value, Limit):
        return f"{value.amount} {value.unit.value}"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
