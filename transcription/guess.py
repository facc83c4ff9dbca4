"""One guess of a draft: what, how sure, why, and which sentence it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.codes import Part


@dataclass(frozen=True, slots=True)
class Source:
    """The sentence a guess came from. `utterance` counts from 0 in the transcript; None: the text had no utterances."""

    sentence: str = ""
    utterance: int | None = None
    leg: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"sentence": self.sentence, "utterance": self.utterance, "leg": self.leg}

    @classmethod
    def from_json(cls, v: Mapping[str, Any]) -> Source:
        return cls(v.get("sentence", ""), v.get("utterance"), v.get("leg", ""))


NOWHERE = Source()


@dataclass(frozen=True, slots=True)
class Guess:
    """`score` from 0 to 1 says how sure the rules are; "" with score 0 is "nothing was said of it"."""

    value: str
    score: float
    reason: str
    source: Source = NOWHERE

    def to_json(self) -> dict[str, Any]:
        """Everything but the value, which stands under its own name."""
        return {"score": self.score, "reason": self.reason, "source": self.source.to_json()}

    @classmethod
    def from_json(cls, value: str, v: Mapping[str, Any]) -> Guess:
        return cls(value, v.get("score", 0.0), v.get("reason", ""), Source.from_json(v.get("source", {})))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A department (by code) that should lead or assist."""

    department: str
    part: Part
    score: float
    reason: str
    source: Source = NOWHERE

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.department,
            "role": self.part,
            "score": self.score,
            "reason": self.reason,
            "source": self.source.to_json(),
        }

    @classmethod
    def from_json(cls, v: Mapping[str, Any]) -> Suggestion:
        source = Source.from_json(v.get("source", {}))
        return cls(v["code"], Part(v["role"]), v.get("score", 0.0), v.get("reason", ""), source)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something a person should look at before registering: a field, or words the recogniser was unsure of."""

    field: str
    reason: str
    source: Source = NOWHERE

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "reason": self.reason, "source": self.source.to_json()}

    @classmethod
    def from_json(cls, v: Mapping[str, Any]) -> Doubt:
        return cls(v["field"], v["reason"], Source.from_json(v.get("source", {})))
