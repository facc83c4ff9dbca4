"""Music on hold can be told from every voice and key of the tests, at any moment."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

from ivr.hold_music import RATE, SECONDS, write_hold_music

PEOPLE_AND_KEYS = (440, 450, 620, 697, 770, 852, 880, 941, 1000, 1209, 1336, 1477, 1633)


def strength(samples: tuple[int, ...], frequency: float) -> float:
    """How much of a tone there is (Goertzel)."""
    turn, before, last = 2 * math.cos(2 * math.pi * frequency / RATE), 0.0, 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    return math.sqrt(max(0.0, last * last + before * before - turn * last * before)) / len(samples)


def test_hold_music_is_quiet_has_its_drone_always_and_nobody_elses_tone_ever(tmp_path: Path) -> None:
    write_hold_music(tmp_path / "hold.wav")
    with wave.open(str(tmp_path / "hold.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        samples = struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))
    assert len(samples) == RATE * SECONDS
    assert 1000 < max(samples) < 4000
    assert abs(samples[0] - samples[-1]) < 500  # the loop has no click
    for second in range(0, SECONDS, 3):
        part = samples[second * RATE + 2000 : second * RATE + 6000]
        drone = strength(part, 330)
        assert drone > 150
        assert all(strength(part, tone) < drone / 10 for tone in PEOPLE_AND_KEYS)
