"""Return visits by telephone: the hotline calls, the flow asks, and what came of it stands in the call's history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ivr.call_ids import new_call_id
from ivr.live import Refused
from ivr.outgoing import Result, result_of
from phone import PhoneCall
from tests.house import CITIZEN, OPERATOR, House, eventually, opened_house

pytestmark = pytest.mark.calls

ANNA = "13805712345"


@pytest.fixture(scope="module")
def built_house() -> Iterator[House]:
    with opened_house(operator_ring_seconds=3, citizen_ring_seconds=3, outgoing_calls=2) as house:
        yield house


def visits(house: House, number: str = ANNA) -> str:
    call_id = new_call_id(datetime.now(UTC))
    house.telephony.call_out(call_id, number, "return_visit", {"case_no": "20260301000001"})
    return call_id


def result(house: House, call_id: str) -> Result:
    eventually(lambda: call_id in house.telephony.spool.finished_calls(), "the end of the call", 15)
    return result_of(house.telephony.spool.events(call_id))


def answered(house: House) -> PhoneCall:
    call = house.trunk.wait_for_ring(5)
    assert (call.dialled, call.caller) == (ANNA, "12345")
    call.answer().wait_up(3)
    return call.play_tone(CITIZEN)


def asked(house: House, call_id: str) -> None:
    eventually(lambda: house.exchange.calls[call_id].node == "satisfied", "the question", 8)


def test_satisfied_by_one_key(house: House) -> None:
    house.trunk.answering = "ring"
    call_id = visits(house)
    citizen = answered(house)
    asked(house, call_id)
    citizen.press("1")
    citizen.wait_ended(8)
    told = result(house, call_id)
    assert told.outcome == "answered"
    assert told.choices["satisfied"] == "1"
    assert told.facts == {"note": "回访满意"}
    assert told.ended == "done"


@pytest.mark.parametrize(("answering", "outcome"), [("busy", "busy"), ("refuse", "refused"), ("ring", "no_answer")])
def test_nobody_is_reached_and_it_is_said_why(house: House, answering: str, outcome: str) -> None:
    house.trunk.answering = answering
    told = result(house, visits(house))
    assert (told.outcome, told.ended) == (outcome, outcome)
    assert not told.choices


def test_silence_is_no_answer_and_never_satisfied(house: House) -> None:
    house.trunk.answering = "ring"
    call_id = visits(house)
    answered(house).wait_ended(20)
    told = result(house, call_id)
    assert (told.outcome, told.ended, told.facts) == ("answered", "no_answer", {})


def test_hanging_up_in_the_middle(house: House) -> None:
    house.trunk.answering = "ring"
    call_id = visits(house)
    citizen = answered(house)
    asked(house, call_id)
    citizen.hang_up()
    told = result(house, call_id)
    assert (told.outcome, told.ended, told.facts) == ("answered", "citizen_hung_up", {})


def test_dissatisfied_and_a_person_listens(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as one, house.operator("op2") as two:
        call_id = visits(house)
        citizen = answered(house)
        asked(house, call_id)
        citizen.press("2")
        eventually(lambda: one.calls or two.calls, "an operator's telephone")
        (ring,) = [*one.calls, *two.calls]
        ring.answer().wait_up(3)
        assert citizen.hears({OPERATOR}, within=4)
        assert ring.hears({CITIZEN}, within=3)
        citizen.hang_up()
        told = result(house, call_id)
        assert told.talked
        assert told.facts["note"] == "回访不满意"


def test_the_last_operator_is_kept_for_whoever_dials(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1") as phone:
        call_id = visits(house)
        citizen = answered(house)
        asked(house, call_id)
        citizen.press("2")
        eventually(lambda: house.exchange.calls[call_id].node == "message", "a message instead", 8)
        assert phone.calls == []
        citizen.hang_up()
        assert result(house, call_id).facts["note"] == "回访不满意"


def test_asked_twice_called_once_and_bounded(house: House) -> None:
    house.trunk.answering = "ring"
    call_id = visits(house)
    house.telephony.call_out(call_id, ANNA, "return_visit", {})
    visits(house, "13805700002")
    with pytest.raises(Refused, match="同时外呼"):
        visits(house, "13805700003")
    with pytest.raises(Refused, match="不能外呼"):
        visits(house, "110")
    assert len([c for c in house.trunk.calls if c.dialled == ANNA]) <= 1
    result(house, call_id)


def test_nobody_is_called_while_a_citizen_waits(house: House) -> None:
    house.trunk.answering = "ring"
    with house.operator("op1"):
        house.citizen("13800000001")
        eventually(lambda: house.exchange.board().places, "a citizen in the line")
        with pytest.raises(Refused, match="排队"):
            visits(house)


def test_our_process_dies_while_it_rings(house: House) -> None:
    """Whoever answers then hears a goodbye; the call is told as interrupted, and may be made another day."""
    house.trunk.answering = "ring"
    call_id = visits(house)
    citizen = house.trunk.wait_for_ring(5)
    house.close()
    citizen.answer().wait_up(3)
    citizen.wait_ended(8)
    house.open()
    told = result(house, call_id)
    assert (told.outcome, told.ended) == ("failed", "interrupted")
