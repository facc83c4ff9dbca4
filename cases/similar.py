"""How alike two cases are, and why: the same person again, many people about one matter, or merely akin. Pure.

Nothing is decided here: an operator or a dispatcher reads score and reasons, and links, merges or does neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.search_words import fold, pairs
from cases.words import Labelled
from config.city import City
from config.workdays import CITY_TIME
from transcription.place_names import Part, tokens
from transcription.spoken_numbers import to_digits
from transcription.vocabulary import vocabulary

REPEATED_WITHIN = timedelta(days=90)  # of closing: the same person with the same matter is a repeat complaint
ALIKE = 0.4  # below this nobody is told
_FADES_IN_DAYS = 180
_SAME_MATTER = 0.5
_SAME_SPOT = 0.8


class Relation(Labelled):
    """What the likeness means."""

    REPEAT = "repeat", "重复投诉"
    STILL_OPEN = "still_open", "本人同一事项未办结"
    SAME_MATTER = "same_matter", "多人反映同一事项"
    AKIN = "akin", "相似工单"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a matter is, as far as it was said."""

    road: str = ""
    number: str = ""
    named: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """What of a case is compared. `words`: those of the city's categories that were said, else the summary."""

    category: str
    spot: Spot
    words: frozenset[str]
    phone: str
    at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    relation: Relation
    score: float
    reasons: tuple[str, ...]


def matter(
    city: City, *, category: str, place: str, summary: str, text: str, phone: str, at: datetime,
    closed_at: datetime | None = None,
) -> Matter:  # fmt: skip
    said = vocabulary(city).categories.finder.find(to_digits(f"{summary}，{text}"))
    words = {hit.word.text for hit in said if len(hit.word.text) > 1} or {fold(summary)}
    return Matter(category, spot_of(place or f"{summary}，{text}", city), frozenset(words), phone, at, closed_at)


def spot_of(text: str, city: City) -> Spot:
    """十二号 is 12号; of several addresses the first counts."""
    words, text = vocabulary(city), to_digits(text)
    found: dict[Part, str] = {}
    for token in tokens(text, words.places, words.districts):
        found.setdefault(token.part, text[token.start : token.end])
    return Spot(found.get(Part.ROAD, ""), found.get(Part.NUMBER, ""), found.get(Part.NAMED, ""))


def likeness(new: Matter, old: Matter) -> Likeness:
    """How alike `old` is to `new`, which is the later one."""
    where, same_place = _where(new.spot, old.spot)
    what, same_words = _what(new, old)
    days = abs((new.at.astimezone(CITY_TIME).date() - old.at.astimezone(CITY_TIME).date()).days)
    person = bool(new.phone) and new.phone == old.phone
    relation = _relation(new, old, where, what, person=person)
    score = 0.4 * where + 0.45 * what + 0.05 * max(0.0, 1 - days / _FADES_IN_DAYS) + 0.1 * person
    if relation in (Relation.REPEAT, Relation.STILL_OPEN):
        score = (1 + score) / 2  # who calls again about the same is what everybody wants to know first
    reasons = [*(["同一来电号码"] if person else []), *same_place, *same_words, f"相隔 {days} 天" if days else "同一天"]
    return Likeness(relation, round(score, 2), tuple(reasons))


def same_matter(one: Matter, other: Matter) -> float:
    """How far both are about the same kind of thing, wherever it is; 0 when they are not."""
    what, _ = _what(one, other)
    return what if what >= _SAME_MATTER else 0.0


def _relation(new: Matter, old: Matter, where: float, what: float, *, person: bool) -> Relation:
    same = what >= _SAME_MATTER and (where >= _SAME_SPOT or (person and not _elsewhere(new.spot, old.spot)))
    if not same:
        return Relation.AKIN
    if not person:
        return Relation.SAME_MATTER
    if old.closed_at is None:
        return Relation.STILL_OPEN
    return Relation.REPEAT if new.at - old.closed_at <= REPEATED_WITHIN else Relation.AKIN


def _where(one: Spot, other: Spot) -> tuple[float, list[str]]:
    same_road, same_name = bool(one.road) and one.road == other.road, bool(one.named) and one.named == other.named
    if same_road and one.number and one.number == other.number:
        return 1.0, [f"同一地址“{one.road}{one.number}”"]
    if same_name:
        return (0.4 if _elsewhere(one, other) else 0.9), [f"同在“{one.named}”"]
    return (0.2 if _elsewhere(one, other) else 0.6, [f"同在“{one.road}”"]) if same_road else (0.0, [])


def _elsewhere(one: Spot, other: Spot) -> bool:
    """Both said where, and it is not the same."""
    said = (one.road, other.road), (one.named, other.named), (one.number, other.number)
    return any(mine and theirs and mine != theirs for mine, theirs in said)


def _what(one: Matter, other: Matter) -> tuple[float, list[str]]:
    """路灯不亮 and 路灯坏 are two words with a pair in common."""
    same = sorted(one.words & other.words, key=lambda word: (-len(word), word))
    mine, theirs = (frozenset(pair for word in each.words for pair in pairs(word)) for each in (one, other))
    fewer = min(len(mine), len(theirs))
    overlap = len(mine & theirs) / fewer if fewer else 0.0
    alike = one.category != "" and one.category == other.category
    reasons = [f"都说到{_quoted(same or sorted(mine & theirs))}"] if mine & theirs else []
    return 0.3 * alike + 0.7 * overlap, [*reasons, *(["类别相同"] if alike else [])]


def _quoted(words: list[str]) -> str:
    return "".join(f"“{word}”" for word in words[:3])
