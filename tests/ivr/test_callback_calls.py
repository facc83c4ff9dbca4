"""Callbacks on real telephones: booked while waiting, called back by an operator who knows why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ivr.board import Activity
from ivr.call import Call, Kind, fold
from phone import Phone, PhoneCall, hearing
from tests.house import CITIZEN, OPERATOR, PROMPTS, SECOND, House, eventually, opened_house, tone_file

pytestmark = pytest.mark.calls

ANNA = "13805712345"
SPOKEN = {"callback_brief": 1100, "callback_hello": 1350, "callback_notice": 1600}


@pytest.fixture(scope="module")
def built_house() -> Iterator[House]:
    seconds = {"operator_ring_seconds": 3, "citizen_ring_seconds": 3, "callback_retry_seconds": 1}
    with opened_house(**seconds) as house:
        for prompt, hz in SPOKEN.items():
            tone_file(house.settings.prompts_dir / "zh-CN" / f"{prompt}.wav", hz, 0.6)
        yield house


def hears(call: PhoneCall, hz: int, within: float = 5.0) -> bool:
    return call.comes_to_hear(lambda samples: bool(hearing.tones(samples, (hz,))), within=within)


def books(house: House, number: str = ANNA) -> None:
    """A citizen who waits presses 1, hears that the place is kept, and the call is over."""
    citizen = house.citizen(number)
    eventually(
        lambda: any(p.caller == number and not p.callback for p in house.exchange.board().places), "a place in the line"
    )
    citizen.press("1")
    citizen.wait_ended(8)
    eventually(lambda: len(open_callbacks(house)) == 1, "a callback")


def open_callbacks(house: House) -> list[str]:
    return [call.id for call in house.exchange.calls.values() if call.booking]


def busy(house: House, phone: Phone) -> PhoneCall:
    """Somebody else talks with the operator. Returns the operator's end."""
    house.citizen("13800000001", tone=SECOND)
    talk = phone.wait_for_ring(5)
    talk.answer()
    eventually(lambda: house.exchange.board().operator("op1").activity is Activity.TALKING, "a talk")
    return talk


def rung_back(house: House, phone: Phone) -> tuple[PhoneCall, PhoneCall]:
    """The operator answers, and the citizen's telephone rings: (operator, citizen)."""
    operator = told_why(phone)
    assert operator.caller == ANNA
    house.trunk.forget_rings()
    operator.answer().wait_up(3)
    return operator, house.trunk.wait_for_ring(6)


def told_why(phone: Phone) -> PhoneCall:
    """The ring that is for a callback; an earlier one was for the citizen's own call."""
    ring = phone.wait_for_ring(6)
    while ring.display != "预约回拨":
        ring = phone.wait_for_ring(6)
    return ring


def finished(house: House, call_id: str) -> Call:
    eventually(lambda: call_id in house.telephony.spool.finished_calls(), "the end of the callback", 8)
    return fold(house.telephony.spool.events(call_id))


def talk(operator: PhoneCall, citizen: PhoneCall) -> None:
    citizen.answer().wait_up(3)
    citizen.play_tone(CITIZEN)
    assert citizen.hears({OPERATOR}, within=6)
    assert operator.hears({CITIZEN}, within=3)


def test_booked_and_called_back(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        first = busy(house, phone)
        books(house)
        (place,) = house.exchange.board().places
        assert place.callback
        house.trunk.forget_rings()
        first.hang_up()
        ring = told_why(phone)
        assert ring.caller == ANNA
        ring.answer().wait_up(3)
        assert hears(ring, SPOKEN["callback_brief"]), "the operator knows before the citizen is rung"
        back = house.trunk.wait_for_ring(6)
        assert back.dialled == ANNA
        assert "预约回拨" in house.room().why
        assert hears(ring, 330), "music while the citizen's telephone rings"
        back.answer().wait_up(3)
        back.play_tone(CITIZEN)
        assert hears(back, SPOKEN["callback_hello"])
        assert hears(back, SPOKEN["callback_notice"]), "the recording is told again: it may be somebody else"
        assert back.hears({OPERATOR}, within=4)
        assert ring.hears({CITIZEN}, within=3)
        (call_id,) = open_callbacks(house)
        ring.hang_up()
        assert hears(back, PROMPTS["survey_rate"]), "the survey follows, as after any talk"
        back.press("5")
        back.wait_ended(8)
        told = finished(house, call_id)
        assert told.answered
        assert told.facts["satisfaction"] == 5
        assert {r.leg for r in told.recordings} == {leg.id for leg in told.legs}
        for recording in told.recordings:
            assert (house.settings.recordings_dir / recording.path).stat().st_size > 8000


def test_busy_and_answered_at_the_second_try(house: House) -> None:
    with house.operator("op1") as phone:
        house.trunk.answering = "busy"
        books(house)
        (call_id,) = open_callbacks(house)
        operator = told_why(phone)
        operator.answer()
        operator.wait_ended(8)
        house.trunk.answering = "ring"
        operator, citizen = rung_back(house, phone)
        talk(operator, citizen)
        citizen.hang_up()
        operator.wait_ended(3)
        told = finished(house, call_id)
        assert [leg.cause for leg in told.legs if leg.role == "citizen"] == ["busy", ""]


def test_never_reached_is_missed_and_nobody_is_left_ringing(house: House) -> None:
    with house.operator("op1") as phone:
        house.trunk.answering = "refuse"
        books(house)
        phone.answering = "auto"
        (call_id,) = open_callbacks(house)
        told = finished_late(house, call_id)
        assert told.ended_because == "callback_missed"
        assert [leg.cause for leg in told.legs if leg.role == "citizen"] == ["refused"] * 3
        eventually(lambda: not house.channels(), "quiet telephones")


def finished_late(house: House, call_id: str) -> Call:
    eventually(lambda: call_id in house.telephony.spool.finished_calls(), "three tries", 40)
    return finished(house, call_id)


def test_the_operator_hangs_up_first_and_the_telephone_stops_ringing(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        books(house)
        operator, citizen = rung_back(house, phone)
        operator.hang_up()
        citizen.wait_ended(3)
        talk(*rung_back(house, phone))


def test_who_dials_again_and_talks_is_not_called_back(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        first = busy(house, phone)
        books(house)
        (kept,) = open_callbacks(house)
        again = house.citizen(ANNA)
        eventually(lambda: len(house.exchange.board().places) == 2, "a second place")
        house.trunk.forget_rings()
        first.hang_up()
        ring = phone.wait_for_ring(5)
        assert ring.display != "预约回拨"
        ring.answer()
        assert again.hears({OPERATOR}, within=4)
        assert finished(house, kept).ended_because == "callback_settled"
        again.hang_up()
        ring.wait_ended(3)
        assert not [call for call in house.trunk.calls if call.direction == "in"]


def test_a_second_booking_is_the_same_callback(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        first = busy(house, phone)
        books(house)
        books(house)
        first.hang_up()
        talk(*rung_back(house, phone))


def test_a_restart_of_ours_in_between(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        first = busy(house, phone)
        books(house)
        (kept,) = open_callbacks(house)
        house.close()
        first.hang_up()
        house.open()
        house.exchange.set_operator("op1", "ready")
        operator, citizen = rung_back(house, phone)
        assert open_callbacks(house) == [kept]
        talk(operator, citizen)


def test_our_process_dies_while_the_citizen_is_rung(house: House) -> None:
    """The telephone rings on, the dialplan brings them together, and the next process finds a talk."""
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        books(house)
        (kept,) = open_callbacks(house)
        operator, citizen = rung_back(house, phone)
        house.close()
        talk(operator, citizen)
        house.open()
        eventually(lambda: house.room() and len(house.room().participants) == 2, "the talk")
        assert [p.state.value for p in house.room().participants] == ["talking", "talking"]
        citizen.hang_up()
        operator.wait_ended(3)
        told = finished(house, kept)
        assert told.answered
        assert sum(e.kind is Kind.LEG_ASKED and e.data["role"] == "citizen"
                   for e in house.telephony.spool.events(kept)) == 1  # fmt: skip


def test_our_process_dies_while_it_rings_and_nobody_answers(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        books(house)
        operator, citizen = rung_back(house, phone)
        house.close()
        citizen.wait_ended(6)
        assert operator.state == "up", "the operator hears music until somebody looks"
        house.open()
        operator.wait_ended(5)
        house.exchange.set_operator("op1", "ready")
        talk(*rung_back(house, phone))
