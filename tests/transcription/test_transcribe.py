"""A call's recordings become one transcript in the order of time; a broken recording costs only its own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import ROOT
from ivr.call import Call, Leg, Recording, Role
from tests.transcription.speakers import clip, text_of, told, write_wav
from transcription.recognizer import ModelProblem
from transcription.transcribe import transcribe_call
from transcription.transcript import Transcript

MODEL = ROOT / "transcription" / "model"
START = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def call_of(*recordings: Recording) -> Call:
    legs = (Leg("c1-1", Role.CITIZEN), Leg("c1-2", Role.OPERATOR, "wang"), Leg("c1-3", Role.DEPARTMENT, "water"))
    return Call("c1", started_at=START, legs=legs, recordings=recordings)


def recorded(leg: str, path: str, after: float) -> Recording:
    return Recording(leg, path, START + timedelta(seconds=after))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_wav(tmp_path / "citizen.wav", clip("outage").pcm + bytes(16000 * 8) + clip("address").pcm)
    write_wav(tmp_path / "department.wav", clip("water").pcm)
    return tmp_path


def test_who_said_what_when(folder: Path) -> None:
    call = call_of(recorded("c1-1", "citizen.wav", 4.0), recorded("c1-3", "department.wav", 11.0))
    transcript = transcribe_call(call, folder, MODEL)
    assert [(u.role, u.text) for u in transcript.utterances] == [
        ("citizen", text_of("outage")),
        ("department", text_of("water")),
        ("citizen", "我家住中山路3号楼2单元502室"),
    ]
    first, second, _third = transcript.utterances
    assert first.start == pytest.approx(4.2, abs=0.1)
    assert second.start == pytest.approx(11.0 + told()["water"]["words"][0][1], abs=0.1)
    assert first.words[-1].text == "了"
    assert first.words[-1].end == first.end
    assert transcript.problems == ()
    assert Transcript.from_json(transcript.to_json()).text == transcript.text


def test_a_lost_and_a_half_written_recording_are_noted_and_the_rest_is_heard(folder: Path) -> None:
    path = folder / "citizen.wav"
    data = bytearray(path.read_bytes())
    data[40:44] = bytes(4)
    path.write_bytes(data)
    (folder / "operator.wav").write_bytes(b"")
    call = call_of(
        recorded("c1-1", "citizen.wav", 0),
        recorded("c1-2", "operator.wav", 1),
        recorded("c1-3", "lost.wav", 2),
        recorded("c1-3", "../../etc/passwd", 3),
    )
    transcript = transcribe_call(call, folder, MODEL)
    assert len(transcript.utterances) == 2
    assert [p.partition(":")[0] for p in transcript.problems] == ["citizen.wav", "operator.wav", "lost.wav", "passwd"]


def test_a_call_without_recordings_has_an_empty_transcript(folder: Path) -> None:
    assert transcribe_call(call_of(), folder, MODEL) == Transcript("c1")


def test_a_recording_of_a_leg_that_nobody_knows_is_heard_too(folder: Path) -> None:
    call = replace(call_of(recorded("c1-9", "department.wav", 0)), legs=())
    assert [(u.leg, u.role) for u in transcribe_call(call, folder, MODEL).utterances] == [("c1-9", "")]


def test_without_a_model_there_is_no_transcript(folder: Path) -> None:
    with pytest.raises(ModelProblem):
        transcribe_call(call_of(), folder, folder)
