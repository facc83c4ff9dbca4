"""Following the spool and the feed: one bad file, one bad line, never stops the others, and nothing is thrown away."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from cases import feed, intake
from cases.migrations import upgrade
from cases.model import CallEventRow, CallRow
from config.city import load
from config.database import Database
from config.settings import ROOT
from console.directory import InMemory
from console.follower import Follower
from console.hub import Hub
from ivr.board import Board
from ivr.call import CALLBACK, CALLBACK_MISSED, OUTGOING, CallEvent, Kind
from ivr.spool import Spool

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
SECRET = "13805712345"


@pytest.fixture
def follower(tmp_path: Path) -> Follower:
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}", busy_timeout_ms=200)
    upgrade(database.engine)
    spool = Spool(tmp_path / "spool")
    follower = Follower(database, spool, Hub(Board), InMemory(load(ROOT / "config")), lambda: NOON, lambda _all: None)
    follower.round()
    return follower


def finished(spool: Spool, call_id: str, events: int = 2) -> None:
    kinds = [Kind.CALL_STARTED, *[Kind.NOTE_TAKEN] * (events - 2), Kind.CALL_ENDED]
    for seq, kind in enumerate(kinds, 1):
        spool.append(CallEvent(call_id, seq, NOON + timedelta(seconds=seq), kind, {"caller": SECRET, "reason": "x"}))
    spool.finish(call_id)


def calls(follower: Follower) -> list[str]:
    with follower.database.session() as session:
        return list(session.scalars(select(CallRow.id).order_by(CallRow.id)))


STARTED = {"call": "b", "seq": 1, "at": NOON.isoformat(), "kind": "call.started", "caller": SECRET}
BAD = {
    "nothing": "",
    "noise": "\x01 noise\n{{{\n",
    "two calls": "\n".join(json.dumps(STARTED | {"call": c, "seq": n}) for n, c in enumerate("bx", 1)),
    "seq below one": json.dumps(STARTED | {"seq": 0}),
    "a number beyond all columns": json.dumps(STARTED | {"seq": 2**70}),
    "half a character": json.dumps(STARTED | {"caller": "\ud800"}),
    "a caller who is a list": json.dumps(STARTED | {"caller": [SECRET]}),
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_call_is_set_aside_and_the_others_come_in(
    follower: Follower, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    finished(follower.spool, "a")
    (follower.spool.finished_dir / "b.jsonl").write_text(BAD[what], "utf-8")
    finished(follower.spool, "c")

    with caplog.at_level(logging.INFO):
        follower.round()

    assert calls(follower) == ["a", "c"]
    assert follower.spool.finished_calls() == []
    assert (follower.spool.broken_dir / "b.jsonl").read_text("utf-8") == BAD[what], "a person can look at it"
    assert "call b cannot be taken in" in caplog.text
    assert SECRET not in caplog.text


def test_a_file_that_cannot_be_read_waits_and_the_others_come_in(follower: Follower) -> None:
    (follower.spool.finished_dir / "b.jsonl").mkdir()
    finished(follower.spool, "c")

    follower.round()

    assert calls(follower) == ["c"]


def test_while_the_database_is_locked_no_call_is_set_aside(follower: Follower) -> None:
    finished(follower.spool, "a")
    with follower.database.session() as other:
        other.scalar(select(func.count()).select_from(CallRow))  # on SQLite this holds the lock
        with pytest.raises(OperationalError):
            follower.round()

    assert follower.spool.finished_calls() == ["a"]
    follower.round()
    assert calls(follower) == ["a"]


def test_a_call_with_seven_thousand_events_comes_in_whole(follower: Follower) -> None:
    at = NOON.isoformat()
    lines = [json.dumps({"call": "long", "seq": n, "at": at, "kind": "note.taken"}) for n in range(1, 7_001)]
    (follower.spool.finished_dir / "long.jsonl").write_text("\n".join(lines))

    follower.round()

    with follower.database.session() as session:
        assert session.scalar(select(func.count()).select_from(CallEventRow)) == 7_000


def test_a_feed_that_is_full_is_worked_off_and_a_bad_line_of_it_stops_nothing(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with follower.database.session() as session:
        for n in range(700):
            feed.note(session, "case", f"c{n}")

    def tell(_session: object, number: str) -> None:
        if number == "c7":
            raise ValueError(SECRET)
        told.append(number)

    monkeypatch.setattr(Follower, "_tell_case", lambda _self, session, number: tell(session, number))
    for _ in range(3):
        follower.round()

    assert told == [f"c{n}" for n in range(700) if n != 7]


def test_the_caller_of_a_call_with_a_nul_is_kept_without_it(follower: Follower) -> None:
    events = [CallEvent("n", 1, NOON, Kind.CALL_STARTED, {"caller": f"{SECRET}\0x", "dialled": "12345"})]
    with follower.database.session() as session:
        intake.import_call(session, events)

    with follower.database.session() as session:
        assert session.get_one(CallRow, "n").caller == f"{SECRET}x"


def test_every_desk_is_told_of_a_callback_that_was_missed(follower: Follower) -> None:
    for call_id, reason in (("a", "citizen_hung_up"), ("b", CALLBACK_MISSED)):
        follower.spool.append(CallEvent(call_id, 1, NOON, Kind.CALL_STARTED, {"caller": SECRET, "way": CALLBACK}))
        follower.spool.append(CallEvent(call_id, 2, NOON, Kind.CALL_ENDED, {"reason": reason}))
        follower.spool.finish(call_id)

    follower.round()

    (missed,) = follower.hub.missed_callbacks()
    assert (missed.call_id, missed.caller) == ("b", SECRET)
    assert SECRET not in repr(missed)


def test_what_came_of_a_call_of_ours_goes_on_once_and_never_keeps_the_call_out(follower: Follower) -> None:
    came: list[str] = []

    def then(_session: object, call_id: str, events: list[CallEvent]) -> None:
        came.append(call_id)
        raise ValueError(SECRET)

    follower.outgoing_came = then
    for call_id, way in (("a", ""), ("b", OUTGOING)):
        follower.spool.append(CallEvent(call_id, 1, NOON, Kind.CALL_STARTED, {"caller": SECRET, "way": way}))
        follower.spool.finish(call_id)

    follower.round()
    follower.round()

    assert came == ["b"]
    assert calls(follower) == ["a", "b"]
