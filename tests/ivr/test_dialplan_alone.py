"""What the dialplan does by itself, and that the exchange sees it; in a data folder with a space in its name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.board import ParticipantState
from phone import hearing
from tests.house import CITIZEN, OPERATOR, SECOND, House, eventually

pytestmark = pytest.mark.calls


@pytest.fixture(scope="module")
def odd_house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="house 热线 "))
    house = House(folder, operator_ring_seconds=5, hold_seconds=2)
    try:
        house.start()
        yield house
    finally:
        house.stop()
        shutil.rmtree(folder, ignore_errors=True)


def state(house: House, name: str) -> ParticipantState | None:
    found = house.participant(name)
    return found.state if found else None


def test_a_hold_that_runs_out_brings_the_citizen_back_and_the_board_says_so(odd_house: House) -> None:
    house = odd_house
    with house.operator("op1") as phone:
        citizen = house.citizen()
        ring = phone.wait_for_ring(6)
        ring.answer()
        assert citizen.hears({OPERATOR}, within=4)
        room = house.room()
        assert room is not None
        house.exchange.change(room.id, f"{room.id}-1", held=True)
        assert state(house, "") is ParticipantState.HELD
        eventually(lambda: state(house, "") is ParticipantState.TALKING, "the end of the hold", 5)
        assert citizen.hears({OPERATOR}, within=3)
        assert ring.hears({CITIZEN}, within=3)
        citizen.hang_up()
        ring.wait_ended(3)
    eventually(lambda: house.telephony.spool.finished_calls(), "the finished call")
    assert len(list(house.settings.recordings_dir.rglob("*.wav"))) == 2


def test_who_only_listens_is_never_heard_and_goes_with_the_operator(odd_house: House) -> None:
    house = odd_house
    with (
        house.operator("op1") as phone,
        house.operator("sup1", ready=False, tone=SECOND, answering="auto") as supervisor,
    ):
        citizen = house.citizen()
        ring = phone.wait_for_ring(6)
        ring.answer()
        assert citizen.hears({OPERATOR}, within=4)
        room = house.room()
        assert room is not None
        house.exchange.add(room.id, operator="sup1", muted=True, by="sup1")
        listening = supervisor.wait_for_ring(4)
        assert listening.hears({CITIZEN, OPERATOR}, within=4)
        assert not hearing.tones(citizen.heard_since(citizen.now() - 2), (SECOND,)), "heard, if only for a moment"
        ring.hang_up()
        listening.wait_ended(3)
        assert house.exchange.board().rooms == ()
        citizen.hang_up()
    eventually(lambda: not house.channels(), "no leg left", 3)
