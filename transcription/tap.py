"""One tap: the sound of one leg on its way through the recogniser, kept in step with the clock.

A recogniser that falls behind is worth less than none: when more than `MAX_LAG_SECONDS` of sound wait, the oldest is
dropped and counted. Sound that stops coming (a telephone that sends nothing while its owner is silent) and sound that
was dropped are the same thing here: a gap. At a gap the utterance is closed, and hearing starts afresh at the right
second. So captions are late by a bounded time, and their seconds are always seconds since the tap began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from transcription.audio import BYTES_PER_SECOND
from transcription.caption import Caption
from transcription.recognizer import CHUNK_BYTES, Heard, Recognizer
from transcription.spoken_numbers import to_digits
from transcription.transcript import Word
from transcription.understood import Understood

MAX_LAG_SECONDS = 2.0
PAUSE_SECONDS = 1.0
ENOUGH_BYTES = CHUNK_BYTES * 3 // 4  # a frame that is not there yet is not worth waiting for the next reading


class Backlog:
    """Sound that waits for the recogniser, and the second of the tap at which it begins."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.dropped_seconds = 0.0
        self._waiting = bytearray()
        self._end = 0.0  # second of the tap up to which sound has arrived
        self._gap = True

    def put(self, pcm: bytes, now: float) -> None:
        """Sound that arrived at `now`, a moment of the same clock as `began`."""
        arrived = now - self.began
        if arrived - (self._end + len(pcm) / BYTES_PER_SECOND) > PAUSE_SECONDS:
            self._end = arrived - len(pcm) / BYTES_PER_SECOND
            self.dropped_seconds += len(self._waiting) / BYTES_PER_SECOND
            self._waiting.clear()
            self._gap = True
        self._waiting += pcm
        self._end += len(pcm) / BYTES_PER_SECOND
        self._drop_what_is_too_late()

    def paused(self, now: float) -> bool:
        """Nothing has come for a while: close what is being said."""
        return now - self.began - self._end > PAUSE_SECONDS

    def _drop_what_is_too_late(self) -> None:
        if self.seconds > MAX_LAG_SECONDS:
            surplus = len(self._waiting) - CHUNK_BYTES
            del self._waiting[:surplus]
            self.dropped_seconds += surplus / BYTES_PER_SECOND
            self._gap = True

    @property
    def seconds(self) -> float:
        return len(self._waiting) / BYTES_PER_SECOND

    @property
    def ready(self) -> bool:
        return len(self._waiting) >= ENOUGH_BYTES

    def take(self) -> tuple[float, bool, bytes]:
        """(second at which it begins, does a gap stand before it, sound): everything that waits."""
        pcm, gap = bytes(self._waiting), self._gap
        self._waiting.clear()
        self._gap = False
        return self._end - len(pcm) / BYTES_PER_SECOND, gap, pcm


class Hearing(Protocol):
    """What is made of the sound of one tap. Not thread-safe: one thread at a time."""

    def hear(self, start: float, gap: bool, pcm: bytes, /) -> Iterator[Caption | Understood]:
        """What changed with this sound, which begins `start` seconds after the tap did."""
        ...

    def close(self) -> Iterator[Caption | Understood]:
        """What was still being said; the recogniser's memory is given back."""
        ...


class Captioning:
    """Turns what is said in a talk into captions."""

    def __init__(self, tap: str, new_recognizer: Callable[[], Recognizer]) -> None:
        self._tap = tap
        self._new = new_recognizer
        self._recognizer: Recognizer | None = None
        self._offset = 0.0
        self._number = 1
        self._growing = ""  # the text of the utterance so far, and the second at which it was first heard
        self._since = 0.0

    def hear(self, start: float, gap: bool, pcm: bytes) -> Iterator[Caption]:
        if gap or self._recognizer is None:
            yield from self.close()
            self._recognizer, self._offset = self._new(), start
        yield from map(self._final, self._recognizer.feed(pcm))
        yield from self._partial(self._recognizer.partial(), start, start + len(pcm) / BYTES_PER_SECOND)

    def close(self) -> Iterator[Caption]:
        if self._recognizer is not None:
            yield from map(self._final, self._recognizer.finish())
            self._recognizer = None

    def _partial(self, text: str, start: float, end: float) -> Iterator[Caption]:
        """Words without times and confidence: those are known only when the utterance has ended."""
        if text and text != self._growing:
            self._since = self._since if self._growing else start
            self._growing = text
            yield Caption(self._tap, self._number, text, False, self._since, end, 0.0)

    def _final(self, heard: Heard) -> Caption:
        words = tuple(_shifted(w, self._offset) for w in heard.words)
        number, self._number, self._growing = self._number, self._number + 1, ""
        text = to_digits(heard.text)
        return Caption(self._tap, number, text, True, words[0].start, words[-1].end, heard.confidence, words)


def _shifted(word: Word, seconds: float) -> Word:
    return replace(word, start=word.start + seconds, end=word.end + seconds)


class Answering:
    """Turns what is said to a question into answers: first that somebody speaks, then what they said."""

    def __init__(self, tap: str, new_recognizer: Callable[[], Recognizer]) -> None:
        self._tap = tap
        self._new = new_recognizer
        self._recognizer: Recognizer | None = None
        self._speaking = False

    def hear(self, _start: float, gap: bool, pcm: bytes) -> Iterator[Understood]:
        if gap or self._recognizer is None:
            yield from self.close()
            self._recognizer = self._new()
        yield from map(self._final, self._recognizer.feed(pcm))
        if not self._speaking and self._recognizer.speaking:
            self._speaking = True
            yield Understood(self._tap, "", 0.0, final=False)

    def close(self) -> Iterator[Understood]:
        if self._recognizer is not None:
            yield from map(self._final, self._recognizer.finish())
            self._recognizer = None

    def _final(self, heard: Heard) -> Understood:
        self._speaking = False
        return Understood(self._tap, heard.text, heard.confidence, final=True)
