"""Flows for tests: from a text, from the shipped folder, or made up by hypothesis."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from hypothesis import strategies as st

from config.problems import Problems
from config.yaml_reader import parse
from ivr import actions as do
from ivr import events as ev
from ivr.flow import Flow, Flows, Prompt
from ivr.hours import ZONE
from ivr.load import SHIPPED_FLOWS, load_flows
from ivr.read_flow import read_flow

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=ZONE)  # a Wednesday; the office is closed for lunch
KEYS = "0123456789*#"


@cache
def shipped() -> Flows:
    problems = Problems()
    flows = load_flows(SHIPPED_FLOWS, SHIPPED_FLOWS.parent / "config", problems)
    assert not list(problems)
    return flows


def flow_of(text: str, file: str = "main.yaml") -> Flow:
    problems = Problems()
    root = parse(text.encode(), file, problems)
    assert root is not None, list(problems)
    flow = read_flow(root, problems)
    assert flow is not None
    assert not list(problems), "\n".join(map(str, problems))
    return flow


def flows_of(*texts: str, prompts: dict[str, str] | None = None) -> Flows:
    """Flows from texts; every prompt they play exists, saying its own name."""
    flows = {flow.id: flow for flow in map(flow_of, texts)}
    words = {
        word
        for text in texts
        for word in text.replace(",", " ").replace("}", " ").replace("]", " ").replace("[", " ").split()
    }
    texts_of = {word: word for word in words} | (prompts or {})
    catalogue = {name: Prompt(name, text) for name, text in texts_of.items()}
    return Flows(flows, {"zh-CN": catalogue}, shipped().calendars, "test")


def answers_to(action: do.Action) -> st.SearchStrategy[ev.Event]:
    """Everything that may come back for an action, from the citizen, from the world, and from a hang-up."""
    possible: dict[type, st.SearchStrategy[ev.Event]] = {
        do.Play: st.builds(ev.Played, st.none() | st.sampled_from(KEYS)),
        do.Collect: st.just(ev.NoInput())
        | st.builds(ev.Digits, st.text(KEYS, max_size=6))
        | st.builds(ev.Heard, st.sampled_from(["", "满意", "不满意", "我要人工", "啊"])),
        do.RecordMessage: st.builds(ev.Recorded, st.sampled_from([0.0, 1.0, 30.0]), st.sampled_from(["silence", "max"]))
        | st.just(ev.RecordFailed()),
        do.DialDepartment: st.builds(ev.DialEnded, st.sampled_from(["joined", "busy", "no_answer", "refused"])),
        do.BookCallback: st.builds(ev.CallbackEnded, st.sampled_from(["booked", "already", "refused"])),
        do.Do: st.builds(ev.Done, st.sampled_from(["ok", "not_found", "failed"]), st.just({})),
    }  # fmt: skip
    if isinstance(action, do.JoinLine):
        plain = st.builds(ev.LineEnded, st.sampled_from(["talked", "timeout", "no_operators", "full", "failed"]))
        pressed = [st.builds(ev.LineEnded, st.just("key"), st.sampled_from(action.keys))] if action.keys else []
        return st.one_of(plain, *pressed)
    return possible[type(action)]


_UNCOUNTED = ("say", "set", "switch", "hours", "do", "pause")
_COUNTED = ("ask", "digits", "record", "queue", "dial", "callback")


@st.composite
def made_up_flows(draw: st.DrawFn) -> str:
    """A flow of all kinds of nodes. Uncounted ones only lead on, so that most of these flows are sound."""
    kinds = draw(st.lists(st.sampled_from(_UNCOUNTED + _COUNTED), min_size=1, max_size=7))
    safe = ["operators", "message"]
    lines = []
    for number, kind in enumerate(kinds):
        onward = [f"n{later}" for later in range(number + 1, len(kinds))] + safe
        anywhere = [f"n{any_}" for any_ in range(len(kinds))] + safe
        goal = st.sampled_from(onward if kind in _UNCOUNTED else anywhere)
        lines.append(
            f"  n{number}: {_made_up(kind, lambda g=goal: draw(g), draw(st.sampled_from(['bye', 'operators'])))}"
        )
    steps = draw(st.integers(5, 60))
    return _FRAME.format(steps=steps, nodes="\n".join(lines))


def _made_up(kind: str, goal: object, content: str) -> str:
    g = goal
    assert callable(g)
    missed = "no_input: {}, no_match: {}, too_many: {}"
    return {
        "say": lambda: f"{{say: hello, next: {g()}}}",
        "set": lambda: f"{{set: {{priority: high}}, next: {g()}}}",
        "pause": lambda: f"{{recording: pause, next: {g()}}}",
        "switch": lambda: f"{{switch: caller.list, on: {{priority: {g()}, otherwise: {g()}}}}}",
        "hours": lambda: f"{{hours: working, on: {{open: {g()}, closed: {g()}, holiday: {g()}}}}}",
        "do": lambda: f"{{do: case.latest, on: {{ok: {g()}, not_found: {g()}, failed: {g()}}}}}",
        "ask": lambda: (
            f'{{ask: question, choices: {{"1": {content}, "2": {g()}}}, on: {{{missed.format(g(), g(), g())}}}}}'
        ),
        "digits": lambda: (
            f"{{ask: question, digits: {{type: integer, save: number}}, on: {{ok: {g()}, "
            f"{missed.format(g(), g(), g())}}}}}"
        ),
        "record": lambda: f"{{record: speak, on: {{left: bye, empty: {g()}, failed: {g()}}}}}",
        "queue": lambda: (
            f'{{queue: operators, keys: {{"1": {g()}}}, on: {{talked: bye, timeout: {g()}, '
            f"no_operators: {g()}, full: {g()}}}}}"
        ),
        "dial": lambda: (
            f"{{dial: water, on: {{joined: bye, busy: {g()}, no_answer: {g()}, refused: {g()}, failed: {g()}}}}}"
        ),
        "callback": lambda: f"{{callback: caller, on: {{booked: bye, already: bye, refused: {g()}}}}}",
    }[kind]()


_FRAME = """flow: main
title: made up
entry: notice
limits: {{steps: {steps}, keys_to_human: 9, seconds_to_human: 600}}
on_error: operators
nodes:
  notice: {{recording: on, notice: recorded, next: n0}}
{nodes}
  operators: {{queue: operators, on: {{talked: bye, timeout: message, no_operators: message, full: message}}}}
  message: {{record: speak, on: {{left: bye, empty: bye, failed: operators}}}}
  bye: {{end: thanks}}
"""
