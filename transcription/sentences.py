"""What was said, as sentences with a weight: the citizen's words above the operator's, told above asked.

Takes a transcript, or plain text as people paste it: with or without punctuation, with a recogniser's spaces between
words, with speakers named at the beginnings of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ivr.call import Role
from transcription.guess import Source
from transcription.spoken_numbers import to_digits
from transcription.transcript import Transcript, Utterance, Word

CITIZEN = 1.0
CONFIRMED = 0.7  # the operator said it and the citizen said yes
OTHERS = 0.15  # the operator and the department: they repeat, ask and promise
ASKED = 0.02  # a question of the operator says nothing about the matter

LONGEST = 400  # characters of one sentence; a longer one has lost its punctuation
MOST = 60_000  # characters of one call: three hours of talk

_SPEAKERS = {
    "市民": Role.CITIZEN, "来电人": Role.CITIZEN, "群众": Role.CITIZEN, "诉求人": Role.CITIZEN, "citizen": Role.CITIZEN,
    "话务员": Role.OPERATOR, "接线员": Role.OPERATOR, "坐席": Role.OPERATOR, "operator": Role.OPERATOR,
    "承办单位": Role.DEPARTMENT, "单位": Role.DEPARTMENT, "department": Role.DEPARTMENT,
}  # fmt: skip
_SPEAKER = re.compile(rf"\s*({'|'.join(_SPEAKERS)})\s*[:：]\s*", re.IGNORECASE)
_END = re.compile(r"(?<=[。！？!?；;])|\n")
_PIECE = re.compile(f".{{1,{LONGEST}}}(?:[，,、 ]|$)|.{{1,{LONGEST}}}")
_SPACES = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])|(?<=[0-9])\s+(?=[0-9])")
_QUESTION = re.compile("[？?]|吗|呢$|请问|哪里|哪儿|什么|多少|有没有|是不是|对吧|还是")
_YES = re.compile("(嗯|对|对的|对对|是|是的|没错|好|好的|行|可以|确认|就是|就这样|谢谢|[，。！,. ])+")
_NO = re.compile("(嗯|啊)?[，,]?(不是|不对|错了|没有|没|不用|不要)")
_OPERATOR_SAYS = re.compile(
    "有什么可以帮|有什么能帮|很高兴为您服务|为您服务|请问您的|请问您贵姓|感谢您的来电|您的诉求|为您记录|为您登记"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is what the rules read: digits for spoken numbers, no spaces. `source` shows it as it was said."""

    text: str
    source: Source
    role: str = ""
    weight: float = CITIZEN
    asked: str = ""  # the operator's question just before
    words: tuple[Word, ...] = ()

    @property
    def is_citizens(self) -> bool:
        return self.role in ("", Role.CITIZEN) and self.weight >= CITIZEN


def sentences(said: str | Sequence[Utterance] | Transcript) -> tuple[Sentence, ...]:
    """In the order in which they were said, weighted."""
    if isinstance(said, str):
        found = _from_text(said[:MOST])
    else:
        found = _from_utterances(said.utterances if isinstance(said, Transcript) else said)
    return tuple(_weigh(list(found)))


def squeeze(text: str) -> str:
    """Without the spaces that a recogniser puts between words."""
    return _SPACES.sub("", text.strip())


def _from_text(said: str) -> Iterable[Sentence]:
    role: str = ""
    for line in said.splitlines():
        if speaker := _SPEAKER.match(line):
            role = _SPEAKERS[speaker[1].lower()]
            line = line[speaker.end() :]
        yield from _split(line, Sentence("", Source(), role))


def _from_utterances(utterances: Iterable[Utterance]) -> Iterable[Sentence]:
    for number, u in enumerate(utterances):
        yield from _split(u.text, Sentence("", Source("", number, u.leg), u.role, words=u.words))


def _split(text: str, like: Sentence) -> Iterable[Sentence]:
    for part in (piece for ended in _END.split(text) for piece in _PIECE.findall(ended)):
        if shown := part.strip():
            yield replace(like, text=to_digits(squeeze(shown)), source=replace(like.source, sentence=shown))


def _weigh(found: list[Sentence]) -> Iterable[Sentence]:
    asked = ""
    for at, sentence in enumerate(found):
        weight = _weight(sentence, found[at + 1] if at + 1 < len(found) else None)
        yield replace(sentence, weight=weight, asked=asked if weight == CITIZEN else "")
        if weight < CITIZEN:
            asked = sentence.text if _QUESTION.search(sentence.text) else ""
        elif sentence.text and not _YES.fullmatch(sentence.text):
            asked = ""


def _weight(sentence: Sentence, answer: Sentence | None) -> float:
    if sentence.role in ("", Role.CITIZEN):
        return OTHERS if not sentence.role and _OPERATOR_SAYS.search(sentence.text) else CITIZEN
    answered = answer is not None and answer.role == Role.CITIZEN
    if answered and answer and _NO.match(answer.text):
        return ASKED
    if answered and answer and _YES.fullmatch(answer.text) and len(sentence.text) > 6:
        return CONFIRMED
    return ASKED if _QUESTION.search(sentence.text) else OTHERS
