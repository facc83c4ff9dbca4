"""Small-cell suppression: a published count of one or two may be somebody whom the neighbours know. Pure.

A hidden cell beside a total can be computed from it; so where one alone would be hidden, the next smallest is as well.
"""

from __future__ import annotations

from collections.abc import Mapping


def published(counts: Mapping[str, int], smallest: int) -> dict[str, int | None]:
    """The counts that may be published; None for those that may not. The total of all may stand beside them."""
    hidden = {name for name, count in counts.items() if 0 < count < smallest}
    rest = {name: count for name, count in counts.items() if name not in hidden and count > 0}
    if hidden and sum(counts[name] for name in hidden) < smallest and rest:
        hidden.add(min(rest, key=lambda name: (rest[name], name)))
    return {name: None if name in hidden else count for name, count in counts.items()}


def published_rate(n: int, of: int, smallest: int) -> float | None:
    """A share, unless it is told by so few that each could be guessed; all or nobody of few tells of each as well."""
    few = of < smallest or 0 < n < smallest or 0 < of - n < smallest
    return None if few else round(n / of, 4)
