"""The spool: whatever dies, what was written of a call is there, once."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallEvent, Kind
from ivr.spool import Spool

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CALL = "20260302-040000-00c0ffee"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def event(seq: int, kind: Kind = Kind.NOTE_TAKEN, **data: object) -> CallEvent:
    return CallEvent(CALL, seq, NOON, kind, data)


def journal(spool: Spool) -> Path:
    return spool.open_dir / f"{CALL}.jsonl"


def test_a_call_goes_from_open_to_finished_to_forgotten(spool: Spool) -> None:
    written = [event(1, Kind.CALL_STARTED, caller="138"), event(2, text="停水了"), event(3, Kind.CALL_ENDED)]
    for each in written:
        spool.append(each)
    assert spool.open_calls() == [CALL]
    spool.finish(CALL)
    spool.finish(CALL)
    assert (spool.open_calls(), spool.finished_calls()) == ([], [CALL])
    assert spool.events(CALL) == written
    spool.taken(CALL)
    assert spool.events(CALL) == []


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r\n", "\0", '"}\n{"'])
def test_no_character_of_a_callers_name_tears_a_line(spool: Spool, odd: str) -> None:
    spool.append(event(1, Kind.CALL_STARTED, caller=f"a{odd}b"))
    assert [e.data["caller"] for e in spool.events(CALL)] == [f"a{odd}b"]


@given(cut=st.integers(1, 400))
def test_a_torn_line_takes_no_other_with_it(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"))
    for seq in (1, 2):
        spool.append(event(seq, text="街道路灯不亮"))
    whole = journal(spool).read_bytes()
    journal(spool).write_bytes(whole[: min(cut, len(whole) - 1)])
    before = spool.events(CALL)
    spool.append(event(3, text="后来的"))
    found = spool.events(CALL)
    assert [e.seq for e in found][-1] == 3
    assert found[: len(before)] == before


@pytest.mark.parametrize("line", ["[]", "7", "null", "{}", '{"call":"x"}', "\ufeff", "[" * 100_000])
def test_a_line_that_is_no_event_is_passed_over(spool: Spool, line: str) -> None:
    spool.append(event(1))
    with journal(spool).open("a") as file:
        file.write(line + "\n")
    spool.append(event(2))
    assert [e.seq for e in spool.events(CALL)] == [1, 2]


def test_a_killed_process_loses_nothing_it_has_written(spool: Spool) -> None:
    program = f"""
        import os, signal
        from datetime import UTC, datetime
        from pathlib import Path
        from ivr.call import CallEvent, Kind
        from ivr.spool import Spool
        spool = Spool(Path({str(spool.open_dir.parent)!r}))
        for seq in range(1, 51):
            spool.append(CallEvent({CALL!r}, seq, datetime.now(UTC), Kind.NOTE_TAKEN, {{"text": "x" * seq}}))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(program)])
    assert died.returncode == -signal.SIGKILL
    assert [e.seq for e in spool.events(CALL)] == list(range(1, 51))


def test_a_full_disk_is_told_and_the_next_line_is_whole_again(spool: Spool) -> None:
    spool.append(event(1, Kind.CALL_STARTED))
    size = journal(spool).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            spool.append(event(2, text="these words no longer fit on the disk, only half of them do"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert journal(spool).stat().st_size == size + 30, "half a line was written"
    spool.append(event(3, Kind.CALL_ENDED))
    assert [e.seq for e in spool.events(CALL)] == [1, 3]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(spool: Spool) -> None:
    spool.open_dir.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            spool.append(event(1))
    finally:
        spool.open_dir.chmod(0o700)


def test_a_folder_that_is_gone_is_told(spool: Spool) -> None:
    spool.open_dir.rmdir()
    with pytest.raises(FileNotFoundError):
        spool.append(event(1))


def test_the_place_in_the_flow_is_whole_or_the_one_before(spool: Spool) -> None:
    spool.keep_session(CALL, {"session": {"node": "operators"}})
    (spool.open_dir / f"{CALL}.new").write_text('{"session": {"no')  # killed while writing the next one
    assert spool.session(CALL) == {"session": {"node": "operators"}}
    (spool.open_dir / f"{CALL}.session").write_text("[1")
    assert spool.session(CALL) is None


def test_a_call_that_cannot_be_taken_in_is_kept_for_a_person(spool: Spool) -> None:
    spool.append(event(1))
    spool.keep_session(CALL, {})
    spool.finish(CALL)
    spool.set_aside(CALL)
    assert (spool.open_calls(), spool.finished_calls()) == ([], [])
    assert (spool.broken_dir / f"{CALL}.jsonl").exists()


def test_files_of_others_are_left_alone(spool: Spool) -> None:
    for name in ("my notes.jsonl", "..jsonl", "backup.jsonl~"):
        (spool.open_dir / name).write_text("not a call")
    assert spool.open_calls() == []


@pytest.mark.parametrize("bad", ["", "-", "../x", "a/b", "a b", "a\0b", "a.jsonl"])
def test_a_call_id_cannot_leave_the_folder(spool: Spool, bad: str) -> None:
    with pytest.raises(ValueError, match="call id"):
        spool.append(CallEvent(bad, 1, NOON, Kind.NOTE_TAKEN))


def test_what_is_kept_is_nobody_elses_to_read(spool: Spool) -> None:
    for folder in (spool.open_dir, spool.finished_dir, spool.broken_dir):
        assert folder.stat().st_mode & 0o777 == 0o700
