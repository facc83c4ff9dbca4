"""Where words of a list stand in a text, and how alike two texts are. Pure, and quick whatever the text is.

At one place the longest word wins, and a word of weight 0 hides the shorter ones inside it: exceptions are data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from config.words import Word

_GAP = ".{0,8}?"  # what `…` in a word stands for
_NOT_SAID = re.compile(r"[\W\d_]+")  # spaces, punctuation, digits: two replies with other dates are still one template


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: characters counted from 0, `end` excluded."""

    start: int
    end: int
    text: str


def found(text: str, words: tuple[Word, ...]) -> Iterator[Span]:
    """Every word of the list that stands in the text, from left to right, none inside another."""
    for match in _pattern(words).finditer(text) if words else ():
        if match.lastindex:
            yield Span(match.start(), match.end(), match.group())


def length(text: str) -> int:
    """Characters that say something."""
    return sum(character.isalnum() for character in text)


def likeness(one: str, other: str) -> float:
    """From 0 to 1: the share of neighbouring characters that both have (Dice). Digits and punctuation do not count."""
    a, b = _pairs(one), _pairs(other)
    together = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / together if together else 0.0


def _pairs(text: str) -> Counter[str]:
    said = _NOT_SAID.sub("", text)
    return Counter(said[n : n + 2] for n in range(len(said) - 1))


@lru_cache(maxsize=32)
def _pattern(words: tuple[Word, ...]) -> re.Pattern[str]:
    """Longest first: of several that begin at one place the longest is taken. A group for each word that counts."""
    longest_first = sorted(words, key=lambda word: -len(word.text))
    return re.compile("|".join(f"({_spelt(word)})" if word.weight else _spelt(word) for word in longest_first))


def _spelt(word: Word) -> str:
    return _GAP.join(re.escape(part) for part in word.text.split("…"))
