"""Which word follows which: a trigram with absolute discounting and back-off (Ney, Essen and Kneser 1994).

Every word of the vocabulary can follow every other one through the unigrams: an unforeseen sentence is heard too.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from transcription.mini_model.corpus import Sentence
from transcription.mini_model.fst import Fst
from transcription.mini_model.lexicon import UNKNOWN

ORDER = 3
DISCOUNT = 0.5
EVEN_SHARE = 0.05  # of the unigrams' mass, spread evenly over the vocabulary
UNKNOWN_SHARE = 0.003
BEGIN, END = "<s>", "</s>"
History = tuple[str, ...]
BACK_OFF = 0  # label of the back-off arcs: epsilon


def _counts(sentences: Iterable[Sentence]) -> dict[History, Counter[str]]:
    counts: dict[History, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        words = [BEGIN, *sentence, END]
        for at in range(1, len(words)):
            for length in range(min(ORDER - 1, at) + 1):
                counts[tuple(words[at - length : at])][words[at]] += 1
    return counts


class Ngram:
    """`probability[history][word]` for what was seen, `back_off[history]` for the rest."""

    def __init__(self, sentences: Iterable[Sentence], vocabulary: Iterable[str]) -> None:
        counts = _counts(sentences)
        self.probability: dict[History, dict[str, float]] = {(): self._unigrams(counts[()], sorted(vocabulary))}
        self.back_off: dict[History, float] = {}
        for history in sorted((h for h in counts if h), key=len):
            self._add(history, counts[history])

    @staticmethod
    def _unigrams(seen: Counter[str], vocabulary: list[str]) -> dict[str, float]:
        total = sum(seen.values())
        even = EVEN_SHARE / len(vocabulary)
        found = {w: (1 - EVEN_SHARE) * seen[w] / total + even for w in [*vocabulary, END]}
        found[UNKNOWN] = UNKNOWN_SHARE
        mass = sum(found.values())
        return {w: p / mass for w, p in found.items()}

    def _add(self, history: History, seen: Counter[str]) -> None:
        total = sum(seen.values())
        self.probability[history] = {w: (n - DISCOUNT) / total for w, n in seen.items()}
        covered = sum(self._of(w, history[1:]) for w in seen)
        self.back_off[history] = DISCOUNT * len(seen) / total / max(1e-9, 1 - covered)

    def _of(self, word: str, history: History) -> float:
        share = 1.0
        while word not in self.probability[history]:
            share *= self.back_off[history]
            history = history[1:]
        return share * self.probability[history][word]

    def fst(self, word_ids: Mapping[str, int]) -> Fst:
        """As an acceptor: a state for every history, costs are negative logarithms."""
        fst = Fst()
        start = (BEGIN,)
        states = {h: fst.state() for h in [start, *(h for h in self.probability if h != start)]}
        for history, state in states.items():
            for word, p in self.probability[history].items():
                if word == END:
                    fst.final[state] = -math.log(p)
                else:
                    after = states[_known((*history, word), states)]
                    fst.arc(state, word_ids[word], word_ids[word], -math.log(p), after)
            if history:
                fst.arc(state, BACK_OFF, BACK_OFF, -math.log(self.back_off[history]), states[history[1:]])
        return fst


def _known(history: History, states: Mapping[History, int]) -> History:
    history = history[-(ORDER - 1) :]
    while history not in states:
        history = history[1:]
    return history
