"""Recordings that no call knows of are found, once, however many recordings there are."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases import intake, migrations
from config.database import Database
from console import orphans
from console.orphans import QUIET_SECONDS, adopt
from ivr.call import CallEvent, Kind, fold
from ivr.spool import Spool

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CALL = "20260302-040000-00c0ffee"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    migrations.upgrade(made.engine)
    return made


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    (tmp_path / "recordings" / "fallback").mkdir(parents=True)
    return tmp_path / "recordings"


def recording(recordings: Path, name: str, age: float = QUIET_SECONDS + 5) -> str:
    path = recordings / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF")
    os.utime(path, (time.time() - age, time.time() - age))
    return name


def test_a_message_left_on_the_static_path_gets_a_call_once(spool: Spool, database: Database, recordings: Path) -> None:
    path = recording(recordings, "fallback/1795338766.77.wav")
    assert adopt(spool, database, recordings, lambda: NOW) == 1
    (call_id,) = spool.finished_calls()
    call = fold(spool.events(call_id))
    assert [(r.path, r.what) for r in call.recordings] == [(path, "message")]
    assert call.ended_because == "orphan"
    assert adopt(spool, database, recordings, lambda: NOW) == 0, "it is known in the spool"
    with database.session() as session:
        intake.import_call(session, spool.events(call_id))
    spool.taken(call_id)
    assert adopt(spool, database, recordings, lambda: NOW) == 0, "it is known in the database"


def test_what_is_still_being_written_or_belongs_to_a_call_is_left_alone(
    spool: Spool, database: Database, recordings: Path
) -> None:
    recording(recordings, "fallback/now.wav", age=1)
    path = recording(recordings, f"2026/03/02/{CALL}/{CALL}-1.wav")
    spool.append(CallEvent(CALL, 1, NOW, Kind.RECORDING_STARTED, {"leg": f"{CALL}-1", "path": path}))
    assert adopt(spool, database, recordings, lambda: NOW) == 0


def test_what_is_known_is_asked_once_however_many_recordings_there_are(
    spool: Spool, database: Database, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    known = orphans._known
    monkeypatch.setattr(orphans, "_known", lambda *given: asked.append(1) or known(*given))
    for n in range(20):
        recording(recordings, f"fallback/{n}.wav")
    assert adopt(spool, database, recordings, lambda: NOW) == 20
    assert len(asked) == 1


def test_a_recording_that_is_deleted_meanwhile_is_no_matter(spool: Spool, database: Database, recordings: Path) -> None:
    (recordings / "gone.wav").symlink_to(recordings / "nowhere")
    recording(recordings, "fallback/1.wav")
    assert adopt(spool, database, recordings, lambda: NOW) == 1
