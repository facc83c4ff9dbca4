"""Any recording becomes telephone sound; a broken one says what is wrong with it."""

from __future__ import annotations

import audioop
import math
import struct
import wave
from pathlib import Path

import pytest

from tests.transcription.speakers import clip, write_wav
from transcription.audio import AudioProblem, Sound, load


def tone(hertz: float, rate: int, seconds: float = 0.5) -> bytes:
    count = int(rate * seconds)
    return struct.pack(f"<{count}h", *(int(8000 * math.sin(2 * math.pi * hertz * k / rate)) for k in range(count)))


def test_a_telephone_recording_is_taken_as_it_is(tmp_path: Path) -> None:
    pcm = tone(440, 8000)
    assert load(write_wav(tmp_path / "a.wav", pcm)) == Sound(pcm)


@pytest.mark.parametrize(("rate", "channels", "width"), [(16000, 1, 2), (44100, 2, 2), (48000, 1, 3), (8000, 2, 1)])
def test_other_kinds_of_wav_become_8_khz_mono(tmp_path: Path, rate: int, channels: int, width: int) -> None:
    pcm = audioop.lin2lin(tone(440, rate), 2, width)
    if width == 1:
        pcm = audioop.bias(pcm, 1, 128)
    if channels == 2:
        pcm = audioop.tostereo(pcm, width, 1, 1)
    with wave.open(str(tmp_path / "a.wav"), "wb") as w:
        w.setnchannels(channels)
        w.setsampwidth(width)
        w.setframerate(rate)
        w.writeframes(pcm)
    sound = load(tmp_path / "a.wav")
    assert sound.seconds == pytest.approx(0.5, abs=0.01)
    crossings = audioop.cross(sound.pcm, 2)
    assert crossings == pytest.approx(440, abs=12)
    assert audioop.rms(sound.pcm, 2) > 3000


def test_what_lies_above_the_telephone_band_does_not_fold_into_it(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(48000)
        w.writeframes(tone(11000, 48000))
    assert audioop.rms(load(tmp_path / "a.wav").pcm, 2) < 500


def test_a_recording_whose_process_was_killed_keeps_what_was_said(tmp_path: Path) -> None:
    pcm = tone(440, 8000)
    path = write_wav(tmp_path / "a.wav", pcm)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = bytes(4)  # the lengths are written when the file is closed
    path.write_bytes(data)
    assert load(path) == Sound(pcm, repaired=True)
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data[:-1])  # and the last sample is half there
    assert load(path) == Sound(pcm[:-2], repaired=True)


def test_every_cut_of_a_recording_is_either_sound_or_a_clear_problem(tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "whole.wav", tone(440, 8000, 0.01)).read_bytes()
    cut = tmp_path / "cut.wav"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        try:
            sound = load(cut)
        except AudioProblem:
            continue
        assert sound.repaired


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"not a sound" * 100, bytes(5000)])
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(AudioProblem, match=r"^x\.wav: "):
        load(tmp_path / "x.wav")


def test_an_empty_recording_and_a_missing_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(AudioProblem, match="nothing was recorded"):
        load(write_wav(tmp_path / "x.wav", b""))
    with pytest.raises(AudioProblem, match="cannot be read"):
        load(tmp_path / "missing.wav")


def test_mu_law_is_understood() -> None:
    assert clip("outage").seconds == pytest.approx(6.0, abs=0.5)
