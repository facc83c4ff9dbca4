"""A caption: what one leg is saying right now, as it travels from the recogniser's process to the desk page."""

from __future__ import annotations

import json
from dataclasses import dataclass

from transcription.transcript import Word


@dataclass(frozen=True, slots=True)
class Caption:
    """Words of one tap. A caption with the same `tap` and `number` replaces the one before it until `final` is true.

    `tap` is the UUID that the AudioSocket connection gave itself; seconds count from the tap's first moment. Exact
    times, confidence and words are known only of a final caption: before, `start` and `end` are those of the sound that
    it was heard in, the confidence is 0 and there are no words.
    """

    tap: str
    number: int
    text: str
    final: bool
    start: float
    end: float
    confidence: float
    words: tuple[Word, ...] = ()

    def to_line(self) -> str:
        """One line of JSON."""
        words = [[w.text, round(w.start, 2), round(w.end, 2), round(w.confidence, 3)] for w in self.words]
        body = {"tap": self.tap, "number": self.number, "text": self.text, "final": self.final,
                "start": round(self.start, 2), "end": round(self.end, 2), "confidence": round(self.confidence, 3),
                "words": words}  # fmt: skip
        return json.dumps(body, ensure_ascii=False)

    @classmethod
    def from_dict(cls, v: dict[str, object]) -> Caption:
        """The inverse of `to_line`, parsed. Raises KeyError, TypeError or ValueError for anything else."""
        raw = v.get("words", [])
        words = tuple(Word(*w) for w in raw) if isinstance(raw, list) else ()
        return cls(str(v["tap"]), int(str(v["number"])), str(v["text"]), v["final"] is True, float(str(v["start"])),
                   float(str(v["end"])), float(str(v["confidence"])), words)  # fmt: skip
