"""What a citizen answered to a question, as it travels from the recogniser's process to the exchange."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Understood:
    """One utterance of the question's `tap`. Not `final`: somebody is speaking, what they say is not known yet.

    `words` is "" when none of the question's phrases was said. It is the citizen's answer: nothing may log it.
    """

    tap: str
    words: str = field(repr=False)
    confidence: float
    final: bool

    def to_line(self) -> str:
        """One line of JSON."""
        body = {"tap": self.tap, "words": self.words, "confidence": round(self.confidence, 3), "final": self.final}
        return json.dumps({"understood": body}, ensure_ascii=False)

    @classmethod
    def from_dict(cls, v: dict[str, object]) -> Understood:
        """The inverse of `to_line`, parsed. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(str(v["tap"]), str(v["words"]), float(str(v["confidence"])), v["final"] is True)
