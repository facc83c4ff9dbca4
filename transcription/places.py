"""Where the matter is: the parts of an address that belong together, and of several addresses the likeliest.

The address of the matter stands beside the matter; `我家住…` is where the citizen lives, which counts less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transcription.guess import Guess
from transcription.place_names import Part, Token, tokens
from transcription.sentences import Sentence
from transcription.vocabulary import Vocabulary

_WORTH = {Part.ROAD: 3.0, Part.NAMED: 2.5, Part.NUMBER: 1.5, Part.BUILDING: 1.0, Part.CROSSING: 1.0, Part.STREET: 1.5,
          Part.DISTRICT: 0.8, Part.NEAR: 0.4, Part.BARE: 0.3}  # fmt: skip
_STRONG = {Part.ROAD, Part.NAMED, Part.STREET, Part.DISTRICT}
_ORDER = [Part.DISTRICT, Part.STREET, Part.ROAD, Part.NUMBER, Part.CROSSING, Part.NAMED, Part.BUILDING, Part.BARE]
_BETWEEN = re.compile("(的|上|里|市|，|,|、|那个|这个|这边|那边|和|与|跟|到|至|靠近|那里|这里|往|第)*")
_FILLERS = re.compile("那个|这个|这边|那边|那里|这里|，|,")
_HERE = re.compile("地址|位置|位于|就在|地点|发生在")
_HOME = re.compile("(住在|家住|我住|家在|我家在|我是|我们是)$")
_WHERE = re.compile("地址|位置|哪里|哪儿|什么地方|哪个小区|哪条路|具体")


@dataclass(frozen=True, slots=True)
class Address:
    """Parts that follow each other in one sentence."""

    sentence: Sentence
    parts: tuple[Token, ...]
    score: float

    @property
    def text(self) -> str:
        said = self.sentence.text[self.parts[0].start : self.parts[-1].end]
        return _FILLERS.sub("", said)

    @property
    def district(self) -> str:
        return next((t.district for t in self.parts if t.district), "")

    def has(self, *parts: Part) -> bool:
        return any(t.part in parts for t in self.parts)

    @property
    def is_answer(self) -> bool:
        """Little else was said, or it was asked for: this completes another address."""
        return len(self.text) >= 0.6 * len(self.sentence.text) or bool(_WHERE.search(self.sentence.asked))


def place(said: Sequence[Sentence], words: Vocabulary, matter: Iterable[Sentence]) -> tuple[Guess, str]:
    """The place and its district ("" if unknown). `matter`: the sentences that say what the matter is."""
    about = {id(s) for s in matter}
    found = [a for s in said for a in _addresses(s, words, id(s) in about)]
    if not found:
        return Guess("", 0.0, "没有听到地点"), ""
    best = max(found, key=lambda a: a.score)
    text, district = _completed(best, found)
    return Guess(text, _sureness(best), _why(best, district), best.sentence.source), district


def _addresses(sentence: Sentence, words: Vocabulary, is_matter: bool) -> Iterable[Address]:
    for chain in _chains(sentence.text, tokens(sentence.text, words.places, words.districts)):
        if any(t.part in _STRONG for t in chain):
            yield Address(sentence, tuple(chain), _score(sentence, chain, is_matter))


def _chains(text: str, found: list[Token]) -> Iterable[list[Token]]:
    chain: list[Token] = []
    for token in found:
        if chain and not _joins(text, chain, token):
            yield _trimmed(chain)
            chain = []
        if chain or token.part in _STRONG:
            chain.append(token)
    if chain:
        yield _trimmed(chain)


def _joins(text: str, chain: list[Token], token: Token) -> bool:
    gap = text[chain[-1].end : token.start]
    if not _BETWEEN.fullmatch(gap):
        return False
    return not (token.part in (Part.NUMBER, Part.CROSSING) and gap)


def _trimmed(chain: list[Token]) -> list[Token]:
    """A district alone at the end, such as 城管局…临江区, ends an address badly."""
    while len(chain) > 1 and chain[-1].part is Part.DISTRICT:
        chain = chain[:-1]
    return chain


def _score(sentence: Sentence, chain: list[Token], is_matter: bool) -> float:
    worth = sum(_WORTH[t.part] for t in chain)
    before = sentence.text[max(0, chain[0].start - 6) : chain[0].start]
    if is_matter:
        worth += 2.0
    if _HERE.search(before) or _WHERE.search(sentence.asked):
        worth += 2.0
    if _HOME.search(before):
        worth -= 2.0
    return max(worth, 0.1) * sentence.weight


def _completed(best: Address, found: list[Address]) -> tuple[str, str]:
    """The best address with what another one adds to it: first 停水的是阳光小区, later 在建设路32号."""
    district = best.district
    for other in found:
        if other is best or not (best.is_answer or other.is_answer) or not _adds(best, other):
            continue
        first, second = sorted(
            (best, other), key=lambda a: min(_ORDER.index(t.part) for t in a.parts if t.part in _ORDER)
        )
        return first.text + second.text, district or other.district
    return best.text, district


def _adds(best: Address, other: Address) -> bool:
    if best.text in other.text or other.text in best.text:
        return False
    if best.district and other.district and best.district != other.district:
        return False
    return not any(
        best.has(p) and other.has(p) for p in (Part.ROAD, Part.NAMED, Part.NUMBER, Part.BUILDING, Part.STREET)
    )


def _sureness(best: Address) -> float:
    return round(min(0.95, 0.35 + 0.1 * best.score), 2)


def _why(best: Address, district: str) -> str:
    where = f"，属{district}" if district else "，不知道属于哪个区"
    if _HOME.search(best.sentence.text[: best.parts[0].start]):
        return "只听到市民住处" + where
    return ("听到路名或地址" if best.has(Part.ROAD, Part.NUMBER) else "听到地名") + where
