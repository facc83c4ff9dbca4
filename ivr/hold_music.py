"""Music on hold, made here: a slow, quiet figure of open fifths over a drone, so that nobody's recording is needed.

Its tones (165, 247.5, 330, 371.25 and 495 Hz, pure sines) stay clear of the DTMF keys (697 Hz and up), of the 450 Hz
of Chinese signalling tones and of the 440, 620 and 880 Hz with which tests tell people apart. The drone of 330 Hz
sounds all the time. Every tone has whole periods in the 16 s, so the loop has no click.
"""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

RATE = 8000
SECONDS = 16
DRONE = 330.0
FIGURE = (165.0, 247.5, 330.0, 495.0, 371.25, 247.5, 330.0, 247.5)  # one tone a second
LOUDNESS = 2600  # of 32767: quiet, a telephone is held to the ear


def write_hold_music(path: Path) -> None:
    """8 kHz, 16 bit, mono."""
    _write(path, [_sample(n) for n in range(RATE * SECONDS)])


def write_beep(path: Path) -> None:
    """The tone after which a message is recorded: 1,000 Hz for a quarter of a second."""
    _write(path, [round(9000 * math.sin(2 * math.pi * 1000 * n / RATE)) for n in range(RATE // 4)])


def _write(path: Path, samples: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with wave.open(str(unfinished), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    unfinished.replace(path)


def _sample(n: int) -> int:
    moment = n / RATE
    tones = 0.5 * math.sin(2 * math.pi * DRONE * moment)
    for back in range(2):  # a tone rings on under the next one
        second = int(moment) - back
        tones += _swell(moment - second) * math.sin(2 * math.pi * FIGURE[second % len(FIGURE)] * moment)
    return round(LOUDNESS * tones / 2)


def _swell(age: float) -> float:
    """0 at the beginning and at the end of a tone's 2 s, loudest after a quarter of a second."""
    return math.sin(math.pi / 2 * min(1.0, age / 0.25)) * math.cos(math.pi / 4 * age) if 0 <= age < 2 else 0.0
