"""A draft case (工单草稿): what the words of a call suggest, each guess with its reason and the sentence it came from.

A draft never decides: a person corrects it and registers it. So every guess says why it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.city import City
from config.codes import Kind, Part, Urgency
from transcription.guess import NOWHERE, Doubt, Guess, Source, Suggestion
from transcription.transcript import Transcript, Utterance

__all__ = ["NOWHERE", "Doubt", "Draft", "Guess", "Kind", "Part", "Source", "Suggestion", "Urgency", "draft"]

_PLAIN = ("kind", "urgency", "place", "phone", "summary")


@dataclass(frozen=True, slots=True)
class Draft:
    """`categories` and `departments` are ranked, best first. `district` is where `place` lies, "" if unknown."""

    kind: Guess
    urgency: Guess
    place: Guess
    phone: Guess
    summary: Guess
    categories: tuple[Guess, ...] = ()
    departments: tuple[Suggestion, ...] = ()
    district: str = ""
    needs_review: tuple[Doubt, ...] = ()
    drafted_at: datetime | None = None

    @property
    def category(self) -> str:
        """The code of the likeliest category, or "" when nothing pointed to one."""
        return self.categories[0].value if self.categories else ""

    @property
    def lead(self) -> str:
        """The code of the department that should lead, or ""."""
        return next((d.department for d in self.departments if d.part is Part.LEAD), "")

    @property
    def assisting(self) -> tuple[str, ...]:
        return tuple(d.department for d in self.departments if d.part is Part.ASSISTING)

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Guess] = {name: getattr(self, name) for name in _PLAIN}
        return {
            **{name: guess.value for name, guess in plain.items()},
            "category": [{"code": g.value, **g.to_json()} for g in self.categories],
            "departments": [d.to_json() for d in self.departments],
            "district": self.district,
            "reasons": {name: guess.to_json() for name, guess in plain.items()},
            "needs_review": [d.to_json() for d in self.needs_review],
            "drafted_at": self.drafted_at.isoformat() if self.drafted_at else None,
        }

    @classmethod
    def from_json(cls, v: Mapping[str, Any]) -> Draft:
        """The inverse of `to_json`. Raises KeyError or ValueError for anything else."""
        reasons = v.get("reasons", {})
        at = v.get("drafted_at")
        return cls(
            **{name: Guess.from_json(v[name], reasons.get(name, {})) for name in _PLAIN},
            categories=tuple(Guess.from_json(c["code"], c) for c in v["category"]),
            departments=tuple(Suggestion.from_json(d) for d in v["departments"]),
            district=v.get("district", ""),
            needs_review=tuple(Doubt.from_json(d) for d in v.get("needs_review", ())),
            drafted_at=datetime.fromisoformat(at) if at else None,
        )


def draft(said: str | Sequence[Utterance] | Transcript, city: City, *, caller: str = "", now: datetime) -> Draft:
    """What these words suggest. The rules come next; until then every field says that it does not know."""
    unknown = Guess("", 0.0, "没有听到")
    return Draft(
        kind=Guess(Kind.CONSULTATION, 0.0, "没有听到诉求"),
        urgency=Guess(Urgency.ORDINARY, 0.0, "没有紧急的说法"),
        place=unknown,
        phone=Guess(caller, 0.5 if caller else 0.0, "市民没有说，取来电号码" if caller else "没有听到"),
        summary=unknown,
        drafted_at=now,
    )
