"""What a telephone line does to speech: silence around it, echo, noise, a narrow band, level, G.711 coding."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from transcription.mini_model.speech import RATE

ECHO_SHARE, BAND_SHARE = 0.3, 0.7


def over_the_telephone(
    speech: Any, rng: random.Random, noise_rng: Any, others: list[Any], *, clean: bool = False, snr: float | None = None
) -> tuple[Any, float]:
    """16 bit samples as the far end hears them, and the seconds of silence before the speech begins.

    `others`: speech of other people, for babble. `snr`: noise of just this level (dB); `clean`: no noise and no echo.
    """
    import numpy as np

    before, after = int(rng.uniform(0.1, 0.7) * RATE), int(rng.uniform(0.2, 0.9) * RATE)
    x = np.concatenate([np.zeros(before), speech, np.zeros(after)])
    if not clean and rng.random() < ECHO_SHARE:
        x = _echo(x, rng)
    if snr is not None or not clean:
        x = _noisy(x, _noise(len(x), rng, noise_rng, others), rng.uniform(5, 35) if snr is None else snr)
    if clean or rng.random() < BAND_SHARE:
        x = _band(x, rng, tilt=0.0 if clean else rng.uniform(-6, 6))
    x = x / (np.max(np.abs(x)) + 1e-9) * 10 ** (rng.uniform(-22, -1) / 20)
    coding: Callable[[Any], Any] = rng.choice([_mulaw, _alaw, lambda y: y])
    x = coding(x) + noise_rng.standard_normal(len(x)) * 2e-5
    return np.clip(np.round(x * 32768), -32768, 32767).astype(np.int16), before / RATE


def _echo(x: Any, rng: random.Random) -> Any:
    import numpy as np

    response = np.zeros(int(0.2 * RATE))
    response[0] = 1
    for _ in range(12):
        response[rng.randint(20, len(response) - 1)] += rng.uniform(-0.25, 0.25)
    response *= np.exp(-np.arange(len(response)) / (RATE * rng.uniform(0.02, 0.08)))
    return np.convolve(x, response)[: len(x)]


def _noise(length: int, rng: random.Random, noise_rng: Any, others: list[Any]) -> Any:
    import numpy as np

    kind = rng.choice(["white", "pink", "pink", "hum", "babble"])
    if kind == "babble" and others:
        return sum(np.resize(np.roll(other, rng.randint(0, len(other))), length) for other in rng.choices(others, k=4))
    white = noise_rng.standard_normal(length)
    if kind == "pink":
        spectrum = np.fft.rfft(white)
        return np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), length)
    if kind == "hum":  # of the mains, with its overtones
        t = np.arange(length) / RATE
        return 0.3 * white + sum(np.sin(2 * np.pi * 50 * k * t + k) / k for k in (1, 2, 3, 5))
    return white


def _noisy(x: Any, noise: Any, snr: float) -> Any:
    import numpy as np

    power = np.mean(x[np.abs(x) > 1e-3] ** 2) + 1e-12
    return x + noise * np.sqrt(power / (np.mean(noise**2) + 1e-12)) * 10 ** (-snr / 20)


def _band(x: Any, rng: random.Random, *, tilt: float) -> Any:
    """Roughly 300 to 3400 Hz; `tilt` in dB from the bottom to the top."""
    import numpy as np

    low, high = rng.uniform(150, 350), rng.uniform(3200, 3700)
    hertz = np.fft.rfftfreq(len(x), 1 / RATE)
    gain = 1 / np.sqrt(1 + (low / np.maximum(hertz, 1)) ** 8) / np.sqrt(1 + (hertz / high) ** 16)
    return np.fft.irfft(np.fft.rfft(x) * gain * 10 ** (tilt * hertz / 4000 / 20), len(x))


def _mulaw(x: Any) -> Any:
    import numpy as np

    coded = np.round((np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256) + 1) * 127.5) / 127.5 - 1
    return np.sign(coded) * (256 ** np.abs(coded) - 1) / 255


def _alaw(x: Any) -> Any:
    import numpy as np

    a, size = 87.6, np.abs(x)
    scale = 1 + np.log(a)
    coded = np.where(size < 1 / a, a * size, 1 + np.log(np.maximum(a * size, 1e-9))) / scale * np.sign(x)
    coded = np.round((coded + 1) * 127.5) / 127.5 - 1
    size = np.abs(coded)
    return np.sign(coded) * np.where(size < 1 / scale, size * scale / a, np.exp(size * scale - 1) / a)
