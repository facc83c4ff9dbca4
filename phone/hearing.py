"""Who hears whom: which tones are in a piece of sound.

Each party of a test says one tone, so a set of tones is a set of people.
Pure and in plain Python: two dot products per tone and half.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import mul

from phone.packets import RATE

CITIZEN, OPERATOR, DEPARTMENT, SUPERVISOR = 440, 620, 880, 1100
MUSIC = 330  # the test's music on hold
PARTIES = frozenset({CITIZEN, OPERATOR, DEPARTMENT, SUPERVISOR, MUSIC})
_QUIET = 100.0  # root mean square below which there is nothing: -50 dB, well above the noise of mu-law silence


def tones(samples: Sequence[int], candidates: Iterable[int], *, threshold: float = 0.02) -> set[int]:
    """The candidates that sound in both halves of the samples with at least this share of their power.

    Both halves, because speech and music cross every frequency, but only a tone stays on one.
    """
    half = len(samples) // 2
    parts = (samples[:half], samples[half:])
    return {hz for hz in candidates if half and all(_share(part, hz) >= threshold for part in parts)}


def ever(samples: Sequence[int], candidates: Iterable[int], *, threshold: float = 0.02) -> set[int]:
    """The candidates that sounded for some 0.2 s anywhere in here; none is the proof that somebody was never heard."""
    wanted, step = set(candidates), RATE // 20
    starts = range(0, max(1, len(samples) - 2 * step + 1), step)
    return {hz for start in starts for hz in tones(samples[start : start + 2 * step], wanted, threshold=threshold)}


def _share(samples: Sequence[int], hz: int) -> float:
    """How much of the power lies at this frequency, from 0 to 1; nothing when all is quiet."""
    power = _power(samples)
    return 0.0 if power < _QUIET**2 else amplitude(samples, hz) ** 2 / 2 / power


def amplitude(samples: Sequence[int], hz: float) -> float:
    """The amplitude of one frequency (one bin of a Fourier transform under a Hann window)."""
    cosine, sine, weight = _window(hz, len(samples))
    return 2 * math.hypot(sum(map(mul, samples, cosine)), sum(map(mul, samples, sine))) / weight


@lru_cache(maxsize=64)
def _window(hz: float, length: int) -> tuple[list[float], list[float], float]:
    step = 2 * math.pi * hz / RATE
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * (i + 0.5) / length) for i in range(length)]
    cosine = [weight * math.cos(step * i) for i, weight in enumerate(hann)]
    sine = [weight * math.sin(step * i) for i, weight in enumerate(hann)]
    return cosine, sine, sum(hann)


def _power(samples: Sequence[int]) -> float:
    return sum(map(mul, samples, samples)) / len(samples) if samples else 0.0


def loudness(samples: Sequence[int]) -> float:
    """Root mean square, from 0 to 32767."""
    return math.sqrt(_power(samples))


def is_silent(samples: Sequence[int], *, quiet: float = _QUIET) -> bool:
    return loudness(samples) < quiet
