"""Recorded calls on a draft: who would land elsewhere, and what is honestly not known."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from console.commands.replay import replay_all
from ivr import events as ev
from ivr.call import CALLBACK, OUTGOING, CallEvent, Kind
from ivr.flow import Flows
from ivr.recorded import recorded
from ivr.replay import Elsewhere, compare
from ivr.session import Facts
from ivr.versions import NoVersion
from tests.ivr.flows import answers_to, flows_of, made_up_flows, shipped
from tests.ivr.journals import Answerer, by_script, journal

MENU = """flow: main
title: with a menu
entry: hello
limits: {keys_to_human: 2, seconds_to_human: 90}
on_error: operators
nodes:
  hello: {say: hello, next: notice}
  notice: {recording: on, notice: recorded, next: menu}
  menu:
    ask: question
    choices: {"1": operators, "2": message}
    tries: 2
    on: {no_input: operators, no_match: message, too_many: operators}
  operators:
    queue: operators
    keys: {"1": message}
    max_wait: 60
    on: {talked: bye, timeout: message, no_operators: message, full: message}
  message: {record: speak, on: {left: bye, empty: bye, failed: operators}}
  bye: {end: thanks}
"""
FLOWS = flows_of(MENU)


def on_draft(events: list[CallEvent], draft: Flows, own: Flows = FLOWS) -> Elsewhere | None:
    call = recorded(events, own)
    return compare(call, own, replace(draft, version="draft")) if call else None


def moved(answer: Answerer, draft: str, own: str = MENU) -> str:
    """`old -> new`, with what was assumed."""
    result = on_draft(journal(flows_of(own), answer), flows_of(draft), flows_of(own))
    assert result is not None
    return f"{result.old} -> {result.new} {' '.join(result.assumed)}".strip()


def test_whoever_pressed_wrong_keys_now_reaches_the_operators() -> None:
    draft = MENU.replace("no_match: message", "no_match: operators")
    wrong = by_script(ev.Digits("9"), ev.Digits("9"), ev.Recorded(20))

    # the citizen has never waited in the line: that somebody would have answered is not known
    assert moved(wrong, draft) == "留言 -> 人工 operators"


def test_a_key_that_means_something_else_leads_there() -> None:
    draft = MENU.replace('"1": operators, "2": message', '"1": message, "2": operators')

    assert moved(by_script(ev.Digits("2"), ev.Recorded(20)), draft) == "留言 -> 人工 operators"
    assert moved(by_script(ev.Digits("1"), ev.LineEnded("talked"), ev.HungUp()), draft) == "人工 -> 留言 message"


def test_a_key_that_is_gone_is_a_wrong_key() -> None:
    draft = MENU.replace(', "2": message', "").replace("tries: 2", "tries: 1")

    assert moved(by_script(ev.Digits("2"), ev.Recorded(20)), draft) == "留言 -> 留言"


def test_a_spoken_choice_is_replayed_like_its_key_and_an_unclear_one_like_a_wrong_key() -> None:
    spoken = MENU.replace('"2": message', '"2": {go: message, words: [我要留言]}')
    draft = spoken.replace("no_match: message", "no_match: operators")

    assert moved(by_script(ev.Heard("我要留言"), ev.Recorded(20)), spoken, spoken) == "留言 -> 留言"
    assert moved(by_script(ev.Heard(""), ev.Heard(""), ev.Recorded(20)), draft, spoken) == "留言 -> 人工 operators"


def test_a_choice_is_followed_under_another_name_of_its_question() -> None:
    draft = MENU.replace("menu:", "choose:").replace("next: menu", "next: choose")

    assert moved(by_script(ev.Digits("2"), ev.Recorded(20)), draft) == "留言 -> 留言"


def test_a_question_that_nobody_was_asked_is_taken_in_silence_and_named() -> None:
    draft = MENU.replace("next: menu", "next: sure").replace(
        "  menu:\n",
        '  sure: {ask: sure, choices: {"1": menu}, on: {no_input: menu, no_match: menu, too_many: menu}}\n  menu:\n',
    )

    assert moved(by_script(ev.Digits("2"), ev.Recorded(20)), draft) == "留言 -> 留言 sure"


def test_a_shorter_wait_would_have_been_over_before_somebody_answered() -> None:
    events = journal(FLOWS, by_script(ev.Digits("1"), ev.LineEnded("talked")))
    waited = [replace(e, at=e.at.replace(minute=0, second=50)) if e.kind is Kind.LINE_LEFT else e for e in events]
    result = on_draft(waited, flows_of(MENU.replace("max_wait: 60", "max_wait: 10")))

    assert result is not None
    assert (str(result.old), str(result.new)) == ("人工", "留言")


def test_whoever_hung_up_while_waiting_or_while_listening_did_not_arrive() -> None:
    assert moved(by_script(ev.Digits("1"), ev.HungUp()), MENU) == "排队时挂机 -> 排队时挂机"
    assert moved(by_script(ev.HungUp()), MENU) == "中途挂机 -> 中途挂机"


def test_a_talk_that_the_citizen_ended_was_a_talk() -> None:
    events = journal(FLOWS, by_script(ev.Digits("1"), ev.HungUp()))
    answered = [replace(e, data={"reason": "answered"}) if e.kind is Kind.LINE_LEFT else e for e in events]
    result = on_draft(answered, flows_of(MENU.replace('"1": operators, "2"', '"1": message, "2"')))

    assert result is not None
    assert str(result.old) == "人工"
    assert result.assumed == ("message",)


def test_lists_and_hours_are_known_by_the_way_that_was_taken() -> None:
    events = journal(shipped(), by_script(), facts=Facts(caller="13812345678", caller_list="blocked"))
    call = recorded(events, shipped())

    assert call is not None
    assert call.facts.caller_list == "blocked"
    result = compare(call, shipped(), replace(shipped(), version="draft"))
    assert result == Elsewhere(call.id, result.old, result.new)
    assert str(result.old) == "结束（blocked）"


def test_a_fact_that_nobody_looked_at_is_not_known() -> None:
    draft = MENU.replace("next: menu", "next: who").replace(
        "  menu:\n", "  who: {switch: caller.open_case, on: {yes: message, otherwise: menu}}\n  menu:\n"
    )

    assert moved(by_script(ev.Digits("2"), ev.Recorded(20)), draft) == "留言 -> 留言 who"


def test_a_journal_that_does_not_fit_its_own_version_is_not_replayed() -> None:
    events = journal(FLOWS, by_script(ev.Digits("2"), ev.Recorded(20)))
    torn = [event for event in events if event.data.get("node") != "menu"]

    assert on_draft(torn, FLOWS) is None
    assert on_draft(events[:-1], FLOWS) is None  # still going on
    assert on_draft(events, shipped()) is None or on_draft(events, shipped()).assumed  # type: ignore[union-attr]


def test_no_number_and_no_key_can_be_seen() -> None:
    call = recorded(journal(FLOWS, by_script(ev.Digits("2"), ev.Recorded(20))), FLOWS)

    assert "138" not in repr(call)
    assert "Digits" not in repr(call)


@given(made_up_flows(), st.data())
@settings(max_examples=150, deadline=None)
def test_every_call_goes_its_own_way_again(text: str, data: st.DataObject) -> None:
    """What was written down of a call is enough to find out where it landed, whatever the flow and the caller."""
    flows = flows_of(text)
    left = data.draw(st.integers(0, 12))

    def answer(action: object, _session: object) -> ev.Event:
        nonlocal left
        left -= 1
        return ev.HungUp() if left < 0 else data.draw(answers_to(action))  # type: ignore[arg-type]

    events = journal(flows, answer)
    call = recorded(events, flows)

    assert call is not None
    result = compare(call, flows, flows)
    rescued = sum(1 for e in events if e.kind is Kind.NODE_ENTERED and not e.data["way"]) > 1
    assert result is not None or rescued or events[-1].data["reason"] == "fallback"  # the flow itself failed
    assert result is None or not result.moved


def test_a_callback_goes_through_no_flow_and_a_return_visit_through_its_own() -> None:
    def made(way: str) -> list[CallEvent]:
        first, *rest = journal(shipped(), by_script(ev.Digits("1")), flow="return_visit")
        return [replace(first, data={**first.data, "way": way}), *rest]

    assert recorded(made(CALLBACK), shipped()) is None
    result = on_draft(made(OUTGOING), shipped(), shipped())
    assert result is not None
    assert str(result.new) == "结束（done）"
    outcome = replay_all([made(CALLBACK), made(OUTGOING)[:1]], shipped(), Nowhere())  # type: ignore[arg-type]
    assert set(outcome.why_not) == {"是回拨，市民没有再走流程", "是外呼，没有接通"}


class Nowhere:
    def load(self, version: str) -> Flows:
        raise NoVersion(version)
