"""A city's words made ready for finding. Made once per city: a call is read in a millisecond."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from config.city import City
from config.codes import Kind, Urgency
from config.words import Word
from transcription.cues import Finder
from transcription.spoken_numbers import to_digits

# A word that decides (3) must outweigh several that only hint (1): 3, 1.3, 0.3; said outright (5): 8.3.
_STRENGTH = 3.0
MENTION = 4.0  # the weight of a department's own name


def strength(weight: float) -> float:
    return weight * weight / _STRENGTH


@dataclass(frozen=True)
class Tagged:
    """Words of several codes looked for together, so that a longer word of one hides a shorter word of another."""

    finder: Finder
    codes: Mapping[str, tuple[tuple[str, float], ...]]  # word -> its codes, each with the word's strength there


@dataclass(frozen=True)
class Vocabulary:
    categories: Tagged
    departments: Tagged
    names: Tagged
    kinds: Mapping[Kind, Finder]
    urgencies: Mapping[Urgency, Finder]
    places: Finder
    districts: Mapping[str, str]  # a place's name -> its district


@lru_cache(maxsize=8)
def vocabulary(city: City) -> Vocabulary:
    listed = {name: d.name for d in city.districts for name in (*d.inside, *d.names)}
    districts = {
        to_digits(name): district for name, district in listed.items()
    } | listed  # 滨江一号 is heard as 滨江1号
    return Vocabulary(
        categories=_tagged((c.code, c.words) for c in city.categories),
        departments=_tagged((d.code, d.words) for d in city.departments),
        names=_tagged((d.code, tuple(Word(n, MENTION) for n in d.names)) for d in city.departments),
        kinds={k.kind: Finder(k.words) for k in city.kinds},
        urgencies={u.urgency: Finder(u.words) for u in city.urgencies},
        places=Finder(Word(name) for name in districts),
        districts=districts,
    )


def _tagged(lists: Iterable[tuple[str, tuple[Word, ...]]]) -> Tagged:
    codes: dict[str, list[tuple[str, float]]] = {}
    for code, words in lists:
        for word in words:
            codes.setdefault(word.text, []).append((code, strength(word.weight)))
    return Tagged(Finder(Word(text) for text in codes), {text: tuple(found) for text, found in codes.items()})
