"""Answering a question by word on a real telephone: real Asterisk, real recogniser, espeak-ng's voice."""

from __future__ import annotations

import os
import random
import signal
import time
from array import array
from collections.abc import Iterator
from functools import cache

import pytest

from ivr.call import CallEvent, Kind
from ivr.speech import say
from phone import PhoneCall
from tests.house import House, eventually
from tests.ivr.flows import flows_of
from transcription.live import Captions

pytestmark = [pytest.mark.calls, pytest.mark.slow]

MENU = """flow: main
title: by word
entry: menu
limits: {keys_to_human: 9, seconds_to_human: 600}
on_error: operators
nodes:
  menu:
    ask: welcome
    choices: {"1": {go: yes_please, words: [满意]}, "2": {go: no_thanks, words: [不满意]}, "0": operators}
    timeout: 4
    tries: 2
    on: {no_input: silent, no_match: unclear, too_many: unclear}
  yes_please: {end: , reason: content}
  no_thanks: {end: , reason: discontent}
  silent: {end: , reason: silent}
  unclear: {end: , reason: unclear}
  operators: {queue: operators, on: {talked: silent, timeout: silent, no_operators: silent, full: silent}}
"""
NUMBER = """flow: main
title: digits by word
entry: number
limits: {keys_to_human: 9, seconds_to_human: 600}
on_error: operators
nodes:
  number:
    ask: welcome
    digits: {min: 4, max: 8, type: case_number, save: case_no, spoken: yes}
    timeout: 4
    between: 2
    tries: 1
    on: {ok: known, no_input: silent, no_match: unclear, too_many: unclear}
  known: {do: case.progress, on: {ok: found, not_found: unclear, failed: unclear}}
  found: {end: , reason: found}
  silent: {end: , reason: silent}
  unclear: {end: , reason: unclear}
  operators: {queue: operators, on: {talked: silent, timeout: silent, no_operators: silent, full: silent}}
"""


@pytest.fixture(scope="module")
def captions(built_house: House) -> Iterator[Captions]:
    exchange = built_house.exchange
    captions = Captions(built_house.settings, lambda _caption: None, on_understood=lambda heard: exchange.understood(
        heard.tap, heard.words, heard.confidence, final=heard.final))  # fmt: skip
    captions.start()
    eventually(lambda: captions.health().ok, "a recogniser", 20)
    built_house.listen = captions.ask
    yield captions
    captions.stop()


@pytest.fixture
def hotline(house: House, captions: Captions) -> Iterator[House]:
    eventually(lambda: captions.health().ok, "a recogniser", 20)
    kept = house.loaded, house.ask
    house.loaded = flows_of(MENU)
    yield house
    house.loaded, house.ask = kept


@cache
def voice(words: str, noise: float = 0.0) -> array[int]:
    """Somebody says this and falls silent, in a room that is as noisy as this (LOUDEST of a voice is 18,000)."""
    rng = random.Random(1)
    pcm = array("h", say(words, voice="+m4") + bytes(2 * 8000))
    return array("h", (max(-32768, min(32767, int(s + rng.gauss(0, noise)))) for s in pcm)) if noise else pcm


def asked(hotline: House, flow: str = MENU) -> PhoneCall:
    """A citizen who has just been asked the question."""
    hotline.loaded = flows_of(flow)
    call = hotline.trunk.call("12345", caller_id="13805712345")  # without the tone that citizens usually make here
    eventually(lambda: any(c.question for c in hotline.exchange.calls.values()), "the end of the question")
    return call


def way_of(hotline: House, call: PhoneCall, within: float = 14.0) -> list[CallEvent]:
    """The history of the one call there is, once it is over."""
    (call_id,) = hotline.exchange.calls or [""]
    call.wait_ended(within)
    spool = hotline.telephony.spool
    eventually(lambda: call_id in spool.finished_calls(), "the finished call")
    return spool.events(call_id)


def reason(events: list[CallEvent]) -> str:
    return str(events[-1].data["reason"])


def heard(events: list[CallEvent]) -> list[tuple[str, int]]:
    """(choice, digits) of every attempt by word."""
    return [(e.data["choice"], e.data["keys"]) for e in events if e.kind is Kind.WORDS_HEARD]


@pytest.mark.parametrize(
    ("words", "noise", "ended", "choice"),
    [("满意", 0, "content", "1"), ("不满意", 0, "discontent", "2"), ("不满意", 800, "discontent", "2")],
)
def test_a_word_leads_where_its_key_does_within_a_second(
    hotline: House, words: str, noise: float, ended: str, choice: str
) -> None:
    call, sound = asked(hotline), voice(words, noise)
    over = time.monotonic() + len(sound) / 8000 - 1.0
    call.play(sound)
    events = way_of(hotline, call)

    assert reason(events) == ended
    assert heard(events) == [(choice, 0)]
    assert call.ended_at is not None
    assert call.ended_at - over < 1.5
    assert not any(words in str(event.data) for event in events)


def test_other_words_are_a_wrong_key_and_asked_about_again(hotline: House) -> None:
    call = asked(hotline)
    call.play(voice("路灯坏了"))
    eventually(lambda: not any(c.question for c in hotline.exchange.calls.values()), "the end of the question")
    eventually(lambda: any(c.question for c in hotline.exchange.calls.values()), "the question once more")
    call.play(voice("我不知道"))
    events = way_of(hotline, call)

    assert reason(events) == "unclear"
    assert heard(events) == [("", 0), ("", 0)]


def test_silence_and_noise_are_nothing_said(hotline: House) -> None:
    call = asked(hotline)
    call.play(voice("", 500), loop=True)

    assert reason(way_of(hotline, call)) == "silent"


def test_a_key_counts_while_the_recogniser_listens_and_during_the_question(hotline: House) -> None:
    call = asked(hotline)
    call.play(voice("不"))  # half a word
    call.press("1")
    assert reason(way_of(hotline, call)) == "content"

    early = hotline.citizen()
    early.wait_up()
    early.press("2")
    assert reason(way_of(hotline, early)) == "discontent"


def test_whoever_is_speaking_when_the_time_is_up_is_heard_out(hotline: House) -> None:
    call = asked(hotline)
    time.sleep(3.7)
    call.play(voice("不满意"))

    assert heard(way_of(hotline, call)) == [("2", 0)]


def test_digits_may_be_said_in_groups_and_keyed_in_between(hotline: House) -> None:
    numbers = []
    hotline.ask = lambda _action, args, _call: (numbers.append(args["case_no"]), ("ok", {"progress": ""}))[1]
    call = asked(hotline, NUMBER)
    call.play(voice("二零二六"))
    time.sleep(2.2)
    call.press("1")
    time.sleep(0.5)
    call.play(voice("幺零五"))
    events = way_of(hotline, call)

    assert reason(events) == "found"
    assert numbers == ["20261105"]
    assert heard(events) == [("", 8)]


def test_a_recogniser_that_hangs_or_dies_costs_nobody_a_key(hotline: House, captions: Captions) -> None:
    assert captions.worker_pid is not None
    os.kill(captions.worker_pid, signal.SIGSTOP)
    call = asked(hotline)
    began = time.monotonic()
    call.play(voice("满意"))
    eventually(lambda: len(hotline.exchange.calls) == 1 and asked_twice(hotline), "the question once more", 8)
    assert time.monotonic() - began < 4 + 1.5  # the question's own time, and the prompt
    call.press("1")
    assert reason(way_of(hotline, call)) == "content"

    os.kill(captions.worker_pid or 0, signal.SIGKILL)
    call = hotline.citizen()
    time.sleep(2)
    call.press("2")
    assert reason(way_of(hotline, call)) == "discontent"


def asked_twice(hotline: House) -> bool:
    (call,) = hotline.exchange.calls.values()
    return sum(e.kind is Kind.PROMPT_PLAYED for e in call.events) == 2


def test_nothing_listens_when_the_question_is_over_or_the_citizen_has_gone(hotline: House) -> None:
    call = asked(hotline)
    eventually(lambda: "AudioSocket" in hotline.asterisk.cli("core show channels concise"), "a tap")
    call.hang_up()
    eventually(lambda: not hotline.exchange.calls, "the end of the call")
    eventually(lambda: hotline.asterisk.cli("core show channels concise").strip() == "", "quiet channels")
    assert hotline.exchange.legs.told_to_go == set()
