"""espeak-ng through ctypes: speech samples and the exact moment of every phoneme (`speak_lib.h` of espeak-ng).

Text is pinyin with tone numbers: espeak-ng as packaged reads Chinese characters badly, pinyin well.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from typing import Any

SYNCHRONOUS, PHONEME_EVENTS, UTF8 = 2, 1, 1
RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4
PHONEME = 7
MANDARIN = "cmn-latn-pinyin"


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """One per process: the library keeps its state in globals."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
        self.sample_rate = self._library.espeak_Initialize(SYNCHRONOUS, 0, None, PHONEME_EVENTS)
        if self.sample_rate <= 0:
            raise OSError("espeak-ng does not start; is its data installed?")
        self._callback = _Callback(self._receive)  # kept alive as long as the library may call it
        self._library.espeak_SetSynthCallback(self._callback)
        self._samples = bytearray()
        self._phonemes: list[tuple[str, int]] = []

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        if wave and count:
            self._samples += ctypes.string_at(wave, count * 2)
        k = 0
        while events[k].type:
            if events[k].type == PHONEME:
                self._phonemes.append((events[k].id.string.decode(), events[k].sample))
            k += 1
        return 0

    def say(
        self, text: str, voice: str = MANDARIN, *, rate: int = 160, pitch: int = 50, spread: int = 50
    ) -> tuple[bytes, list[tuple[str, int]]]:
        """16 bit samples at `sample_rate`, and (phoneme, first sample) in order; pauses are `_` or `_:`, gaps `_|`."""
        self._samples, self._phonemes = bytearray(), []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        for parameter, value in ((RATE, rate), (VOLUME, 100), (PITCH, pitch), (RANGE, spread)):
            self._library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, UTF8, None, None)
        self._library.espeak_Synchronize()
        return bytes(self._samples), self._phonemes


@cache
def espeak() -> Espeak:
    return Espeak()


def syllables() -> dict[str, list[str]]:
    """What data/syllables.txt is made of: every syllable that pypinyin knows, with its phonemes."""
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    known = {to_normal(reading.split(",")[0], v_to_u=False) for reading in PINYIN_DICT.values()}
    found = {}
    for syllable in sorted(s.replace("ü", "v") for s in known if s.replace("ü", "v").isascii()):
        by_tone = {tone: _phonemes(syllable + tone) for tone in "12345"}
        usual = max(by_tone.values(), key=list(by_tone.values()).count)
        found[syllable] = usual
        found.update({syllable + tone: phones for tone, phones in by_tone.items() if phones != usual})
    return found


def _phonemes(text: str) -> list[str]:
    return [phone for phone, _sample in espeak().say(text)[1] if not phone.startswith("_")]


if __name__ == "__main__":
    for syllable, phones in syllables().items():
        print(f"{syllable}\t{' '.join(phones)}")
