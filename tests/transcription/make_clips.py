"""Makes the clips beside this file: sentences in voices that the mini model never learned, as a telephone carries them.

    python -m tests.transcription.make_clips

They are committed, so that the tests need no speech synthesis. clips.json tells what is said and when.
"""

from __future__ import annotations

import audioop
import json
import random
import struct
from pathlib import Path

CLIPS = Path(__file__).parent / "clips"
SENTENCES = {
    "outage": ("+m4", "你好 我 要 投诉 中山路 小区 停水 了"),
    "lamps": ("+f4", "人民路 附近 的 路灯 坏了 已经 三天 了"),
    "telephone": ("+benjamin", "我的 电话 是 幺 三 八 零 五 七 幺 二 三 四 五"),
    "address": ("+m4", "我家 住 中山路 三 号 楼 二 单元 五 零 二 室"),
    "water": ("+marcelo", "正在抢修 预计 两个小时内 恢复"),
    "fire": ("+caleb", "幸福小区 着火了 请 马上 派人"),
}


def main() -> None:
    import numpy as np

    from transcription.mini_model.lexicon import Lexicon
    from transcription.mini_model.speech import speak
    from transcription.mini_model.telephone import over_the_telephone

    CLIPS.mkdir(exist_ok=True)
    lexicon, rng, noise = Lexicon.load(), random.Random(12345), np.random.default_rng(12345)
    told = {}
    for name, (voice, sentence) in SENTENCES.items():
        words = sentence.split()
        speech, soundings = speak(words, lexicon.readings, voice, rng)
        pcm, lead = over_the_telephone(speech, rng, noise, [], clean=True)
        (CLIPS / f"{name}.wav").write_bytes(ulaw_wav(audioop.lin2ulaw(pcm.tobytes(), 2)))
        told[name] = {"voice": voice, "words": _times(words, soundings, lexicon, lead)}
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in told.items())
    (CLIPS / "clips.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def _times(words, soundings, lexicon, lead):
    """[[word, start, end], ...] in seconds, as espeak-ng itself timed its phonemes."""
    spoken = [s for s in soundings if s.phone != "SIL"]
    rows, at = [], 0
    for word in words:
        end = at + len(lexicon.sounds(word))
        rows.append([word, round(lead + spoken[at].start, 3), round(lead + spoken[end - 1].end, 3)])
        at = end
    assert at == len(spoken)
    return rows


def ulaw_wav(data: bytes) -> bytes:
    """8 kHz mu-law, mono: half the size of 16 bit."""
    header = struct.pack("<4sI4s4sIHHIIHHH", b"RIFF", 38 + len(data), b"WAVE", b"fmt ", 18, 7, 1, 8000, 8000, 1, 8, 0)
    return header + struct.pack("<4sI", b"data", len(data)) + data


if __name__ == "__main__":
    main()
