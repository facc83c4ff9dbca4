"""Sound that waits for the recogniser: late sound is dropped and counted, and captions keep the right seconds."""

from __future__ import annotations

import pytest

from config.settings import ROOT
from tests.transcription.speakers import SILENCE, clip, text_of
from transcription.recognizer import Recognizer, load_model
from transcription.tap import MAX_LAG_SECONDS, Backlog, Captioning

FIFTH = bytes(3200)


def test_sound_that_comes_in_time_is_taken_without_a_gap() -> None:
    backlog = Backlog(100.0)
    backlog.put(FIFTH, 100.2)
    assert backlog.take() == (pytest.approx(0.0), True, FIFTH)
    backlog.put(FIFTH, 100.5)  # a little late, as networks are
    assert backlog.take() == (pytest.approx(0.2), False, FIFTH)
    assert backlog.dropped_seconds == 0


def test_a_telephone_that_was_silent_comes_back_at_the_right_second() -> None:
    backlog = Backlog(100.0)
    backlog.put(FIFTH, 100.2)
    backlog.take()
    assert not backlog.paused(100.9)
    assert backlog.paused(101.3)
    backlog.put(FIFTH, 105.0)
    assert backlog.take() == (pytest.approx(4.8), True, FIFTH)


def test_a_slow_recogniser_loses_the_oldest_sound_and_the_loss_is_counted() -> None:
    backlog = Backlog(0.0)
    for n in range(1, 51):
        backlog.put(FIFTH, n * 0.2)
        assert backlog.seconds <= MAX_LAG_SECONDS + 0.01
    start, gap, pcm = backlog.take()
    assert gap
    assert backlog.dropped_seconds == pytest.approx(10 - len(pcm) / 16000)
    assert start == pytest.approx(backlog.dropped_seconds)


def test_captions_after_a_gap_say_the_seconds_of_the_tap() -> None:
    model = load_model(ROOT / "transcription" / "model")
    hearing = Captioning("t", lambda: Recognizer(model))
    first = [*hearing.hear(0.0, True, clip("outage").pcm + SILENCE)]
    second = [*hearing.hear(60.0, True, clip("address").pcm), *hearing.close()]
    finals = [c for c in first + second if c.final]
    assert [(c.number, c.text) for c in finals] == [(1, text_of("outage")), (2, "我家住中山路3号楼2单元502室")]
    assert finals[0].start == pytest.approx(0.2, abs=0.1)
    assert finals[1].start == pytest.approx(60.4, abs=0.1)
    assert list(hearing.close()) == []
