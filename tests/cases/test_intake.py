import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import column, delete, func, select, table, text

from cases import feed, intake
from cases.model import Base, CallEventRow, CallRow, LegRow, TranscriptRow
from ivr.call import CallEvent, Kind, fold
from transcription.transcript import Transcript, Utterance

START = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)


def history(call_id: str = "c1") -> list[CallEvent]:
    """A citizen talks with an operator and a department; both sides are recorded."""
    told = [
        (Kind.CALL_STARTED, {"caller": "13800001111", "dialled": "12345", "flow": "main", "version": "v1"}),
        (Kind.NODE_ENTERED, {"node": "operators"}),
        (Kind.LEG_ASKED, {"leg": "op", "role": "operator", "name": "wang"}),
        (Kind.LEG_JOINED, {"leg": "op"}),
        (Kind.RECORDING_STARTED, {"leg": f"{call_id}-1", "path": f"{call_id}/1.wav"}),
        (Kind.RECORDING_STARTED, {"leg": "op", "path": f"{call_id}/op.wav"}),
        (Kind.LEG_ASKED, {"leg": "dep", "role": "department", "name": "cgj"}),
        (Kind.LEG_FAILED, {"leg": "dep", "cause": "busy"}),
        (Kind.LEG_LEFT, {"leg": "op"}),
        (Kind.RECORDING_ENDED, {"leg": "op", "seconds": 31.5}),
        (Kind.RECORDING_ENDED, {"leg": f"{call_id}-1", "seconds": 40.0}),
        (Kind.CALL_ENDED, {"reason": "hangup", "node": "operators"}),
    ]
    return [CallEvent(call_id, n, START + timedelta(seconds=n), kind, data) for n, (kind, data) in enumerate(told, 1)]


def jobs(database) -> list[str]:
    """Everything that has ever been enqueued."""
    status = table("workflow_status", column("workflow_uuid"))
    status.schema = None if database.engine.dialect.name == "sqlite" else "dbos"
    with database.session() as session:
        return list(session.scalars(select(status.c.workflow_uuid)))


def test_a_finished_call_arrives_whole_and_is_to_be_transcribed(database):
    with database.session() as session:
        assert intake.import_call(session, history())

    with database.session() as session:
        row = session.get_one(CallRow, "c1")
        legs = session.scalars(select(LegRow).order_by(LegRow.asked_at)).all()
        assert (row.caller, row.answered, row.ended_because) == ("13800001111", True, "hangup")
        assert [(leg.role, leg.name, leg.cause) for leg in legs] == [
            ("citizen", "", ""),
            ("operator", "wang", ""),
            ("department", "cgj", "busy"),
        ]
        assert [r.seconds for r in intake.recordings(session, "c1")] == [40.0, 31.5]
        assert fold(intake.call_events(session, "c1")) == fold(history())
        assert session.get_one(TranscriptRow, "c1").state == "waiting"
        assert [(c.kind, c.ref) for c in feed.since(session, 0)] == [("call", "c1")]
    assert jobs(database) == ["transcribe:c1:2"]


def test_a_call_given_twice_arrives_once(database):
    with database.session() as session:
        assert intake.import_call(session, history())
    with database.session() as session:
        assert not intake.import_call(session, history())

    assert jobs(database) == ["transcribe:c1:2"]


@pytest.fixture(scope="module")
def shared(empty_sqlite, tmp_path_factory):
    """One database for all examples of hypothesis; each example starts with empty tables."""
    import shutil

    from config.database import Database

    path = tmp_path_factory.mktemp("intake") / "hotline.db"
    shutil.copy(empty_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.engine.dispose()


batches = st.lists(st.lists(st.sampled_from(history()), min_size=1, max_size=12), max_size=6)


@given(batches)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_in_any_pieces_and_any_order_it_is_the_same_call(shared, pieces):
    with shared.session() as session:
        for each in reversed(Base.metadata.sorted_tables):
            session.execute(delete(each))
        session.execute(text("DELETE FROM workflow_status"))
    for piece in [*pieces, history()]:
        with shared.session() as session:
            intake.import_call(session, piece)

    with shared.session() as session:
        assert fold(intake.call_events(session, "c1")) == fold(history())
        assert len(intake.recordings(session, "c1")) == 2
        assert session.scalar(select(func.count()).select_from(LegRow)) == 3
    assert "transcribe:c1:2" in jobs(shared)


def test_two_processes_may_bring_the_same_call_at_once(database):
    def bring():
        with database.session() as session:
            intake.import_call(session, history())

    threads = [threading.Thread(target=bring) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(CallEventRow)) == len(history())
    assert jobs(database) == ["transcribe:c1:2"]


def test_when_the_transaction_fails_neither_call_nor_work_remains(database):
    def interrupted():
        with database.session() as session:
            intake.import_call(session, history())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()

    with database.session() as session:
        assert session.get(CallRow, "c1") is None
        assert feed.latest(session) == 0
    assert jobs(database) == []


def test_a_recording_that_arrives_late_is_transcribed_too(sqlite):
    early = [e for e in history() if e.data.get("path") != "c1/op.wav"]
    with sqlite.session() as session:
        intake.import_call(session, early)
        intake.store_transcript(session, said("路灯坏了"), covers=1, now=START)
    with sqlite.session() as session:
        assert session.get_one(TranscriptRow, "c1").state == "done"
        intake.import_call(session, history())

    with sqlite.session() as session:
        assert session.get_one(TranscriptRow, "c1").state == "waiting"
    assert sorted(jobs(sqlite)) == ["transcribe:c1:1", "transcribe:c1:2"]


def said(words: str) -> Transcript:
    return Transcript("c1", (Utterance("c1-1", "citizen", 1.0, 2.5, words, 0.9),))


def test_the_transcript_comes_back_as_it_was_given(database):
    with database.session() as session:
        intake.import_call(session, history())
        intake.store_transcript(session, said("人民路路灯坏了"), covers=2, now=START)

    with database.session() as session:
        assert intake.transcript_of(session, "c1") == said("人民路路灯坏了")
        assert session.get_one(TranscriptRow, "c1").state == "done"


def test_what_a_person_wrote_is_never_eaten_by_the_machine(database):
    with database.session() as session:
        intake.correct_draft(session, "c1", {"place": "人民路 12 号"}, "wang", now=START)  # while still talking
    with database.session() as session:
        intake.import_call(session, history())
        intake.store_draft(session, "c1", {"place": "人民路", "kind": "complaint"}, now=START)
        intake.store_draft(session, "c1", {"place": "人民", "kind": "help"}, now=START)

    with database.session() as session:
        draft = intake.draft_of(session, "c1")
        assert draft.proposed == {"place": "人民", "kind": "help"}
        assert draft.corrected == {"place": "人民路 12 号"}
        assert draft.corrected_by == "wang"
