"""Whatever Asterisk tells, in whatever order and however often: in the end nobody is stuck and nothing is left."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.board import Activity
from ivr.call import Role
from ivr.live import Refused
from ivr.room import COMING, PRESENT
from tests.ivr.exchange_floor import Floor, open_floor

CITIZENS = ("1.1", "2.2")
EVENTS = ("Newchannel", "Newstate", "ConfbridgeJoin", "ConfbridgeLeave", "Hangup", "Failure", "BackInRoom", "Fallback",
          "DTMFEnd")  # fmt: skip
PEOPLE = ("invite wang", "invite water", "invite sup", "remove", "hold", "whisper", "mute", "pause", "ready", "time")
happenings = st.lists(st.tuples(st.sampled_from(EVENTS + PEOPLE), st.integers(0, 7), st.sampled_from(CITIZENS)),
                      max_size=40)  # fmt: skip


@given(happenings)
@settings(max_examples=60, deadline=None)
def test_in_the_end_nobody_is_stuck_and_nothing_is_left(happened: list[tuple[str, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_floor(Path(folder), "lin", "wang") as floor:
        calls = {unique: floor.waits(unique) for unique in CITIZENS}
        for what, leg, citizen in happened:
            _happens(floor, what, calls[citizen], leg, citizen)
            _nothing_is_wrong(floor)
        _everybody_goes(floor)
        assert floor.x.calls == {}
        assert floor.x.line.waiting == ()
        assert {o.activity for o in floor.x.line.operators} == {Activity.IDLE}
        assert floor.spool.open_calls() == []
        assert floor.x.legs.channels == {}
        assert sorted(floor.spool.finished_calls()) == sorted(calls.values())
        for call in calls.values():
            assert all(leg.left_at or leg.cause for leg in floor.finished(call).legs)


def _happens(floor: Floor, what: str, call: str, number: int, citizen: str) -> None:
    leg = f"{call}-{number}" if number > 1 else citizen
    if what in PEOPLE:
        _somebody_asks(floor, what, call, f"{call}-{number or 1}")
    elif what == "Failure":
        floor.tells("OriginateResponse", ActionID=f"ask:{leg}", Response="Failure")
    elif what in ("BackInRoom", "Fallback"):
        floor.tells("UserEvent", leg, UserEvent=what)
    elif what == "Hangup" and leg in CITIZENS:
        return  # at the end
    else:
        floor.tells(what, leg, Channel=f"PJSIP/c-{leg}", ChannelState="5", Cause="17", Digit="1", Direction="Received")
    floor.settles()


def _somebody_asks(floor: Floor, what: str, call: str, leg: str) -> None:
    x = floor.x
    asked = {
        "invite wang": lambda: x.add(call, operator="wang", by="lin"),
        "invite sup": lambda: x.add(call, operator="sup", muted=True, by="sup"),
        "invite water": lambda: x.add(call, department="water", by="lin"),
        "remove": lambda: x.remove(call, leg),
        "hold": lambda: x.change(call, leg, held=True),
        "whisper": lambda: x.change(call, leg, whisper_to=f"{call}-2"),
        "mute": lambda: x.change(call, leg, muted=True),
        "pause": lambda: x.record(call, "paused"),
        "ready": lambda: x.set_operator("wang", "ready" if leg.endswith(("1", "3")) else "paused"),
        "time": lambda: floor.after(7),
    }
    with contextlib.suppress(Refused):
        asked[what]()


def _nothing_is_wrong(floor: Floor) -> None:
    """One telephone, one row: nobody is rung or held in two rooms, and the board says what the rows say."""
    rooms = [call.room for call in floor.x.calls.values() if call.room]
    rows = [(p.name, r.id) for r in rooms for p in r.participants
            if p.state in PRESENT | COMING and p.role is Role.OPERATOR]  # fmt: skip
    assert len({name for name, _ in rows}) == len(rows), rows
    for o in floor.x.line.operators:
        where = dict(rows).get(o.name)
        assert (o.activity is not Activity.IDLE) == (where is not None), (o, rows)
        assert o.room == where


def _everybody_goes(floor: Floor) -> None:
    for unique in CITIZENS:
        floor.hangs_up(unique)
    for leg in list(floor.x.legs.channels):
        floor.hangs_up(leg)
    floor.after(3)
    floor.settles()


@pytest.mark.parametrize("event", [*EVENTS, "", "Cdr", "UserEvent", "OriginateResponse"])
@pytest.mark.parametrize("unique", ["", "-", "x", "9.9", "20260302-040000-00c0ffee-2", "tap-", "\ud800"])
def test_what_is_not_ours_changes_nothing(tmp_path: Path, event: str, unique: str) -> None:
    with open_floor(tmp_path, "lin") as floor:
        call = floor.waits()
        before = floor.x.board()
        floor.tells(event, unique, Cause="²", Digit="\0", ChannelState="x", ActionID="ask:", Response="Failure")
        floor.settles()
        assert floor.x.board() == before
        assert list(floor.x.calls) == [call]
