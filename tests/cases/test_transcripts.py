"""The work of transcribing: results arrive once, failures are told, a person's words stay."""

import pytest
from test_intake import history, said

from cases import intake
from cases.model import TranscriptRow
from cases.transcripts import TRIES, Transcripts, due


class Ears:
    """Stands in for recognition, which has its own tests with real sound."""

    def __init__(self) -> None:
        self.heard, self.deaf = 0, False

    def transcribe(self, call):
        self.heard += 1
        if self.deaf:
            raise RuntimeError("the citizen said 13800001111")
        return said("人民路路灯坏了")


@pytest.fixture
def ears():
    return Ears()


@pytest.fixture
def transcripts(database, ears, clock):
    with database.session() as session:
        intake.import_call(session, history())
    clock.later(days=1)
    return Transcripts(database, ears.transcribe, lambda call, t: {"summary": t.text, "phone": call.caller}, clock)


def row(database) -> TranscriptRow:
    with database.session() as session:
        return session.get_one(TranscriptRow, "c1")


def test_recordings_become_a_transcript_and_a_draft(database, transcripts):
    with database.session() as session:
        intake.correct_draft(session, "c1", {"summary": "路灯不亮"}, "wang", now=history()[0].at)

    transcripts.run("c1")
    transcripts.run("c1")

    assert row(database).state == "done"
    with database.session() as session:
        assert intake.transcript_of(session, "c1") == said("人民路路灯坏了")
        draft = intake.draft_of(session, "c1")
        assert draft.proposed == {"summary": "人民路路灯坏了", "phone": "13800001111"}
        assert intake.merged(draft)["summary"] == "路灯不亮"


def test_done_is_done(transcripts, ears, database, clock):
    transcripts.run("c1")
    transcripts.run("c1")

    assert ears.heard == 1
    with database.session() as session:
        assert due(session, clock()) == []


def test_what_cannot_be_heard_is_tried_again_and_then_told(database, transcripts, ears, clock, caplog):
    ears.deaf = True
    for _ in range(TRIES + 2):
        transcripts.run("c1")
        transcripts.run("c1")
        clock.later(minutes=10)

    assert ears.heard == TRIES
    assert (row(database).state, row(database).last_error) == ("failed", "RuntimeError")
    assert "13800001111" not in caplog.text


def test_a_call_that_kills_its_worker_each_time_is_given_up(database, transcripts, ears, clock, monkeypatch):
    def die(_call):
        raise SystemExit  # as a crash of the recogniser would end the process

    monkeypatch.setattr(transcripts, "_transcribe", die)
    for _ in range(TRIES):
        with pytest.raises(SystemExit):
            transcripts.run("c1")
        with database.session() as session:
            assert due(session, clock()) == [("c1", 2)], "its row asks for it again"
    transcripts.run("c1")

    assert (row(database).state, row(database).last_error) == ("failed", "the worker died each time")
