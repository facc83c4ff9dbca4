"""How a figure comes about: what is counted, what of it succeeded, and which cases did not. Pure.

A rate belongs to a period by the date of its denominator event. What nobody can know yet (its time has not run out, and
it has not happened) is pending: shown apart, in neither number. What was taken out (剔除) is shown apart as well.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from cases.figures.facts import Facts
from cases.figures.period import Period

Z = 1.96  # 95 %, two-sided


class Counted(Protocol):
    """Whatever a rate counts: `ref` is the case's number or the call's id by which people can look at it."""

    @property
    def ref(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def department(self) -> str: ...


T = TypeVar("T", bound=Counted)


@dataclass(frozen=True)
class Rate(Generic[T]):
    """A rate as data. `of`, `counts` and `leaves_out` say in words what the functions do.

    `when`: the moment of the denominator event, None if there is none. `until`: up to then a miss is not a miss yet.
    `good`: whether more is better; the exceptions of a rate are the misses of a good one and the hits of a bad one.
    """

    code: str
    name: str
    of: str
    counts: str
    over: Callable[[Facts], Iterable[T]]
    when: Callable[[T], datetime | None]
    hit: Callable[[T], bool]
    until: Callable[[T], datetime | None] = lambda _fact: None
    leaves_out: str = ""
    good: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """n of N, with what is behind either. Names in `hits` and `misses` are case numbers, or ids of calls without one.

    A case may stand in them more than once, when it is counted more than once (two departments, two returns).
    """

    code: str
    name: str
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    good: bool = True

    @property
    def n(self) -> int:
        return len(self.hits)

    @property
    def of(self) -> int:
        return len(self.hits) + len(self.misses)

    @property
    def share(self) -> float | None:
        """From 0 to 1; None when there was nothing to count."""
        return self.n / self.of if self.of else None

    @property
    def exceptions(self) -> tuple[str, ...]:
        return self.misses if self.good else self.hits

    def __str__(self) -> str:
        return f"{self.n}/{self.of}" + (f"（{self.share:.1%}）" if self.share is not None else "")


Excluded = Mapping[str, Collection[str]]  # figure's code -> numbers of cases; "" is every figure


def measure(rate: Rate[T], facts: Facts, period: Period, excluded: Excluded) -> Figure:
    """The rate in this period, everybody taken together."""
    return _figure(rate, [fact for _department, fact in _of_period(rate, facts, period)], facts.now, excluded)


def measure_each(rate: Rate[T], facts: Facts, period: Period, excluded: Excluded) -> dict[str, Figure]:
    """The rate of each department that has anything to count in this period."""
    each: dict[str, list[T]] = defaultdict(list)
    for department, fact in _of_period(rate, facts, period):
        each[department].append(fact)
    return {department: _figure(rate, found, facts.now, excluded) for department, found in each.items() if department}


def _of_period(rate: Rate[T], facts: Facts, period: Period) -> Iterator[tuple[str, T]]:
    """What the rate counts in this period; what is still to come does not count yet."""
    for fact in rate.over(facts):
        at = rate.when(fact)
        if at is not None and at <= facts.now and period.has(at):
            yield fact.department, fact


def _figure(rate: Rate[T], found: Iterable[T], now: datetime, excluded: Excluded) -> Figure:
    out = {*excluded.get("", ()), *excluded.get(rate.code, ())}
    parts: dict[str, list[str]] = {"hits": [], "misses": [], "pending": [], "excluded": []}
    for fact in found:
        parts[_part(rate, fact, now, out)].append(fact.ref)
    return Figure(rate.code, rate.name, good=rate.good, **{name: tuple(sorted(refs)) for name, refs in parts.items()})


def _part(rate: Rate[T], fact: T, now: datetime, out: Collection[str]) -> str:
    if fact.number and fact.number in out:
        return "excluded"
    if rate.hit(fact):
        return "hits"
    until = rate.until(fact)
    return "pending" if until is not None and until > now else "misses"


def wilson(n: int, of: int) -> float:
    """The lower bound of the 95 % interval of n/of: what a department has shown, few cases counting little."""
    if of == 0:
        return 0.0
    share = n / of
    spread = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return max(0.0, (share + Z * Z / (2 * of) - spread) / (1 + Z * Z / of))


def percentile(values: Collection[float], part: float) -> float | None:
    """The smallest value that at least this part of all values does not exceed; None without any."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else None
