"""Vosk hears the right words, and nothing that we hand it can kill the process."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.transcription.speakers import CLIPS, SILENCE, clip, text_of, told
from transcription.audio import RATE
from transcription.recognizer import Heard, ModelProblem, Recognizer, SpeechModel, joined, load_model, sample_rate

SHIPPED = ROOT / "transcription" / "model"
NAMES = sorted(path.stem for path in CLIPS.glob("*.wav"))


@pytest.fixture(scope="module")
def model() -> SpeechModel:
    return load_model(SHIPPED)


def hear(recognizer: Recognizer, pcm: bytes) -> list[Heard]:
    return [*recognizer.feed(pcm), *recognizer.finish()]


@pytest.mark.parametrize("name", NAMES)
def test_a_voice_that_was_never_learned_is_heard_word_by_word_at_the_right_time(model: SpeechModel, name: str) -> None:
    words = [w for heard in hear(Recognizer(model), clip(name).pcm) for w in heard.words]
    said = told()[name]["words"]
    assert [w.text for w in words] == [word for word, _start, _end in said]
    assert all(0.5 < w.confidence <= 1 for w in words)
    for word, (_text, start, end) in zip(words, said, strict=True):
        assert word.start == pytest.approx(start, abs=0.1)
        assert word.end == pytest.approx(end, abs=0.1)


def test_words_grow_while_they_are_spoken(model: SpeechModel) -> None:
    recognizer, seen = Recognizer(model), []
    for at in range(0, len(clip("outage").pcm), 3200):
        assert not list(recognizer.feed(clip("outage").pcm[at : at + 3200]))
        if (text := recognizer.partial()) and text not in seen:
            seen.append(text)
    assert len(seen) > 3
    assert all(later.startswith(earlier[:2]) for earlier, later in pairwise(seen))


def test_silence_is_no_words_and_ends_an_utterance(model: SpeechModel) -> None:
    assert hear(Recognizer(model), SILENCE * 3) == []
    heard = hear(Recognizer(model), clip("outage").pcm + SILENCE * 2 + clip("lamps").pcm)
    assert [h.text for h in heard] == [text_of("outage"), text_of("lamps")]


def test_a_recognizer_may_be_used_again_and_its_clock_runs_on(model: SpeechModel) -> None:
    recognizer, sound = Recognizer(model), clip("outage")
    (first,), (second,) = hear(recognizer, sound.pcm), hear(recognizer, sound.pcm)
    assert first.text == second.text == text_of("outage")
    assert second.words[0].start == pytest.approx(first.words[0].start + sound.seconds, abs=0.05)


def test_hearing_is_the_same_in_whatever_pieces_it_comes(model: SpeechModel) -> None:
    recognizer, pcm = Recognizer(model), clip("address").pcm
    pieces = [h for at in range(0, len(pcm), 3200 * 5) for h in recognizer.feed(pcm[at : at + 3200 * 5])]
    assert [*pieces, *recognizer.finish()] == hear(Recognizer(model), pcm)


def test_odd_lengths_and_other_buffers_do_no_harm(model: SpeechModel) -> None:
    recognizer = Recognizer(model)
    for piece in (b"", b"\x01", bytearray(3201), memoryview(bytes(3200))):
        assert list(recognizer.feed(piece)) == []


def test_a_menu_hears_its_own_words_and_that_somebody_said_something_else(model: SpeechModel) -> None:
    phrases = ["停水", "停电", "转人工"]
    assert hear(Recognizer(model, phrases), clip("lamps").pcm) == [Heard(())]
    assert hear(Recognizer(model, phrases), SILENCE) == []


@pytest.mark.parametrize("phrases", ["停水", [""], [1], ["没有这个词汇呀"], ["停水", "<eps> ]["]])
def test_a_menu_that_would_kill_vosk_is_refused(model: SpeechModel, phrases: object) -> None:
    with pytest.raises(ValueError, match=r"phrases|does not know"):
        Recognizer(model, phrases)


@pytest.mark.parametrize("name", ["am/final.mdl", "conf/model.conf", "graph/Gr.fst", "graph/disambig_tid.int"])
def test_half_a_model_is_refused_with_advice(tmp_path: Path, name: str) -> None:
    shutil.copytree(SHIPPED, tmp_path / "model")
    (tmp_path / "model" / name).unlink()
    with pytest.raises(ModelProblem, match="fetch or build it again"):
        SpeechModel(tmp_path / "model")


def test_a_model_that_vosk_cannot_read_is_refused(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "model")
    path = tmp_path / "model" / "am" / "final.mdl"
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(ModelProblem, match="Vosk cannot use this model"):
        SpeechModel(tmp_path / "model")


def test_a_folder_that_is_not_there_says_which_setting_to_change(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="HOTLINE_VOSK_MODEL"):
        SpeechModel(tmp_path / "nothing")


def test_a_model_for_wideband_sound_gets_its_own_rate(tmp_path: Path) -> None:
    """Vosk aborts the process when sound has a lower rate than its model."""
    shutil.copytree(SHIPPED, tmp_path / "model")
    conf = tmp_path / "model" / "conf" / "mfcc.conf"
    strict = conf.read_text().replace("--allow-upsample=true\n", "")
    conf.write_text(strict.replace("8000", "16000"))
    assert sample_rate(tmp_path / "model") == 16000
    assert sample_rate(SHIPPED) == RATE
    recognizer = Recognizer(SpeechModel(tmp_path / "model"))
    assert isinstance(hear(recognizer, clip("outage").pcm), list)  # the process is still there


def test_latin_words_are_set_apart() -> None:
    assert joined(["我家", "的", "WiFi", "ok", "坏了"]) == "我家的WiFi ok坏了"
