"""How long the city keeps what is personal: for each class of archived cases, and for each kind of thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CLASSES = ("short", "standard", "long")
THINGS = ("identity", "words", "recording")

Days = Mapping[str, int]  # thing -> days; what is not in it is kept for ever


@dataclass(frozen=True, slots=True)
class Retention:
    """class -> thing -> days from closing. Empty: everything is kept for ever."""

    classes: Mapping[str, Days] = field(default_factory=lambda: MappingProxyType({}))
