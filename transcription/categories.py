"""Which category the matter belongs to, and which sentences say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from config.city import City
from transcription.cues import Hit, negated
from transcription.evidence import Evidence, collect, ranked, sureness
from transcription.guess import Guess
from transcription.place_names import Part, tokens
from transcription.sentences import Sentence
from transcription.vocabulary import Vocabulary

BESIDE = re.compile(
    "口|里|门口|门前|大门|旁边|旁|附近|对面|后面|前面|周边|周围|隔壁|路口|[东西南北]侧|[东西南北]门|边上|院墙|墙外|外面|楼下|后门|正门|斜对面"
)
ONLY_WHERE = 0.2  # 医院门口 says where, hardly what
_IN_A_NAME = 0.5  # 文化路中学 may be where it is, or who is meant
_DENIED = 0.1
_WORTH_NAMING = 0.15  # rivals below this share of the best are noise


def categories(said: Sequence[Sentence], city: City, words: Vocabulary) -> tuple[tuple[Guess, ...], list[Sentence]]:
    """Ranked guesses, and the sentences that tell what the matter is (for the place and the summary)."""
    found: dict[str, Evidence] = {}
    matter = []
    for sentence in said:
        if _read(sentence, words, found) >= 1.0:
            matter.append(sentence)
    return tuple(_guesses(found, city)), matter


def _read(sentence: Sentence, words: Vocabulary, found: dict[str, Evidence]) -> float:
    """The strongest word of this sentence, after adding all of them to what was found."""
    best = 0.0
    hits = words.categories.finder.find(sentence.text)
    named = [t for t in tokens(sentence.text, words.places, words.districts) if t.part is Part.NAMED] if hits else []
    for hit in hits:
        name_of_place = any(t.start <= hit.start and hit.end <= t.end for t in named)
        factor = sentence.weight * _factor(sentence.text, hit, name_of_place)
        for code, strength in words.categories.codes[hit.word.text]:
            collect(found, code, hit.word.text, strength * factor, sentence.source)
            best = max(best, strength * factor)
    return best


def _factor(text: str, hit: Hit, name_of_place: bool) -> float:
    if hit.happens and negated(text, hit):
        return _DENIED
    if BESIDE.match(text, hit.end):
        return ONLY_WHERE
    return _IN_A_NAME if name_of_place else 1.0


def _guesses(found: dict[str, Evidence], city: City) -> list[Guess]:
    best_first = [(code, e) for code, e in ranked(found) if e.score > 0]
    if not best_first:
        return []
    total, top = sum(e.score for _, e in best_first), best_first[0][1].score
    return [
        Guess(code, sureness(e.score, total - e.score), _why(code, e, city), e.source)
        for code, e in best_first
        if e.score >= _WORTH_NAMING * top
    ]


def _why(code: str, evidence: Evidence, city: City) -> str:
    category = city.category(code)
    return f"说到{evidence.strongest}，属{category.name if category else code}"
