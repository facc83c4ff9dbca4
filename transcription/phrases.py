"""Phrases of call flows in the words of a speech model: 解决了 is 解决 and 了 where the model knows no 解决了. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection


def in_words(phrase: str, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """The fewest words of the model that make up this phrase; () when it cannot be said in them."""
    text = "".join(phrase.split())
    best: list[tuple[str, ...] | None] = [(), *([None] * len(text))]  # of the first n characters
    for end in range(1, len(text) + 1):
        for start in range(end):
            before = best[start]
            if before is None or not knows(text[start:end]):
                continue
            found = best[end]
            if found is None or len(before) + 1 < len(found):
                best[end] = (*before, text[start:end])
    return best[-1] or ()


def sayable(vocabulary: Collection[str] | None) -> Callable[[str], bool] | None:
    """Can a model of this vocabulary understand a phrase? None when its vocabulary is not known."""
    return (lambda phrase: bool(in_words(phrase, vocabulary.__contains__))) if vocabulary else None
