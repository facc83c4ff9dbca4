"""Sentences as speech: samples at 8 kHz and which phoneme is sounding when."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from transcription.mini_model.espeak import MANDARIN, espeak

RATE = 8000
# Variants of espeak-ng's voices. The second group is never learned, so that tests hear strangers.
LEARNED_VOICES = ("", *(  # noqa: SIM905
    "+m1 +m2 +m3 +m5 +m6 +m7 +f1 +f2 +f3 +f5 +Alex +Andy +Annie +Denis +Gene +Hugo +Jacky +Lee +Marco +Mario +Michael "
    "+Mike +adam +anika +antonio +aunty +belinda +boris +david +ed +edward +grandma +grandpa +john +linda +max +michel "
    "+paul +rob +robert +steph +travis +victor +zac"
).split())  # fmt: skip
UNHEARD_VOICES = (
    "+m4",
    "+f4",
    "+Alicia",
    "+Andrea",
    "+shelby",
    "+caleb",
    "+quincy",
    "+steph2",
    "+benjamin",
    "+marcelo",
)
# What is not Mandarin teaches the network what [unk] sounds like.
FOREIGN_VOICES = ("en-us", "de", "ru", "es", "fr")
FOREIGN_WORDS = (  # noqa: SIM905
    "road water power noise street light government please help morning school hospital bus driver money worker never "
    "again problem building number"
).split()
PAUSE_SHARE = 0.12  # of words that are followed by a pause
SPEED_SPREAD = 0.08


class Sounding(NamedTuple):
    """A phoneme (SIL for silence, SPN for what is not Mandarin) from one second to another."""

    phone: str
    start: float
    end: float


def speak(
    words: Sequence[str], readings: Mapping[str, Sequence[str]], voice: str, rng: random.Random
) -> tuple[Any, list[Sounding]]:
    """Samples (floats between -1 and 1) and soundings."""
    pause = " , "
    text = "".join(
        " " + " ".join(readings[word]) + (pause if rng.random() < PAUSE_SHARE else "") for word in words
    ).removesuffix(pause)
    return _say(text.strip(), MANDARIN + voice, rng)


def speak_foreign(voice: str, rng: random.Random) -> tuple[Any, list[Sounding]]:
    """A few words that are not Mandarin; every sound of them is SPN."""
    text = " ".join(rng.choices(FOREIGN_WORDS, k=rng.randint(1, 6)))
    samples, soundings = _say(text, rng.choice(FOREIGN_VOICES) + voice, rng)
    return samples, [s if s.phone == "SIL" else s._replace(phone="SPN") for s in soundings]


def _say(text: str, voice: str, rng: random.Random) -> tuple[Any, list[Sounding]]:
    import numpy as np
    import soxr

    source = espeak()
    pcm, events = source.say(
        text, voice, rate=rng.randint(120, 210), pitch=rng.randint(25, 75), spread=rng.randint(30, 70)
    )
    speed = rng.uniform(1 - SPEED_SPREAD, 1 + SPEED_SPREAD)
    rate = source.sample_rate * speed
    samples = soxr.resample(np.frombuffer(pcm, np.int16).astype(np.float32) / 32768, rate, RATE)
    return samples, _soundings([*events, ("_", len(pcm) // 2)], rate)


def _soundings(events: Sequence[tuple[str, int]], rate: float) -> list[Sounding]:
    """A gap (`_|`: the closure of a stop, the border of a syllable) belongs to the phoneme after it."""
    found: list[Sounding] = []
    gap_start: float | None = None
    for (phone, start), (_next, end) in pairwise(events):
        if end <= start:
            continue
        if phone == "_|":
            gap_start = start / rate if gap_start is None else gap_start
            continue
        name = "SIL" if phone in ("_", "_:") else phone
        if gap_start is not None and name == "SIL" and found:
            found[-1] = found[-1]._replace(end=start / rate)
            gap_start = None
        found.append(Sounding(name, start / rate if gap_start is None else gap_start, end / rate))
        gap_start = None
    return found
