"""Sentences as telephone sound, made by espeak-ng: for prompts, and for the callers of tests and demonstrations.

Debian's espeak-ng reads Chinese characters as garbage but pinyin well: the text becomes pinyin with tone numbers first.
"""

from __future__ import annotations

import audioop
import io
import math
import re
import shutil
import subprocess
import wave

from pypinyin import Style, lazy_pinyin, load_phrases_dict

from ivr.installation import tree_command
from ivr.spoken_words import in_words
from ivr.unpack import cache_dir, unpacked_tree

RATE = 8000
VOICE = "+f2"  # one of espeak-ng's variants of a voice
WORDS_PER_MINUTE = 175
LOUDEST = 18_000  # of 32767, leaving the telephone some room
QUIET = 250  # what is below this at the beginning and the end is silence
MARGIN_SECONDS = 0.06

# where the usual reading of a character is the wrong one here
POLYPHONES = {
    "为您": [["wèi"], ["nín"]],
    "为你": [["wèi"], ["nǐ"]],
    "请为": [["qǐng"], ["wèi"]],
    "市长": [["shì"], ["zhǎng"]],
    "多长时间": [["duō"], ["cháng"], ["shí"], ["jiān"]],
    "还有": [["hái"], ["yǒu"]],
    "长按": [["cháng"], ["àn"]],
    "转接": [["zhuǎn"], ["jiē"]],
    "供暖": [["gōng"], ["nuǎn"]],
}
load_phrases_dict(POLYPHONES)
_PAUSES = str.maketrans(dict.fromkeys('，、；：,;:（）()“”"-—', ", ") | dict.fromkeys("。！？.!?…\n", ". "))


class SpeechProblem(Exception):
    """No speech could be made. The text says what to do."""


def speech(text: str, *, voice: str = VOICE, rate: int = WORDS_PER_MINUTE) -> bytes:
    """A WAV (8 kHz, 16 bit, mono) of somebody saying this. `voice` is an espeak-ng variant such as `+m3`."""
    return to_wav(say(text, voice=voice, rate=rate))


def say(text: str, *, voice: str = VOICE, rate: int = WORDS_PER_MINUTE) -> bytes:
    """The same as bare samples, without the silence around them."""
    command = [*_espeak(), "-v", f"cmn-latn-pinyin{voice}", "-s", str(rate), "--stdout", pinyin(text)]
    done = subprocess.run(command, capture_output=True, timeout=60)  # noqa: S603
    if done.returncode or len(done.stdout) < 100:
        raise SpeechProblem(
            f"espeak-ng said nothing with voice {voice}: {done.stderr.decode(errors='replace').strip()}"
        )
    with wave.open(io.BytesIO(done.stdout)) as made:
        return even(trimmed(telephone(made.readframes(made.getnframes()), made.getframerate())))


def pinyin(text: str) -> str:
    """`市长热线，您好` -> `shi4 zhang3 re4 xian4 , nin2 hao3`: what espeak-ng's pinyin voice reads."""
    parts = lazy_pinyin(in_words(text), style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
    return re.sub(r"\s+", " ", " ".join(part.translate(_PAUSES) for part in parts)).strip()


def telephone(pcm: bytes, rate: int) -> bytes:
    """At 8 kHz. audioop's resampler does not filter, so what a telephone cannot carry is taken away first."""
    if rate == RATE:
        return pcm
    if rate > RATE:
        share = round(1000 * (1 - math.exp(-2 * math.pi * 3400 / rate)))
        for _pole in range(3):
            pcm, _state = audioop.ratecv(pcm, 2, 1, rate, rate, None, share, 1000 - share)
    return audioop.ratecv(pcm, 2, 1, rate, RATE, None)[0]


def trimmed(pcm: bytes) -> bytes:
    """Without the silence around it, so that prompts can follow each other like words."""
    step = 2 * RATE // 100
    loud = [n for n in range(0, len(pcm), step) if audioop.max(pcm[n : n + step], 2) > QUIET]
    if not loud:
        return pcm
    margin = int(MARGIN_SECONDS * RATE) * 2
    return pcm[max(0, loud[0] - margin) : loud[-1] + step + margin]


def even(pcm: bytes) -> bytes:
    """All prompts equally loud."""
    loudest = audioop.max(pcm, 2)
    return audioop.mul(pcm, 2, LOUDEST / loudest) if loudest else pcm


def to_wav(pcm: bytes) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return target.getvalue()


def _espeak() -> list[str]:
    """espeak-ng of this system, or the one unpacked beside Asterisk with its own loader and data."""
    if found := shutil.which("espeak-ng"):
        return [found]
    tree = unpacked_tree(cache_dir())
    data = next(tree.glob("usr/lib/*/espeak-ng-data"), None) if tree else None
    if tree is None or data is None:
        raise SpeechProblem("espeak-ng is missing; run `hotline asterisk get`, or install the package espeak-ng")
    return [*tree_command(tree, "usr/bin/espeak-ng"), f"--path={data.parent}"]
