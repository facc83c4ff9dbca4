"""What was said in a call, utterance by utterance: the value that recognition hands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """Seconds from the start of the call; confidence from 0 to 1."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """One uninterrupted stretch of speech of one leg. Times are seconds from the start of the call."""

    leg: str
    role: str
    start: float
    end: float
    text: str
    confidence: float
    words: tuple[Word, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "leg": self.leg,
            "role": self.role,
            "start": round(self.start, 2),
            "end": round(self.end, 2),
            "text": self.text,
            "confidence": round(self.confidence, 3),
            "words": [[w.text, round(w.start, 2), round(w.end, 2), round(w.confidence, 3)] for w in self.words],
        }

    @classmethod
    def from_json(cls, v: Mapping[str, Any]) -> Utterance:
        words = tuple(Word(*w) for w in v.get("words", ()))
        return cls(v["leg"], v.get("role", ""), v["start"], v["end"], v["text"], v["confidence"], words)


@dataclass(frozen=True, slots=True)
class Transcript:
    """All utterances of a call, in the order in which they began.

    `problems`: recordings that could not be heard (or not to their end), for people to read.
    """

    call_id: str
    utterances: tuple[Utterance, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(u.text for u in self.utterances)

    def to_json(self) -> dict[str, Any]:
        return {
            "call": self.call_id,
            "text": self.text,
            "utterances": [u.to_json() for u in self.utterances],
            "problems": list(self.problems),
        }

    @classmethod
    def from_json(cls, v: Mapping[str, Any]) -> Transcript:
        utterances = tuple(Utterance.from_json(u) for u in v["utterances"])
        return cls(v["call"], utterances, tuple(v.get("problems", ())))
