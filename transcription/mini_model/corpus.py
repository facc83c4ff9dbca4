"""What a hotline hears: sentences drawn from the patterns in data/sentences.txt. A sentence is a list of words."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from transcription.mini_model.lexicon import DATA

Sentence = list[str]
RANDOM_SHARE = 0.25  # of training sentences: words in no order, so that the network learns sounds and not sentences


@dataclass(frozen=True)
class Corpus:
    """`slots`: name -> words that may stand there. `patterns`: sentences, `{name}` where a slot is."""

    slots: Mapping[str, list[str]]
    patterns: list[Sentence]

    @classmethod
    def load(cls, path: Path = DATA / "sentences.txt") -> Corpus:
        return cls.parse(path.read_text(encoding="utf-8").splitlines())

    @classmethod
    def parse(cls, lines: Iterable[str]) -> Corpus:
        slots: dict[str, list[str]] = {}
        patterns: list[Sentence] = []
        for line in (line.strip() for line in lines):
            if line.startswith("@"):
                name, _colon, members = line[1:].partition(":")
                slots.setdefault(name, []).extend(members.split())
            elif line and not line.startswith("#"):
                words = line.split()
                patterns += [words[1:]] * int(words[0][1:]) if words[0].startswith("*") else [words]
        return cls(slots, patterns)

    def with_words(self, more: Mapping[str, Iterable[str]]) -> Corpus:
        """More words for slots (a city's own departments, streets, ...)."""
        names = self.slots.keys() | more.keys()
        return Corpus(
            {n: list(dict.fromkeys([*self.slots.get(n, []), *more.get(n, [])])) for n in names}, self.patterns
        )

    def vocabulary(self) -> set[str]:
        fixed = {w for pattern in self.patterns for w in pattern if not w.startswith("{")}
        return fixed.union(*self.slots.values())

    def sentence(self, rng: random.Random) -> Sentence:
        pattern = rng.choice(self.patterns)
        return [rng.choice(self.slots[w[1:-1]]) if w.startswith("{") else w for w in pattern]

    def split(self, training: int, testing: int, rng: random.Random) -> tuple[list[Sentence], list[Sentence]]:
        """Sentences to learn from and sentences to be tested with; no test sentence is ever learned."""
        held_out: dict[tuple[str, ...], Sentence] = {}
        while len(held_out) < testing:
            sentence = self.sentence(rng)
            if len(sentence) >= 5:
                held_out[tuple(sentence)] = sentence
        words = sorted(self.vocabulary())
        learned: list[Sentence] = []
        while len(learned) < training:
            jumbled = rng.random() < RANDOM_SHARE
            sentence = rng.choices(words, k=rng.randint(2, 7)) if jumbled else self.sentence(rng)
            if tuple(sentence) not in held_out:
                learned.append(sentence)
        return learned, list(held_out.values())
