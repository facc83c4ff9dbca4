"""Which words there are, and how they sound: word -> pinyin -> phonemes.

Phonemes are espeak-ng's own; tones are dropped, so 是 and 十 sound alike and the sentences decide. Inside a word a
phoneme carries its position (B, I, E, S as in Kaldi's recipes), which gives word boundaries and exact word times.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DATA = Path(__file__).parent / "data"
SILENCE, NOISE, UNKNOWN = "SIL", "SPN_S", "[unk]"


class UnknownSound(ValueError):
    """Words without a reading, or with syllables that the acoustic model has never heard."""


def table(path: Path) -> dict[str, list[str]]:
    """`key<TAB>part part ...`, without comments."""
    lines = (line.rstrip("\n") for line in path.open(encoding="utf-8"))
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {row[0]: row[1].split() for row in rows}


@dataclass(frozen=True)
class Lexicon:
    """`readings`: word -> pinyin. `syllables`: syllable -> phonemes. `outputs`: phoneme -> outputs of the network."""

    readings: Mapping[str, list[str]]
    syllables: Mapping[str, list[str]]
    outputs: Mapping[str, list[int]]

    @classmethod
    def load(cls, words: Path = DATA / "words.txt", extra: Mapping[str, list[str]] | None = None) -> Lexicon:
        outputs = {phone: [int(n) for n in ids] for phone, ids in table(DATA / "phones.txt").items()}
        return cls({**table(words), **(extra or {})}, table(DATA / "syllables.txt"), outputs)

    def only(self, words: set[str]) -> Lexicon:
        """Reduced to these words. Raises UnknownSound with all words that cannot be spoken."""
        silent = sorted(w for w in words if w not in self.readings)
        if silent:
            raise UnknownSound(f"words.txt does not say how these are spoken: {' '.join(silent)}")
        return Lexicon({w: self.readings[w] for w in sorted(words)}, self.syllables, self.outputs)

    def sounds(self, word: str) -> list[str]:
        """The phonemes of a word."""
        return [phone for syllable in self.readings[word] for phone in self._of(syllable)]

    def _of(self, syllable: str) -> list[str]:
        phones = self.syllables.get(syllable) or self.syllables.get(syllable.rstrip("12345"))
        unheard = [p for p in phones or () if p not in self.outputs]
        if not phones or unheard:
            raise UnknownSound(f"no word may have the syllable '{syllable}': not Mandarin, or never taught")
        return phones

    @cached_property
    def pronunciations(self) -> dict[str, list[str]]:
        """Word -> phonemes with their position: `p_B Au_E`, alone `@r_S`."""
        found = {UNKNOWN: [NOISE]}
        for word in self.readings:
            phones = self.sounds(word)
            positions = "S" if len(phones) == 1 else "B" + "I" * (len(phones) - 2) + "E"
            found[word] = [f"{phone}_{position}" for phone, position in zip(phones, positions, strict=True)]
        return found

    @cached_property
    def phone_ids(self) -> dict[str, int]:
        """Kaldi's numbers for phonemes; 0 is epsilon."""
        used = sorted({p for phones in self.pronunciations.values() for p in phones} - {NOISE})
        return {name: number for number, name in enumerate(["<eps>", SILENCE, NOISE, *used])}

    @cached_property
    def homophones(self) -> dict[str, int]:
        """Word -> 1, 2, ... among words that sound alike, 0 for a word that sounds like no other."""
        same: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for word, phones in sorted(self.pronunciations.items()):
            same[tuple(phones)].append(word)
        return {w: (k if len(words) > 1 else 0) for words in same.values() for k, w in enumerate(words, 1)}

    @property
    def output_count(self) -> int:
        return max(max(ids) for ids in self.outputs.values()) + 1

    def phone_counts(self) -> Counter[str]:
        """How often each phoneme occurs in the list of words."""
        return Counter(p for word in self.readings for p in self.sounds(word))


def base(phone: str) -> str:
    """Without its position."""
    return phone if phone == SILENCE else phone[:-2]
