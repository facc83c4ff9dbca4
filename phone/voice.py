"""What a phone says: silence, a sound once or for ever, an echo, and keys over all of it. No sockets, no clock.

Sounds are coded before they are played, so that the pacing only cuts slices.
"""

from __future__ import annotations

import math
import wave
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from phone import g711
from phone.packets import FRAME, RATE, Event, is_key

_KEY_FRAMES = 6  # 120 ms of key,
_ENDS = 3  # its end told three times (RFC 4733 2.5.1.4),
_PAUSE_FRAMES = 5  # and 100 ms of pause before the next


@dataclass(frozen=True, slots=True)
class Frame:
    """The next 20 ms: audio, or a piece of a key, which stays at the timestamp where it began `back` samples ago."""

    data: bytes = b""
    event: Event | None = None
    back: int = 0

    @property
    def first_of_key(self) -> bool:
        return self.event is not None and self.back == 0


class Voice:
    """The mouth of one call; the stream asks it for a frame every 20 ms."""

    def __init__(self, codec: str = "PCMU") -> None:
        self.codec = codec
        self._sound = b""
        self._at = 0
        self._loops = False
        self._echo: deque[bytes] | None = None
        self._keys: deque[Frame] = deque()

    def say(self, sound: bytes, codec: str, *, loop: bool = False) -> None:
        """A coded sound from now on; an empty one is silence."""
        self._echo, self._at, self._loops = None, 0, loop
        self._sound = g711.convert(sound, codec, self.codec)

    def echo(self) -> None:
        """Say what is heard."""
        self.say(b"", self.codec)
        self._echo = deque(maxlen=50)

    def heard(self, data: bytes, codec: str) -> None:
        if self._echo is not None:
            self._echo.append(g711.convert(data, codec, self.codec))

    def use(self, codec: str) -> None:
        """The codec that both sides agreed on."""
        self._sound, self.codec = g711.convert(self._sound, self.codec, codec), codec

    @property
    def played(self) -> bool:
        """Has the sound that was to be played once come to its end?"""
        return not self._sound

    @property
    def pressed(self) -> bool:
        return not self._keys

    def press(self, keys: str) -> None:
        if not all(is_key(key) for key in keys):
            raise ValueError("a telephone has the keys 0-9, *, # and A-D")
        for key in keys:
            self._keys.extend(_press(key))

    def next_frame(self) -> Frame:
        """The next 20 ms. The sound waits while keys are pressed."""
        if self._keys:
            return self._keys.popleft()
        if self._echo is not None:
            return Frame(self._echo.popleft() if self._echo else self._quiet())
        return Frame(self._cut())

    def _cut(self) -> bytes:
        """The sound's next frame, around the end of a loop, or filled up with silence."""
        data = self._sound[self._at : self._at + FRAME]
        self._at += FRAME
        if self._loops and self._sound:
            self._at %= len(self._sound)
            while len(data) < FRAME:
                data += self._sound[: FRAME - len(data)]
        elif self._at >= len(self._sound):
            self._sound, self._at = b"", 0
        return data + self._quiet()[len(data) :]

    def _quiet(self) -> bytes:
        return bytes([g711.SILENCE[self.codec]]) * FRAME


def _press(key: str) -> Iterable[Frame]:
    for i in range(_KEY_FRAMES):
        yield Frame(event=Event(key, False, (i + 1) * FRAME), back=i * FRAME)
    for i in range(_ENDS):
        yield Frame(event=Event(key, True, _KEY_FRAMES * FRAME), back=(_KEY_FRAMES + i) * FRAME)
    yield from [Frame()] * _PAUSE_FRAMES


def tone(hz: float, level: float = 0.2, seconds: float = 1.0) -> list[int]:
    """A sine. `level` 1.0 is the loudest that 16 bits can hold; a whole number of Hz loops without a click."""
    step, peak = 2 * math.pi * hz / RATE, 32767 * max(0.0, min(1.0, level))
    return [round(peak * math.sin(step * i)) for i in range(round(seconds * RATE))]


@lru_cache(maxsize=32)
def coded_tone(hz: float, level: float, codec: str) -> bytes:
    """One second of it. A load test plays the same few tones in hundreds of calls."""
    return g711.encode(tone(hz, level), codec)


def read_wav(path: str | Path) -> list[int]:
    """The samples of an 8 kHz, 16 bit, mono WAV file."""
    with wave.open(str(path), "rb") as file:
        if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (RATE, 2, 1):
            raise ValueError(f"{Path(path).name} must be WAV with 8000 Hz, 16 bit, one channel")
        data = file.readframes(file.getnframes())
    return [int.from_bytes(data[i : i + 2], "little", signed=True) for i in range(0, len(data), 2)]


def write_wav(path: str | Path, samples: Iterable[int]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
