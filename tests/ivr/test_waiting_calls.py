"""Waiting, being answered, the night: real calls, real telephones."""

from __future__ import annotations

import statistics
import time
import wave

import pytest

from ivr.board import Activity, Status
from ivr.call import Kind, fold
from ivr.session import Facts
from phone import PhoneCall, hearing
from tests.house import CITIZEN, OPERATOR, PROMPTS, SECOND, House, eventually

pytestmark = pytest.mark.calls


def hears_prompt(call: PhoneCall, prompt: str, within: float = 4.0) -> bool:
    return call.comes_to_hear(lambda samples: bool(hearing.tones(samples, (PROMPTS[prompt],))), within=within)


def finished(house: House, caller: str):  # type: ignore[no-untyped-def]
    """The call of this caller, once it is over."""
    spool = house.telephony.spool

    def found():  # type: ignore[no-untyped-def]
        calls = (fold(spool.events(call_id)) for call_id in reversed(spool.finished_calls()))
        return next((call for call in calls if call.caller == caller), None)

    eventually(found, "the finished call")
    return found()


def test_a_citizen_hears_greeting_notice_music_and_then_a_person(house: House) -> None:
    with house.operator("op1") as phone:
        citizen = house.citizen()
        assert hears_prompt(citizen, "welcome")
        assert hears_prompt(citizen, "recording_notice")
        ring = phone.wait_for_ring(3)
        assert citizen.comes_to_hear(lambda s: bool(hearing.tones(s, (250, 330))), within=3)
        assert ring.caller == "13805712345"
        ring.answer()
        assert citizen.hears({OPERATOR}, within=3)
        assert ring.hears({CITIZEN}, within=3)


def test_the_operators_telephone_rings_within_a_second_beyond_the_prompts(house: House) -> None:
    prompts, waited = 0.8, []
    with house.operator("op1") as phone:
        for _ in range(5):
            citizen = house.citizen()
            ring = phone.wait_for_ring(5)
            waited.append(ring.ringing_at - citizen.up_at - prompts)
            citizen.hang_up()
            ring.wait_ended(2)
            eventually(lambda: house.exchange.board().operator("op1").activity is Activity.IDLE, "an idle operator")
    assert statistics.median(waited) < 1.0


def test_who_does_not_answer_is_followed_by_the_next(house: House) -> None:
    with house.operator("op1") as first:
        time.sleep(0.05)
        with house.operator("op2") as second:
            citizen = house.citizen()
            first.wait_for_ring(4)
            ring = second.wait_for_ring(6)
            ring.answer()
            assert citizen.hears({OPERATOR}, within=3)


def test_who_refuses_is_followed_by_the_next_at_once(house: House) -> None:
    with house.operator("op1", answering="refuse"):
        time.sleep(0.05)
        with house.operator("op2") as second:
            house.citizen()
            assert second.wait_for_ring(3)


def test_a_telephone_that_is_not_registered_pauses_its_operator_and_the_next_is_called(house: House) -> None:
    house.exchange.set_operator("op3", "ready")
    time.sleep(0.05)
    with house.operator("op1") as phone:
        house.citizen()
        assert phone.wait_for_ring(4)
        paused = house.exchange.board().operator("op3")
        assert paused.status is Status.PAUSED
        assert "话机" in paused.reason


def test_the_longest_idle_operator_is_called(house: House) -> None:
    with house.operator("op2") as longest:
        time.sleep(0.1)
        with house.operator("op1"):
            house.citizen()
            assert longest.wait_for_ring(4)


def test_several_citizens_are_answered_in_order_and_a_priority_goes_first(house: House) -> None:
    house.facts = lambda caller: Facts(caller=caller, caller_list="priority" if caller.endswith("9") else "")
    try:
        with house.operator("op1") as phone:
            talking = house.citizen("13800000001")
            first = phone.wait_for_ring(4)
            first.answer()
            eventually(lambda: house.exchange.board().operator("op1").activity is Activity.TALKING, "a talk")
            for number in ("13800000002", "13800000003", "13800000009"):
                house.citizen(number)
                eventually(
                    lambda n=number: any(p.caller == n for p in house.exchange.board().places), f"{number} waiting"
                )
            assert [p.caller[-1] for p in house.exchange.board().places] == ["9", "2", "3"]
            order = []
            for _ in range(3):
                first.hang_up()
                first = phone.wait_for_ring(4)
                order.append(first.caller[-1])
                first.answer().wait_up(3)
                # Whoever hangs up before the citizen is there has not talked, and the citizen would be offered again.
                eventually(lambda: house.exchange.board().operator("op1").activity is Activity.TALKING, "a talk")
            assert order == ["9", "2", "3"]
            assert talking.state in ("up", "ended")
    finally:
        house.facts = lambda caller: Facts(caller=caller)


def test_the_position_is_announced_and_the_music_comes_back(house: House) -> None:
    with house.operator("op1") as phone:
        house.citizen("13800000001", tone=SECOND)
        phone.wait_for_ring(4).answer()
        citizen = house.citizen("13800000005")
        assert hears_prompt(citizen, "position", within=36)
        assert citizen.comes_to_hear(lambda s: bool(hearing.tones(s, (250, 330))), within=4)
        citizen.hang_up()
        assert 1 in [e.data["position"] for e in _events(house, "13800000005") if e.kind is Kind.LINE_ANNOUNCED]


def test_an_operator_who_answers_during_the_announcement_is_heard_at_once(house: House) -> None:
    with house.operator("op1") as phone:
        house.citizen("13800000001", tone=SECOND)
        talk = phone.wait_for_ring(4)
        talk.answer()
        citizen = house.citizen("13800000002")
        assert hears_prompt(citizen, "position", within=36)
        talk.hang_up()
        phone.wait_for_ring(3).answer()
        assert citizen.hears({OPERATOR}, within=3)


def test_at_night_the_citizen_leaves_a_message_that_is_kept(house: House) -> None:
    citizen = house.citizen("13800000007")
    assert hears_prompt(citizen, "leave_message", within=6)
    time.sleep(3)
    citizen.press("#")
    eventually(lambda: citizen.state == "ended", "the end", 8)
    message = _message(house, "13800000007")
    assert message.seconds == pytest.approx(2.3, abs=0.6)


def test_hanging_up_in_the_middle_of_a_message_keeps_what_was_said(house: House) -> None:
    citizen = house.citizen("13800000008")
    assert hears_prompt(citizen, "leave_message", within=6)
    time.sleep(2)
    citizen.hang_up()
    assert _message(house, "13800000008").seconds == pytest.approx(1.4, abs=0.6)


def test_hanging_up_while_waiting_or_ringing_leaves_nothing_behind(house: House) -> None:
    with house.operator("op1") as phone:
        citizen = house.citizen()
        ring = phone.wait_for_ring(4)
        citizen.hang_up()
        ring.wait_ended(2)
        eventually(lambda: not house.channels(), "no leg left", 2)
        assert house.exchange.board().places == ()
        eventually(lambda: house.exchange.board().operator("op1").activity is Activity.IDLE, "an idle operator", 2)


def test_a_blocked_caller_hears_why_and_nobody_is_called(house: House) -> None:
    house.facts = lambda caller: Facts(caller=caller, caller_list="blocked")
    try:
        with house.operator("op1") as phone:
            house.citizen().wait_ended(8)
            assert phone.calls == []
    finally:
        house.facts = lambda caller: Facts(caller=caller)


def test_facts_that_hang_do_not_hold_the_citizen_up(house: House) -> None:
    house.facts = lambda caller: time.sleep(20) or Facts()  # a locked database
    try:
        with house.operator("op1") as phone:
            house.citizen()
            assert phone.wait_for_ring(5)
    finally:
        house.facts = lambda caller: Facts(caller=caller)


def _events(house: House, caller: str):  # type: ignore[no-untyped-def]
    call = finished(house, caller)
    return house.telephony.spool.events(call.id)


def _message(house: House, caller: str):  # type: ignore[no-untyped-def]
    call = finished(house, caller)
    (message,) = [r for r in call.recordings if r.what == "message"]
    with wave.open(str(house.settings.recordings_dir / message.path)) as sound:
        assert sound.getnframes() / 8000 == pytest.approx(message.seconds, abs=0.1)
        from array import array

        samples = array("h", sound.readframes(sound.getnframes()))
    assert hearing.tones(samples[4000:8000], (CITIZEN, OPERATOR)) == {CITIZEN}
    return message
