"""What the tests of this folder share: recorded sentences, and a speaker whose telephone is an AudioSocket."""

from __future__ import annotations

import json
import socket
import time
import uuid
import wave
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from transcription.audio import BYTES_PER_SECOND, Sound, load

# Looked for, never imported: kaldifst and vosk crash each other in one process.
needs_kaldifst = pytest.mark.skipif(find_spec("kaldifst") is None, reason="kaldifst builds models; not installed")
CLIPS = Path(__file__).parent / "clips"
FRAME_BYTES = 320  # 20 ms
SILENCE = bytes(BYTES_PER_SECOND)


@cache
def clip(name: str) -> Sound:
    return load(CLIPS / f"{name}.wav")


@cache
def told() -> dict[str, dict]:
    """What is said in each clip: `words` is a list of [word, start, end]."""
    return json.loads((CLIPS / "clips.json").read_text(encoding="utf-8"))


def text_of(name: str) -> str:
    return "".join(word for word, _start, _end in told()[name]["words"])


def write_wav(path: Path, pcm: bytes) -> Path:
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(pcm)
    return path


class Speaker:
    """One leg, as Asterisk taps it."""

    def __init__(self, address: tuple[str, int], *, name: uuid.UUID | None = None) -> None:
        self.tap = name or uuid.uuid4()
        self.socket = socket.create_connection(address)
        self.socket.sendall(b"\x01\x00\x10" + self.tap.bytes)
        self.began = time.monotonic()

    def say(self, pcm: bytes, *, pace: float = 1.0) -> None:
        """In real time (or `pace` times as fast)."""
        due = time.monotonic()
        for at in range(0, len(pcm), FRAME_BYTES):
            frame = pcm[at : at + FRAME_BYTES]
            due += len(frame) / BYTES_PER_SECOND / pace  # it can be sent when it has been spoken
            time.sleep(max(0.0, due - time.monotonic()))
            self.socket.sendall(b"\x10" + len(frame).to_bytes(2, "big") + frame)

    def hang_up(self) -> None:
        self.socket.sendall(b"\x00\x00\x00")
        self.socket.close()
