"""How the mini model learns. What needs espeak-ng, numpy or torch is skipped where they are missing."""

from __future__ import annotations

import ctypes.util
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.transcription.speakers import needs_kaldifst
from transcription.mini_model.kaldi_files import NNET
from transcription.mini_model.lexicon import DATA, Lexicon, table
from transcription.mini_model.speech import LEARNED_VOICES, UNHEARD_VOICES, Sounding, _soundings

needs_espeak = pytest.mark.skipif(ctypes.util.find_library("espeak-ng") is None, reason="espeak-ng is not installed")
needs_torch = pytest.mark.skipif(
    any(find_spec(m) is None for m in ("torch", "soxr", "kaldi_native_fbank")),
    reason="the model extra is not installed",
)
needs_numpy = pytest.mark.skipif(
    any(find_spec(m) is None for m in ("numpy", "soxr", "kaldi_native_fbank")),
    reason="the model extra is not installed",
)


def test_the_voices_of_the_tests_are_never_learned() -> None:
    assert not set(LEARNED_VOICES) & set(UNHEARD_VOICES)


def test_a_gap_belongs_to_the_consonant_after_it() -> None:
    events = [("t", 0), ("a", 100), ("_|", 300), ("k", 350), ("u", 400), ("_|", 600), ("_:", 650), ("_", 900)]
    assert _soundings(events, 1000) == [
        Sounding("t", 0.0, 0.1),
        Sounding("a", 0.1, 0.3),
        Sounding("k", 0.3, 0.4),
        Sounding("u", 0.4, 0.65),
        Sounding("SIL", 0.65, 0.9),
    ]


@needs_numpy
def test_the_right_output_of_every_30_ms() -> None:
    from transcription.mini_model.features import answers

    outputs = {"SIL": [0], "t": [7], "a": [8, 9]}
    soundings = [Sounding("t", 0.0, 0.06), Sounding("a", 0.06, 0.18)]
    assert answers(soundings, 0.09, 45, outputs).tolist() == [0, 0, 0, 7, 7, 8, 8, 9, 9, 0, 0, 0, 0, 0, 0]


@needs_espeak
@needs_numpy
def test_espeak_sounds_every_word_as_the_lexicon_says() -> None:
    from transcription.mini_model.speech import speak

    lexicon, rng = Lexicon.load(), random.Random(5)
    words = rng.sample(sorted(lexicon.readings), 60)
    for word in words:
        _samples, soundings = speak([word], lexicon.readings, "+m4", rng)
        assert [s.phone for s in soundings if s.phone != "SIL"] == lexicon.sounds(word), word


@pytest.mark.slow
@needs_espeak
def test_the_table_of_syllables_can_be_made_again() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "transcription.mini_model.espeak"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    syllables = {row[0]: row[1].split() for row in (line.split("\t") for line in made.stdout.splitlines())}
    for syllable, phones in table(DATA / "syllables.txt").items():
        assert syllables[syllable] == phones


@pytest.mark.slow
@needs_espeak
@needs_torch
def test_a_network_learns_and_fits_into_the_model(tmp_path: Path) -> None:
    from transcription.mini_model.training import train

    nnet = train(tmp_path, sentences=40, epochs=1, width=16)
    assert nnet.startswith(NNET)
    assert (tmp_path / "network.nnet3").read_bytes() == nnet


@pytest.mark.slow
@needs_espeak
@needs_torch
@needs_kaldifst
def test_vosk_accepts_a_network_that_was_just_trained(tmp_path: Path) -> None:
    from transcription.recognizer import SpeechModel

    program = (
        "import sys; from pathlib import Path; from transcription.mini_model.build import build; "
        "from transcription.mini_model.training import train; "
        "out = Path(sys.argv[1]); build(out / 'model', train(out, sentences=40, epochs=1, width=16))"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True, cwd=ROOT)
    assert SpeechModel(tmp_path / "model").knows("停水")
