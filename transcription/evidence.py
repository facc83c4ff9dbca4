"""What speaks for a code: which words, in which sentences, how strongly. Every score can be read back as a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

from transcription.guess import NOWHERE, Source

_AGAIN = 0.25  # the same word said again adds little: people repeat themselves


@dataclass
class Evidence:
    """Adds up while reading, and is read out once."""

    score: float = 0.0
    words: dict[str, float] = field(default_factory=dict)
    source: Source = NOWHERE
    _best: float = 0.0

    def add(self, word: str, worth: float, source: Source) -> None:
        """A word found; `source` becomes the source of the whole when it is the strongest so far."""
        said = self.words.get(word, 0.0)
        self.score += max(worth, said) - said if said else worth
        self.score += min(worth, said) * _AGAIN
        self.words[word] = max(said, worth)
        if worth > self._best:
            self._best, self.source = worth, source

    @property
    def strongest(self) -> str:
        """`“停水”“没人管”`: the words that weighed most, for the reason."""
        ordered = sorted(self.words, key=lambda w: -self.words[w])
        return "".join(f"“{w.replace('…', '……')}”" for w in ordered[:3])


def collect(into: dict[str, Evidence], code: str, word: str, worth: float, source: Source) -> None:
    into.setdefault(code, Evidence()).add(word, worth, source)


def sureness(score: float, rivals: float) -> float:
    """From 0 to 1: how much there is, and how much of it speaks for this one."""
    if score <= 0:
        return 0.0
    amount = score / (score + 1.5)
    share = score / (score + rivals)
    return round(amount * sqrt(share), 2)


def ranked(found: Mapping[str, Evidence]) -> list[tuple[str, Evidence]]:
    """Best first; by code among equals, so that the same words always give the same draft."""
    return sorted(found.items(), key=lambda item: (-item[1].score, item[0]))
