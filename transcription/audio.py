"""Any recording as telephone sound: 8 kHz, 16 bit, mono. WAV is read directly, everything else through pydub.

A process that was killed leaves a WAV whose header still says "length 0" (or a length that is not there). What was
said before is kept: the rest of the file is taken as sound, and `repaired` says so.
"""

from __future__ import annotations

import audioop
import math
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RATE = 8000
SAMPLE_BYTES = 2
BYTES_PER_SECOND = RATE * SAMPLE_BYTES
PCM, ALAW, ULAW, EXTENSIBLE = 1, 6, 7, 0xFFFE
ANTI_ALIAS_POLES = 4


class AudioProblem(ValueError):
    """The file holds no sound that can be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sound:
    """8 kHz, 16 bit, mono, little-endian. `repaired`: the file was not closed properly, its end may be missing."""

    pcm: bytes
    repaired: bool = False

    @property
    def seconds(self) -> float:
        return len(self.pcm) / BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class _Format:
    code: int
    channels: int
    rate: int
    width: int


def load(path: Path) -> Sound:
    """The sound of a file. Raises AudioProblem for a file that is missing, empty or not sound."""
    try:
        data = path.read_bytes()
    except OSError as e:
        raise AudioProblem(f"{path.name}: cannot be read ({e.strerror}); is the path right?") from e
    if not data:
        raise AudioProblem(f"{path.name}: the file is empty; nothing was recorded")
    sound = _wav(path.name, data) if data[:4] == b"RIFF" and data[8:12] == b"WAVE" else _other(path)
    if not sound.pcm:
        raise AudioProblem(f"{path.name}: the file holds no sound; nothing was recorded")
    return sound


def _wav(name: str, data: bytes) -> Sound:
    form: _Format | None = None
    at = 12
    while at + 8 <= len(data):
        chunk, length = struct.unpack_from("<4sI", data, at)
        at += 8
        if chunk == b"fmt ":
            form = _format(name, data[at : at + length])
        elif chunk == b"data":
            return _sound(name, form, data[at:], length)
        at += length + length % 2
    raise AudioProblem(f"{name}: a WAV file without sound; it was cut off in its header")


def _format(name: str, body: bytes) -> _Format:
    if len(body) < 16:
        raise AudioProblem(f"{name}: the WAV header is cut off")
    code, channels, rate, _per_second, _align, bits = struct.unpack_from("<HHIIHH", body)
    if code == EXTENSIBLE and len(body) >= 26:
        code = struct.unpack_from("<H", body, 24)[0]
    if (
        code not in (PCM, ALAW, ULAW)
        or channels not in (1, 2)
        or not 4000 <= rate <= 192000
        or bits not in (8, 16, 24, 32)
    ):
        raise AudioProblem(
            f"{name}: WAV of an unusual kind (code {code}, {channels} channels, {rate} Hz, {bits} bit); "
            "convert it to 8 kHz, 16 bit, mono"
        )
    return _Format(code, channels, rate, bits // 8)


def _sound(name: str, form: _Format | None, rest: bytes, length: int) -> Sound:
    if form is None:
        raise AudioProblem(f"{name}: the WAV header does not say what kind of sound follows")
    unclosed = length == 0 or length > len(rest)
    body = rest if unclosed else rest[:length]
    return Sound(_telephone(body, form), repaired=unclosed and bool(body))


def _telephone(body: bytes, form: _Format) -> bytes:
    body = body[: len(body) - len(body) % (form.width * form.channels)]
    if form.code == ULAW:
        body = audioop.ulaw2lin(body, SAMPLE_BYTES)
    elif form.code == ALAW:
        body = audioop.alaw2lin(body, SAMPLE_BYTES)
    elif form.width == 1:
        body = audioop.lin2lin(audioop.bias(body, 1, -128), 1, SAMPLE_BYTES)
    elif form.width != SAMPLE_BYTES:
        body = audioop.lin2lin(body, form.width, SAMPLE_BYTES)
    if form.channels == 2:
        body = audioop.tomono(body, SAMPLE_BYTES, 0.5, 0.5)
    return _resampled(body, form.rate)


def _other(path: Path) -> Sound:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydub warns of a missing ffmpeg; the problem below says it better
        from pydub import AudioSegment
        from pydub.exceptions import CouldntDecodeError

        try:
            segment = AudioSegment.from_file(str(path))
        except (CouldntDecodeError, OSError, ValueError, IndexError, KeyError) as e:
            advice = "install ffmpeg, or " if isinstance(e, FileNotFoundError) else ""
            raise AudioProblem(f"{path.name}: not a recording that can be read here; {advice}convert it to WAV") from e
    segment = segment.set_sample_width(SAMPLE_BYTES).set_channels(1)
    return Sound(_resampled(segment.raw_data, segment.frame_rate))


def _resampled(pcm: bytes, rate: int) -> bytes:
    """At 8 kHz. audioop's resampler does not filter, so what lies above 4 kHz is taken away first."""
    if rate == RATE or not pcm:
        return pcm
    if rate > RATE:
        keep = 1 - math.exp(-2 * math.pi * 3400 / rate)
        share = round(keep * 1000)
        for _ in range(ANTI_ALIAS_POLES):
            pcm, _state = audioop.ratecv(pcm, SAMPLE_BYTES, 1, rate, rate, None, share, 1000 - share)
    return audioop.ratecv(pcm, SAMPLE_BYTES, 1, rate, RATE, None)[0]


def upsample(pcm: bytes, rate: int, state: Any) -> tuple[bytes, Any]:
    """Telephone sound at the higher rate of a bigger model; `state` carries on from chunk to chunk."""
    return audioop.ratecv(pcm, SAMPLE_BYTES, 1, RATE, rate, state)
