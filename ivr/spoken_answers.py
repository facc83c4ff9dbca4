"""What a citizen's spoken answer means: one of a question's choices, or digits. Pure: the same on every telephone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ivr.spoken_words import SPOKEN_DIGITS

# As people say them to a telephone: 1 is 幺 or 一, 2 is 二 or 两.
_DIGITS = {word: str(digit) for digit, word in enumerate(SPOKEN_DIGITS)} | {"一": "1", "两": "2", "〇": "0"}
DIGIT_WORDS = ("零", "一", "幺", "二", "两", "三", "四", "五", "六", "七", "八", "九")


class Sayable(Protocol):
    """A key, and the words that may be said instead."""

    @property
    def key(self) -> str: ...
    @property
    def words(self) -> tuple[str, ...]: ...


def chosen(choices: Iterable[Sayable], words: str) -> str:
    """The key of the choice with the longest word that was said, so that 不满意 is not 满意; two alike are none: ""."""
    said = "".join(words.split())
    found = [(max((len(w) for w in choice.words if w in said), default=0), choice.key) for choice in choices]
    best = max(found, default=(0, ""))
    alone = best[0] > 0 and sum(length == best[0] for length, _key in found) == 1
    return best[1] if alone else ""


def digits_said(words: str) -> str:
    """`幺三 八` -> 138; "" when anything else was said, too."""
    said = "".join(words.split())
    digits = [_DIGITS.get(word, word) for word in said]
    return "".join(digits) if all(d.isascii() and d.isdigit() for d in digits) else ""
