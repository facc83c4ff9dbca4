"""Find the city's words in what was said: the longest first, each character used once.

Chinese has no spaces to lean on, and a recogniser's spaces may stand anywhere, so words are sought as strings.
`…` in a word stands for up to eight characters of the same clause, `#` for a number. A word of weight 0 is found
like any other and counts for nothing: it keeps the shorter words inside it from being found (医生建议 hides 建议).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from config.words import Word

_GAP = "[^，。！？；：,!?;]{0,8}?"
_NOT = re.compile("(不是|并不是|并非|没有|没|未|不|无|别|不是要|不是来|不是想|不会)$")
_NOT_AFTER_ALL = re.compile(
    "(是不是|有没有|能不|可不|好不|要不|会不|差不|对不|说不|巴不|禁不|忍不|什么都没有|如果没有)$"
)
_HAPPENS = "停断漏堵着起失坏拖欠受爆泄塌倒塌被中触溺投举报"  # what begins so happens or is done; other words are things


@dataclass(frozen=True, slots=True)
class Hit:
    """A word found at text[start:end]."""

    word: Word
    start: int
    end: int

    @property
    def happens(self) -> bool:
        """停水 happens and can fail to happen; 没有路灯 is still about street lights."""
        return self.word.text[0] in _HAPPENS


class Finder:
    """Looks for many words at once. Built once per city, used for every call."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._by_head: dict[str, list[tuple[Word, re.Pattern[str] | None]]] = {}  # by the first two characters
        self._others: list[tuple[Word, re.Pattern[str]]] = []  # of one character, or beginning with a number
        for word in words:
            pattern, head = _pattern(word.text), word.text[:2]
            if len(head) == 2 and not {"#", "…"} & set(head):
                self._by_head.setdefault(head, []).append((word, pattern))
            else:
                self._others.append((word, pattern or re.compile(f"({re.escape(word.text)})")))

    def find(self, text: str) -> list[Hit]:
        """In the order of the text. Where words overlap, the one with more characters of its own stays."""
        found = sorted(self._all(text), key=lambda f: (-len(f[0].word.text), f[0].start))
        taken: set[int] = set()
        kept = []
        for hit, used in found:
            if taken.isdisjoint(used):
                taken.update(used)
                kept.append(hit)
        return sorted(kept, key=lambda h: h.start)

    def _all(self, text: str) -> Iterable[tuple[Hit, range | set[int]]]:
        known = self._by_head
        for at in range(len(text) - 1):
            if (head := text[at : at + 2]) in known:
                for word, pattern in known[head]:
                    if pattern is None and text.startswith(word.text, at):
                        end = at + len(word.text)
                        yield Hit(word, at, end), range(at, end)
                    elif pattern is not None and (match := pattern.match(text, at)):
                        yield Hit(word, at, match.end()), _used(match)
        for word, pattern in self._others:
            for match in pattern.finditer(text):
                yield Hit(word, match.start(), match.end()), _used(match)


def _pattern(text: str) -> re.Pattern[str] | None:
    if "…" not in text and "#" not in text:
        return None
    parts = (re.escape(part).replace(r"\#", "[0-9]+") for part in text.split("…"))
    return re.compile(_GAP.join(f"({part})" for part in parts))


def _used(match: re.Match[str]) -> set[int]:
    return {i for n in range(1, len(match.groups()) + 1) for i in range(*match.span(n))}


def negated(text: str, hit: Hit) -> bool:
    """Is what was found denied just before: 没有停水, 不是投诉?"""
    before = text[max(0, hit.start - 5) : hit.start]
    return bool(_NOT.search(before)) and not _NOT_AFTER_ALL.search(before)
