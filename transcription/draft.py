"""A draft case (工单草稿): what the words of a call suggest, each guess with its reason and the sentence it came from.

A draft never decides: a person corrects it and registers it. So every guess says why it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from config.city import City
from config.codes import Kind, Part, Urgency
from transcription.categories import categories
from transcription.guess import NOWHERE, Doubt, Guess, Source, Suggestion
from transcription.phones import phone
from transcription.places import place
from transcription.responsible import accused, departments
from transcription.sentences import Sentence, sentences
from transcription.summary import summary
from transcription.transcript import Transcript, Utterance
from transcription.vocabulary import vocabulary
from transcription.wishes import kind, urgency

__all__ = ["NOWHERE", "Doubt", "Draft", "Guess", "Kind", "Part", "Source", "Suggestion", "Urgency", "draft"]

_UNSURE = 0.35
_HEARD_BADLY = 0.9  # right words are recognised with 0.99 on average, wrong ones with 0.8
_MOST_DOUBTS = 12
_PLACELESS = {Kind.CONSULTATION, Kind.PRAISE}  # a question about a pension is nowhere
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
    """What these words suggest to this city. `caller` is the number they call from, "" if unknown."""
    heard, words = sentences(said), vocabulary(city)
    ranked, matter = categories(heard, city, words)
    usual = _usual_kind(city, ranked)
    wanted = kind(heard, words, usual)
    pressing = urgency(heard, words, Kind(wanted.value))
    if pressing.value == Urgency.AT_ONCE:
        wanted = kind(heard, words, usual, danger=True)
    where, district = place(heard, words, matter)
    chosen = departments(heard, city, words, ranked, district, where)
    found = Draft(
        kind=wanted,
        urgency=pressing,
        place=where,
        phone=phone(heard, caller),
        summary=summary(heard, words, where),
        categories=ranked,
        departments=chosen,
        district=district,
        drafted_at=now,
    )
    doubts = accused(heard, words, Kind(wanted.value), chosen)
    return replace(found, needs_review=(*doubts, *review(found, heard)))


def _usual_kind(city: City, ranked: Sequence[Guess]) -> Kind | None:
    category = city.category(ranked[0].value) if ranked else None
    return (category.usual_kind or Kind.HELP) if category else None


def review(found: Draft, heard: Sequence[Sentence]) -> list[Doubt]:
    """What a person should look at first: guesses that are hardly more than that, and words heard badly."""
    doubts = [Doubt(name, reason) for name, guess, reason in _weak(found) if guess < _UNSURE]
    for sentence in heard:
        badly = [w.text for w in sentence.words if w.confidence < _HEARD_BADLY]
        if badly and sentence.is_citizens and sentence.weight:
            doubts.append(Doubt("words", f"没有听清：{'、'.join(dict.fromkeys(badly))}", sentence.source))
    return list(dict.fromkeys(doubts))[:_MOST_DOUBTS]


def _weak(found: Draft) -> list[tuple[str, float, str]]:
    category = found.categories[0].score if found.categories else 0.0
    needs_place = found.place.value or found.kind.value not in _PLACELESS
    return [
        ("kind", found.kind.score, f"诉求类型不确定：{found.kind.reason}"),
        ("category", category, "类别不确定，请核对" if found.categories else "没有听出类别，请填写"),
        (
            "place",
            found.place.score if needs_place else 1.0,
            "没有听到地点，请询问" if not found.place.value else "地点不确定，请核对",
        ),
        ("departments", 1.0 if found.departments else 0.0, "没有想到合适的单位，请选择"),
        ("phone", 1.0 if found.phone.value else 0.0, "没有联系电话，请询问"),
    ]
