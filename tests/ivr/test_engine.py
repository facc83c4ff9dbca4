"""The engine as its drivers see it: an event in, actions out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from ivr import actions as do
from ivr import events as ev
from ivr.engine import Facts, ProtocolError, Session, Sprint, start, step
from ivr.flow import PRIORITIES, Flows
from ivr.hours import ZONE
from tests.ivr.flows import NOON, flows_of, shipped

MENU = """flow: main
title: menu
entry: menu
on_error: operators
nodes:
  menu:
    ask: question
    choices:
      "1": {go: yes_please, words: [满意]}
      "2": {go: no_thanks, words: [不满意]}
    tries: 3
    visits: 2
    retry: {no_input: silent, no_match: wrong}
    on: {no_input: silence, no_match: operators, too_many: operators}
  yes_please: {say: fine, next: menu}
  no_thanks: {end: sorry}
  silence: {end: silence}
  operators: {queue: operators, on: {talked: no_thanks, timeout: silence, no_operators: silence, full: silence}}
"""
HELLO = """flow: main
title: hello
entry: hello
on_error: operators
nodes:
  hello: {say: hello, next: menu}
"""


def call(
    flows: Flows, *events: ev.Event, flow: str = "main", facts: Facts | None = None, now: datetime = NOON
) -> Sprint:
    """The last sprint after these events."""
    sprint = start(flows, flow, facts or Facts(caller="13800000000"), now)
    for event in events:
        sprint = step(flows, sprint.session, event, now)
    return sprint


def prompts(sprint: Sprint) -> list[str]:
    spoken = [s for a in sprint.actions if isinstance(a, do.Play | do.Collect) for s in a.prompts]
    return [s.prompt for s in spoken]


def entered(sprint: Sprint) -> list[str]:
    return [a.node for a in sprint.actions if isinstance(a, do.Enter)]


def test_a_citizen_who_presses_nothing_waits_for_an_operator_after_greeting_and_notice() -> None:
    flows = shipped()
    greeting, notice, line = call(flows), call(flows, ev.Played()), call(flows, ev.Played(), ev.Played())

    assert prompts(greeting) == ["welcome"]
    assert prompts(notice) == ["recording_notice"]
    assert [type(a) for a in line.actions] == [do.SetRecording, do.Enter, do.Enter, do.JoinLine]
    assert line.actions[-1] == do.JoinLine("operators", (), 0, 30, True, 180, ("1",))


def test_nothing_is_recorded_before_the_notice_was_played() -> None:
    sprint = call(shipped(), ev.Played())

    assert sprint.actions[-1] == do.Play((do.Spoken("recording_notice", language="zh-CN"),), interruptible=False)
    assert sprint.session.recording == "off"
    assert not sprint.session.noticed


def test_a_caller_on_the_priority_list_joins_the_line_with_priority() -> None:
    line = call(shipped(), ev.Played(), ev.Played(), facts=Facts(caller_list="priority"))

    assert isinstance(line.actions[-1], do.JoinLine)
    assert line.actions[-1].priority == PRIORITIES["high"]
    assert do.Note("priority", "high") in line.actions


def test_after_the_talk_the_survey_runs_once_and_then_the_goodbye() -> None:
    to_line = (ev.Played(), ev.Played(), ev.LineEnded("talked"))
    survey = call(shipped(), *to_line)
    saved = call(shipped(), *to_line, ev.Digits("5"))
    goodbye = call(shipped(), *to_line, ev.Digits("5"), ev.Done("ok"), ev.Played())
    over = call(shipped(), *to_line, ev.Digits("5"), ev.Done("ok"), ev.Played(), ev.Played())

    assert prompts(survey) == ["survey_rate"]
    assert saved.actions[-1] == do.Do("survey.save", {"score": 5}, 2.0)
    assert prompts(goodbye) == ["goodbye"]
    assert over.actions == (do.Hangup("done", "goodbye"),)
    assert over.session.ended == "done"


def test_a_citizen_who_hung_up_is_not_asked_anything() -> None:
    over = call(shipped(), ev.Played(), ev.Played(), ev.HungUp())

    assert over.actions == (do.Hangup("hangup", "operators"),)
    assert over.session.ended == "hangup"


def test_a_message_cut_off_by_hanging_up_is_kept() -> None:
    to_message = (ev.Played(), ev.Played(), ev.LineEnded("timeout"), ev.Played())
    over = call(shipped(), *to_message, ev.Recorded(7.0, "hangup"))

    assert over.actions == (do.Note("message", "kept"), do.Hangup("hangup", "message"))


@pytest.mark.parametrize(("seconds", "next_prompt"), [(0.4, "goodbye"), (20.0, "message_thanks")])
def test_a_message_without_words_is_empty(seconds: float, next_prompt: str) -> None:
    to_message = (ev.Played(), ev.Played(), ev.LineEnded("full"), ev.Played())

    assert prompts(call(shipped(), *to_message, ev.Recorded(seconds))) == [next_prompt]


def test_a_callback_keeps_the_callers_number_and_a_withheld_number_is_refused_by_the_flow() -> None:
    pressed = (ev.Played(), ev.Played(), ev.LineEnded("key", "1"))

    assert call(shipped(), *pressed).actions[-1] == do.BookCallback("13800000000", 120, 3)
    assert entered(call(shipped(), *pressed, facts=Facts(caller="anonymous"))) == ["callback", "message"]


def test_silence_and_wrong_keys_have_their_own_prompts_and_the_last_one_decides() -> None:
    flows = flows_of(MENU)

    assert prompts(call(flows)) == ["question"]
    assert prompts(call(flows, ev.NoInput())) == ["silent", "question"]
    assert prompts(call(flows, ev.NoInput(), ev.Digits("7"))) == ["wrong", "question"]
    assert entered(call(flows, ev.Digits("7"), ev.Digits("8"), ev.NoInput())) == ["silence"]
    assert entered(call(flows, ev.NoInput(), ev.NoInput(), ev.Digits("9"))) == ["operators"]


def test_the_same_question_is_asked_only_so_often_in_a_call() -> None:
    flows = flows_of(MENU)
    again = (ev.Digits("1"), ev.Played())

    assert entered(call(flows, *again)) == ["menu"]
    assert entered(call(flows, *again, *again)) == ["menu", "operators"]


def test_a_key_that_interrupts_the_greeting_answers_the_question_behind_it() -> None:
    flows = flows_of(HELLO + MENU.partition("nodes:\n")[2])

    assert entered(call(flows, ev.Played("2"))) == ["menu", "no_thanks"]
    assert prompts(call(flows, ev.Played("9"))) == ["question"]


def test_a_key_pressed_long_before_a_question_does_not_answer_it() -> None:
    hello = HELLO.replace("next: menu", "next: more}\n  more: {say: more, next: menu")
    flows = flows_of(hello + MENU.partition("nodes:\n")[2])

    assert prompts(call(flows, ev.Played("2"), ev.Played())) == ["question"]


@pytest.mark.parametrize(
    ("words", "node"), [("满意", "yes_please"), ("我 不 满意", "no_thanks"), ("不知道", ""), ("", "")]
)
def test_words_count_like_keys_and_the_longest_ones_win(words: str, node: str) -> None:
    assert entered(call(flows_of(MENU), ev.Heard(words))) == ([node] if node else [])


DIGITS = """flow: main
title: digits
entry: number
on_error: operators
nodes:
  number:
    ask: question
    digits: {{min: {low}, max: 12, end: "#", type: {kind}, save: given}}
    tries: 1
    on: {{ok: say_it, no_input: operators, no_match: operators, too_many: operators}}
  say_it: {{say: answer, next: operators}}
  operators: {{queue: operators, on: {{talked: bye, timeout: bye, no_operators: bye, full: bye}}}}
  bye: {{end: bye}}
"""


@pytest.mark.parametrize(
    ("kind", "keyed", "value"),
    [
        ("integer", "042#", 42),
        ("phone", "13800000000", "13800000000"),
        ("phone", "02087654321#", "02087654321"),
        ("phone", "12345", None),
        ("phone", "0086138000000", None),
        ("case_number", "20260001", "20260001"),
        ("case_number", "2026*001", None),
        ("integer", "#", None),
    ],
)
def test_keyed_numbers_are_of_their_type_or_not_taken(kind: str, keyed: str, value: str | int | None) -> None:
    flows = flows_of(DIGITS.format(kind=kind, low=1), prompts={"answer": "您按了{given}"})
    sprint = call(flows, ev.Digits(keyed))

    if value is None:
        assert entered(sprint) == ["operators"]
    else:
        assert sprint.actions[-1] == do.Play((do.Spoken("answer", {"given": value}, "zh-CN"),))


def test_an_event_that_does_not_fit_is_refused_with_what_was_awaited_and_nothing_is_changed() -> None:
    flows = shipped()
    session = start(flows, "main", Facts(), NOON).session
    before = session.to_json()

    with pytest.raises(ProtocolError, match="Digits does not fit: node 'welcome' \\(say\\) awaits Played"):
        step(flows, session, ev.Digits("1234"), NOON)
    assert session.to_json() == before
    assert prompts(step(flows, session, ev.Played(), NOON)) == ["recording_notice"]


def test_a_key_that_was_never_offered_and_an_event_after_the_end_are_refused() -> None:
    flows = shipped()
    line = call(flows, ev.Played(), ev.Played()).session
    over = call(flows, ev.HungUp()).session

    with pytest.raises(ProtocolError):
        step(flows, line, ev.LineEnded("key", "9"), NOON)
    with pytest.raises(ProtocolError, match="has ended"):
        step(flows, over, ev.Played(), NOON)


def test_a_call_keeps_the_version_it_began_with() -> None:
    flows = shipped()
    session = start(flows, "main", Facts(), NOON).session

    with pytest.raises(ProtocolError, match="version"):
        step(replace(flows, version="another"), session, ev.Played(), NOON)


def test_no_digits_words_or_numbers_stand_in_a_representation() -> None:
    session = call(
        flows_of(DIGITS.format(kind="phone", low=1)), ev.Digits("13912345678"), facts=Facts("13800000000")
    ).session
    shown = f"{session!r} {ev.Digits('4711')!r} {ev.Heard('我家')!r} {do.BookCallback('13800000000', 1, 1)!r}"

    assert not any(secret in shown for secret in ("13912345678", "13800000000", "4711", "我家"))


# --- failures of the flow ---


def test_a_prompt_that_is_gone_leads_to_a_human_and_is_noted() -> None:
    flows = shipped()
    without = {k: v for k, v in flows.prompts["zh-CN"].items() if k != "welcome"}
    sprint = call(replace(flows, prompts={"zh-CN": without}))

    assert sprint.actions[1] == do.Note("flow_error", "no prompt 'welcome'")
    assert isinstance(sprint.actions[-1], do.JoinLine)


def test_a_line_that_fails_twice_hands_over_to_the_static_path() -> None:
    once = call(shipped(), ev.Played(), ev.Played(), ev.LineEnded("failed"))
    twice = call(shipped(), ev.Played(), ev.Played(), ev.LineEnded("failed"), ev.LineEnded("failed"))

    assert isinstance(once.actions[-1], do.JoinLine)
    assert twice.actions[-1] == do.FallBack("the waiting line failed", "operators")
    assert twice.session.ended == "fallback"


def test_a_survey_that_breaks_is_skipped() -> None:
    flows = shipped()
    without = {k: v for k, v in flows.prompts["zh-CN"].items() if k != "survey_rate"}
    flows = replace(flows, prompts={"zh-CN": without})

    assert prompts(call(flows, ev.Played(), ev.Played(), ev.LineEnded("talked"))) == ["goodbye"]


def test_too_many_steps_lead_to_a_human() -> None:
    endless = """flow: main
title: endless
entry: one
limits: {steps: 10}
on_error: operators
nodes:
  one: {set: {note: one}, next: two}
  two: {set: {note: two}, next: one}
  operators: {queue: operators, on: {talked: bye, timeout: bye, no_operators: bye, full: bye}}
  bye: {end: bye}
"""
    sprint = call(flows_of(endless))

    assert isinstance(sprint.actions[-1], do.JoinLine)
    assert do.Note("flow_error", "too many steps") in sprint.actions


def test_a_node_that_was_taken_out_under_a_call_leads_to_a_human() -> None:
    flows = shipped()
    session = call(flows, ev.Played(), ev.Played()).session
    moved = replace(session, node="taken_out")

    assert isinstance(step(flows, moved, ev.LineEnded("talked"), NOON).actions[-1], do.JoinLine)
    assert step(flows, replace(session, flow="gone"), ev.Played(), NOON).session.ended == "fallback"


# --- flows that run flows ---

PARENT = """flow: main
title: parent
entry: part
on_error: operators
nodes:
  part: {run: child, on: {done: bye, failed: operators}}
  operators: {queue: operators, on: {talked: bye, timeout: bye, no_operators: bye, full: bye}}
  bye: {end: bye}
"""
CHILD = """flow: child
title: child
use: part
entry: ask_it
nodes:
  ask_it: {ask: question, choices: {"1": good, "2": bad}, tries: 1, on: {no_input: good, no_match: bad, too_many: bad}}
  good: {end: good}
  bad: {end: , reason: failed}
"""


def test_the_end_of_a_part_is_the_way_back() -> None:
    flows = flows_of(PARENT, CHILD)

    assert call(flows).session.flow == "child"
    assert entered(call(flows, ev.Digits("1"), ev.Played())) == ["bye"]
    assert entered(call(flows, ev.Digits("2"))) == ["bad", "operators"]


def test_a_part_that_breaks_fails_back_to_its_parent() -> None:
    flows = flows_of(PARENT, CHILD)
    without = {k: v for k, v in flows.prompts["zh-CN"].items() if k != "question"}

    sprint = call(replace(flows, prompts={"zh-CN": without}))
    assert entered(sprint) == ["part", "ask_it", "operators"]


def test_flows_that_run_each_other_for_ever_are_stopped() -> None:
    asks = next(line for line in CHILD.splitlines() if "ask_it: {" in line)
    circle = CHILD.replace(asks, "  ask_it: {run: child, on: {done: good, failed: bad}}")

    assert isinstance(call(flows_of(PARENT, circle)).actions[-1], do.JoinLine)


# --- facts, hours, the case side ---

SWITCH = """flow: main
title: switch
entry: where
on_error: a
nodes:
  where: {{switch: {fact}, on: {{{cases}, otherwise: d}}}}
  a: {{say: a, next: d}}
  b: {{say: b, next: d}}
  d: {{queue: operators, on: {{talked: e, timeout: where, no_operators: e, full: e}}}}
  e: {{end: e}}
"""


@pytest.mark.parametrize(
    ("fact", "cases", "facts", "node"),
    [
        ("line.waiting", '">5": a, 2-5: b', Facts(line_waiting=9), "a"),
        ("line.waiting", '">5": a, 2-5: b', Facts(line_waiting=5), "b"),
        ("line.waiting", '">5": a, 2-5: b', Facts(line_waiting=1), "d"),
        ("line.waiting", '"<=0": a, "0": b', Facts(line_waiting=0), "a"),
        ("caller.open_case", "yes: a, no: b", Facts(open_case=True), "a"),
        ("caller.open_case", "yes: a, no: b", Facts(), "b"),
        ("district", "江北: a, 江南: b", Facts(values={"district": "江南"}), "b"),
        ("district", "江北: a, 江南: b", Facts(), "d"),
    ],
)
def test_switch_takes_the_first_case_that_fits(fact: str, cases: str, facts: Facts, node: str) -> None:
    sprint = call(flows_of(SWITCH.format(fact=fact, cases=cases)), facts=facts)

    assert entered(sprint)[1] == node


def test_switch_can_count_how_often_a_node_was_passed() -> None:
    flows = flows_of(SWITCH.format(fact="count.where", cases='"1": d, "2": a'))

    assert entered(call(flows)) == ["where", "d"]
    assert entered(call(flows, ev.LineEnded("timeout"))) == ["where", "a"]


def test_hours_take_the_branch_of_the_moment() -> None:
    text = PARENT.replace(
        "{run: child, on: {done: bye, failed: operators}}",
        "{hours: working, on: {open: operators, closed: bye, holiday: bye}}",
    )
    flows = flows_of(text)

    assert entered(call(flows, now=datetime(2026, 3, 4, 9, 0, tzinfo=ZONE))) == ["part", "operators"]
    assert entered(call(flows, now=NOON)) == ["part", "bye"]


CASE = """flow: main
title: case
entry: latest
on_error: bye
nodes:
  latest: {do: case.latest, timeout: 1.5, meanwhile: wait, on: {ok: tell, not_found: bye, failed: bye}}
  tell: {say: tell, next: bye}
  bye: {end: bye}
"""


def test_what_the_case_side_answers_can_be_said() -> None:
    flows = flows_of(CASE, prompts={"tell": "工单{case_no}：{progress}"})
    asked = call(flows)
    told = call(flows, ev.Done("ok", {"case_no": "20260001", "progress": "已转办", "more": 1}))

    assert asked.actions[-1] == do.Do("case.latest", {}, 1.5, (do.Spoken("wait", language="zh-CN"),))
    assert told.actions[-1] == do.Play((do.Spoken("tell", {"case_no": "20260001", "progress": "已转办"}, "zh-CN"),))
    assert entered(call(flows, ev.Done("ok", {"case_no": "20260001"}))) == ["bye"]
    assert entered(call(flows, ev.Done("not_found"))) == ["bye"]


def test_a_session_is_plain_json() -> None:
    session = call(shipped(), ev.Played(), ev.Played(), ev.LineEnded("talked")).session

    assert Session.from_json(session.to_json()) == session
    with pytest.raises((KeyError, TypeError)):
        Session.from_json({"flow": "main"})
