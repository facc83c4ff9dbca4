"""What the citizen wants (kind), and how soon it must be (urgency)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from config.codes import Kind, Urgency
from transcription.cues import Hit, negated
from transcription.evidence import Evidence, collect, ranked, sureness
from transcription.guess import NOWHERE, Guess
from transcription.sentences import Sentence
from transcription.vocabulary import Vocabulary, strength

# Not now or not real: what was, what might be, what is only asked about.
_NOT_NOW = re.compile(
    "去年|前年|以前|上次|以后|万一|如果|要是|假如|会不会|怕|担心|防止|避免|预防|容易|演练|演习|培训|知识|曾经|应急预案|有没有可能|小心"
)
_A_FACT = re.compile("已经|到现在|正在|现在|今天|昨天|了(?!解)")  # asked about something that has happened
_AFTER_IT = re.compile("以后|之后|过后|那次|那年|的时候|过")
_CLAUSE = re.compile("[，,。；;！!？?、]")
_AT_ONCE = strength(3)
_URGENT = strength(2)
_USUAL = 0.8  # decides between weak hints, never against a clear word
_DANGER = 6.0
_CALM = {Kind.CONSULTATION, Kind.SUGGESTION, Kind.PRAISE}


def kind(said: Sequence[Sentence], words: Vocabulary, usual: Kind | None, danger: bool = False) -> Guess:
    """The kind with most evidence. `usual`: what people mostly want who call about such a matter, None without one.

    Whoever is in danger calls for help, however angry they are.
    """
    found: dict[str, Evidence] = {}
    for sentence in said:
        for code, finder in words.kinds.items():
            for hit in finder.find(sentence.text):
                if hit.word.weight and not negated(sentence.text, hit):
                    collect(found, code, hit.word.text, strength(hit.word.weight) * sentence.weight, sentence.source)
    if danger:
        collect(found, Kind.HELP, "危险", _DANGER, NOWHERE)
    if not found:
        likely = usual or Kind.CONSULTATION
        return Guess(likely, 0.2, f"没有听到明确的说法，暂按{likely.label}")
    if usual in found:
        found[usual].score += _USUAL
    (best, evidence), *rivals = ranked(found)
    score = sureness(evidence.score, sum(e.score for _, e in rivals))
    return Guess(best, score, f"说到{evidence.strongest}，是{Kind(best).label}", evidence.source)


def urgency(said: Sequence[Sentence], words: Vocabulary, wanted: Kind) -> Guess:
    """At once: people in danger now. Urgent: a hardship that cannot wait, or a citizen who was not heard before."""
    found: dict[str, Evidence] = {}
    for sentence in said:
        for code, finder in words.urgencies.items():
            for hit in finder.find(sentence.text):
                _weigh(sentence, code, hit, wanted, found)
    at_once, urgent = found.get(Urgency.AT_ONCE, Evidence()), found.get(Urgency.URGENT, Evidence())
    if at_once.score >= _AT_ONCE * 0.6:
        return _guess(Urgency.AT_ONCE, at_once, _AT_ONCE)
    if urgent.score + at_once.score >= _URGENT:
        return _guess(Urgency.URGENT, urgent if urgent.words else at_once, _URGENT)
    return Guess(Urgency.ORDINARY, 0.7, "没有听到危险或急迫的说法")


def _weigh(sentence: Sentence, code: Urgency, hit: Hit, wanted: Kind, found: dict[str, Evidence]) -> None:
    if not hit.word.weight or negated(sentence.text, hit):
        return
    worth = strength(hit.word.weight) * sentence.weight
    if _NOT_NOW.search(_clause(sentence.text, hit)) or _AFTER_IT.match(sentence.text, hit.end):
        worth *= 0.4
    if wanted in _CALM and not (wanted is Kind.CONSULTATION and _A_FACT.search(sentence.text)):
        worth *= 0.4
    collect(found, code, hit.word.text, worth, sentence.source)


def _clause(text: str, hit: Hit) -> str:
    """The clause up to the end of the hit: 怕着火 is no fire."""
    return _CLAUSE.split(text[max(0, hit.start - 14) : hit.start])[-1] + hit.word.text


def _guess(value: Urgency, evidence: Evidence, needed: float) -> Guess:
    score = round(min(0.95, 0.5 + 0.2 * evidence.score / needed), 2)
    return Guess(value, score, f"说到{evidence.strongest}，按{value.label}", evidence.source)
