"""What a flow can do on a real telephone, besides talking: another language, a slow answer, a briefing, a survey."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ivr.call import Call, Kind, fold
from ivr.flow import Prompt
from phone import PhoneCall, hearing
from tests.house import CITIZEN, DEPARTMENT, OPERATOR, PROMPTS, House, eventually, tone_file
from tests.ivr.flows import flows_of

pytestmark = [pytest.mark.calls, pytest.mark.slow]
ENGLISH = 1350
HEAD = """flow: main
title: t
entry: {entry}
on_error: bye
limits: {{keys_to_human: 9, seconds_to_human: 600}}
nodes:
"""


@pytest.fixture
def hotline(house: House) -> Iterator[House]:
    kept = house.loaded, house.ask
    yield house
    house.loaded, house.ask = kept
    if house.telephony is None:
        house.open()


def hears_tone(call: PhoneCall, hz: int, within: float = 5.0) -> bool:
    return call.comes_to_hear(lambda samples: bool(hearing.tones(samples, (hz,))), within=within)


def only_call(hotline: House) -> str:
    eventually(lambda: hotline.exchange.calls, "a call")
    (call_id,) = hotline.exchange.calls
    return str(call_id)


def finished(hotline: House, call_id: str) -> Call:
    spool = hotline.telephony.spool
    eventually(lambda: call_id in spool.finished_calls(), "the finished call")
    return fold(spool.events(call_id))


def ways(hotline: House, call_id: str) -> list[str]:
    events = hotline.telephony.spool.events(call_id)
    return [e.data["way"] for e in events if e.kind is Kind.NODE_ENTERED and e.data["way"]]


ENGLISH_FROM_THEN_ON = (
    HEAD.format(entry="hello")
    + """  hello: {say: welcome, next: chosen}
  chosen: {set: {language: en}, next: again}
  again: {say: welcome, next: notice}
  notice: {recording: on, notice: recording_notice, next: operators}
  operators: {queue: operators, max_wait: 60, on: {talked: bye, timeout: bye, no_operators: bye, full: bye}}
  bye: {end: welcome}
"""
)


def test_a_chosen_language_is_spoken_from_then_on_also_after_a_restart(hotline: House) -> None:
    tone_file(hotline.settings.prompts_dir / "en" / "welcome.wav", ENGLISH)
    flows = flows_of(ENGLISH_FROM_THEN_ON)
    hotline.loaded = replace(flows, prompts={**flows.prompts, "en": {"welcome": Prompt("welcome", "Hello")}})
    with hotline.operator("op1") as telephone:
        citizen = hotline.citizen()
        assert hears_tone(citizen, PROMPTS["welcome"])
        assert hears_tone(citizen, ENGLISH)
        assert hears_tone(citizen, PROMPTS["recording_notice"]), "what is not there in English is said in Chinese"
        ring = telephone.wait_for_ring(6)
        ring.answer()
        assert citizen.hears({OPERATOR}, within=4)
        hotline.close()
        hotline.open()
        ring.hang_up()
        assert hears_tone(citizen, ENGLISH)
        citizen.wait_ended(6)


def looking_up(timeout: float) -> str:
    return (
        HEAD.format(entry="look")
        + f"  look: {{do: case.latest, timeout: {timeout}, meanwhile: welcome, "
        + "on: {ok: found, not_found: found, failed: late}}\n"
        + "  found: {end: goodbye, reason: found}\n  late: {end: goodbye, reason: late}\n  bye: {end: goodbye}\n"
    )


@pytest.mark.parametrize(("takes", "timeout", "reason"), [(0.1, 4, "found"), (2.4, 6, "found"), (9.0, 2, "late")])
def test_a_slow_answer_is_covered_and_cut_short_by_the_answer_or_the_time(
    hotline: House, takes: float, timeout: float, reason: str
) -> None:
    cover = hotline.settings.prompts_dir / "zh-CN" / "welcome.wav"
    tone_file(cover, PROMPTS["welcome"], 6.0)
    hotline.loaded = flows_of(looking_up(timeout))
    asked = threading.Event()
    hotline.ask = lambda *_: (asked.wait(takes), ("ok", {"case_no": "1", "progress": "x"}))[1]
    citizen = hotline.citizen()
    call, began = only_call(hotline), time.monotonic()
    assert takes < 1 or hears_tone(citizen, PROMPTS["welcome"], 2)
    assert hears_tone(citizen, PROMPTS["goodbye"], 6)
    assert time.monotonic() - began < min(takes, timeout) + 1.5
    citizen.wait_ended()
    asked.set()
    tone_file(cover, PROMPTS["welcome"])

    assert finished(hotline, call).ended_because == reason


BRIEFED = (
    HEAD.format(entry="notice")
    + "  notice: {recording: on, notice: recording_notice, next: water}\n"
    + "  water: {dial: water, timeout: 10, brief: leave_message, "
    + "on: {joined: bye, busy: bye, no_answer: bye, refused: refused, failed: bye}}\n"
    + "  bye: {end: goodbye}\n  refused: {end: position, reason: refused}\n"
)


@pytest.fixture
def briefed(hotline: House) -> Iterator[House]:
    brief = hotline.settings.prompts_dir / "zh-CN" / "leave_message.wav"
    tone_file(brief, PROMPTS["leave_message"], 2.0)
    hotline.loaded, hotline.trunk.answering = flows_of(BRIEFED), "manual"
    yield hotline
    tone_file(brief, PROMPTS["leave_message"])


def answered(briefed: House) -> tuple[PhoneCall, PhoneCall]:
    """(citizen, department): the department has picked up and hears what it is about."""
    citizen = briefed.citizen()
    department = briefed.trunk.wait_for_ring(6)
    department.answer()
    department.play_tone(DEPARTMENT)
    assert hears_tone(department, PROMPTS["leave_message"])
    return citizen, department


def test_a_department_hears_what_it_is_about_before_it_is_joined(briefed: House) -> None:
    citizen, department = answered(briefed)
    assert not hears_tone(department, CITIZEN, 0.2)
    assert not hears_tone(citizen, PROMPTS["leave_message"], 0.2)
    assert not hears_tone(citizen, DEPARTMENT, 0.2)
    call = only_call(briefed)
    assert department.hears({CITIZEN}, within=4)
    assert citizen.hears({DEPARTMENT}, within=2)
    department.hang_up()
    citizen.wait_ended(6)

    assert ways(briefed, call)[-1] == "water.joined"
    (said,) = [r for r in finished(briefed, call).recordings if r.leg.endswith("-2")]
    assert said.seconds is None or said.seconds < 4


def test_a_department_that_hangs_up_while_it_is_told_has_refused(briefed: House) -> None:
    citizen, department = answered(briefed)
    call = only_call(briefed)
    department.hang_up()
    assert hears_tone(citizen, PROMPTS["position"])
    citizen.wait_ended(6)

    assert finished(briefed, call).ended_because == "refused"


def test_a_department_is_let_go_when_the_citizen_leaves_while_it_is_told(briefed: House) -> None:
    citizen, department = answered(briefed)
    citizen.hang_up()
    department.wait_ended(3)


@pytest.mark.parametrize(("key", "score"), [("4", 4), ("", None), ("9", None)])
def test_the_score_after_a_talk_stays_with_the_call(hotline: House, key: str, score: int | None) -> None:
    with hotline.operator("op1") as telephone:
        citizen = hotline.citizen()
        ring = telephone.wait_for_ring(6)
        ring.answer()
        assert citizen.hears({OPERATOR}, within=4)
        call = only_call(hotline)
        ring.hang_up()
        assert hears_tone(citizen, PROMPTS["survey_rate"])
        if key:
            citizen.press(key)
            citizen.wait_ended(8)
        else:
            citizen.hang_up()  # half way through the question

    told = finished(hotline, call)
    assert told.facts.get("satisfaction") == score
    assert told.ended_because == ("done" if key else "citizen_hung_up")
