"""What a recorded call tells about itself, as far as it was written down: its way through the flow, and the answers
that led along it.

A call's events name every node and the exit it was reached by, how many keys were pressed (never which: they may be a
citizen's number), how the wait in the line ended, and when. So a choice is known by its exit, a typed number only as
"a valid one was typed", and a fact that no `switch` has looked at is not known at all. Nothing here guesses; what is
not known is left to `ivr/replay.py`, which says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ivr import events as ev
from ivr.call import CALLBACK, CallEvent, Kind
from ivr.flow import (
    ACTIONS,
    DIGIT_TYPES,
    Ask,
    Callback,
    Dial,
    DigitsWanted,
    DoAction,
    End,
    Flows,
    Node,
    Queue,
    Record,
    Recording,
    Say,
    Switch,
    fits,
)
from ivr.past_way import Stay, stays_of
from ivr.session import Facts

WRONG_KEY = "*"
SOME_MESSAGE, NO_MESSAGE = 30.0, 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What answered the node `at` this moment. `waited` is the time in the line before it.

    `reached`: the talk (operator, department) in which the citizen hung up, so that nothing answered the node itself.
    """

    flow: str
    node: Node
    event: ev.Event = field(repr=False)
    at: datetime
    waited: float = 0.0
    reached: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call that is over. `known` are the facts that its flow has looked at, with the cases it knew."""

    id: str
    flow: str
    version: str
    at: datetime
    facts: Facts = field(repr=False)
    path: tuple[tuple[str, str], ...]
    answers: tuple[Answer, ...]
    known: frozenset[tuple[str, frozenset[str]]]


def recorded(events: list[CallEvent], flows: Flows) -> Recorded | None:
    """A call with the flows it ran on. None when it has not ended, has passed nodes that these flows do not have, or is
    a callback: its citizen goes through no flow."""
    events = sorted(events, key=lambda event: event.seq)
    stays, start = stays_of(events), events[0].data
    ended = events[-1].kind is Kind.CALL_ENDED
    if start.get("way") == CALLBACK:
        return None
    if not (ended and stays and all(_node(flows, stay) for stay in stays)):
        return None
    return Recorded(
        id=events[0].call_id,
        flow=stays[0].flow,
        version=str(start.get("version", "")),
        at=stays[0].at,
        facts=_facts(flows, stays, str(start.get("caller", ""))),
        path=tuple((stay.flow, stay.node) for stay in stays),
        answers=tuple(_answers(flows, stays, hung_up=events[-1].data.get("reason") == "citizen_hung_up")),
        known=frozenset(_looked_at(flows, stays)),
    )


def _node(flows: Flows, stay: Stay) -> Node | None:
    flow = flows.flows.get(stay.flow)
    return flow.nodes.get(stay.node) if flow else None


def _switches(flows: Flows, stays: list[Stay]) -> Iterator[tuple[Switch, Node, str]]:
    for stay in stays:
        node = flows.flows[stay.flow].nodes[stay.node]
        if isinstance(node.act, Switch) and stay.exit:
            yield node.act, node, stay.exit


def cases_of(node: Node) -> frozenset[str]:
    return frozenset(edge.exit for edge in node.edges)


def _looked_at(flows: Flows, stays: list[Stay]) -> Iterator[tuple[str, frozenset[str]]]:
    for act, node, _exit in _switches(flows, stays):
        yield act.fact, cases_of(node)


def _facts(flows: Flows, stays: list[Stay], caller: str) -> Facts:
    """What the exits of `switch` nodes give away."""
    found = {act.fact: _fitting(node, exit_name) for act, node, exit_name in _switches(flows, stays)}
    waiting = found.get("line.waiting", "0")
    return Facts(
        caller=caller,
        caller_list=found.get("caller.list", ""),
        open_case=found.get("caller.open_case") == "yes",
        line_waiting=int(waiting) if waiting.isdigit() else 0,
    )


def _fitting(node: Node, exit_name: str) -> str:
    """A value that leaves the node by this exit. (Cases are looked at in the order they are written.)"""
    cases = [edge.exit for edge in node.edges if edge.exit != "otherwise"]
    candidates = ["", "no", *cases, *map(str, range(10)), *(str(n) for c in cases for n in _near(c))]
    for value in candidates:
        if next((case for case in cases if fits(case, value)), "otherwise") == exit_name:
            return value
    return exit_name


def _near(case: str) -> list[int]:
    numbers = [int(part) for part in case.replace("-", " ").strip("<>= ").split() if part.isdigit()]
    return [near for number in numbers for near in (number, number + 1, number - 1)]


def _answers(flows: Flows, stays: list[Stay], *, hung_up: bool) -> Iterator[Answer]:
    for number, stay in enumerate(stays):
        node = flows.flows[stay.flow].nodes[stay.node]
        last = number == len(stays) - 1
        at = stay.until or stay.at
        reached = "operator" if stay.line == "answered" else "department" if stay.joined else ""
        if not (last and hung_up and reached):
            for event in _events(stay, node, values=_values(flows, stays[number:])):
                yield Answer(stay.flow, node, event, at, stay.waited)
        if last and hung_up:
            yield Answer(stay.flow, node, ev.HungUp(), at, stay.waited, reached)


def _values(flows: Flows, stays: list[Stay]) -> dict[str, str]:
    """Variable -> a value with which the `switch` nodes to come are left as they were."""
    found: dict[str, str] = {}
    for act, node, exit_name in _switches(flows, stays):
        found.setdefault(act.fact, _fitting(node, exit_name))
    return found


def _events(stay: Stay, node: Node, values: dict[str, str]) -> Iterator[ev.Event]:
    """What has answered at this node, as far as the exit and the counts tell."""
    match node.act:
        case Ask() as act:
            yield from _keyed(stay, act, values)
        case Queue() as act:
            if stay.line == "answered":
                yield ev.LineEnded("talked")
            elif stay.exit in act.keys:
                yield ev.LineEnded("key", stay.exit)
            elif stay.exit:
                yield ev.LineEnded(stay.exit)  # type: ignore[arg-type]  # an exit of a queue
        case Dial():
            if stay.joined or stay.exit:
                yield ev.DialEnded("joined" if stay.joined else stay.exit)  # type: ignore[arg-type]
        case Callback():
            if stay.exit:
                yield ev.CallbackEnded(stay.exit)  # type: ignore[arg-type]
        case Record():
            yield from _message(stay)
        case DoAction() as act:
            if stay.exit:
                saved = act.save or ACTIONS[act.action][1]
                yield ev.Done(stay.exit, {name: values.get(name, f"〔{name}〕") for name in saved})  # type: ignore[arg-type]
        case Say() | Recording() | End():
            if stay.exit:
                yield ev.Played()


def _keyed(stay: Stay, act: Ask, values: dict[str, str]) -> Iterator[ev.Event]:
    """Every miss but the last is known by its count; the last answer by the exit it led to."""
    missed = stay.keys[:-1] if stay.exit else stay.keys
    yield from (ev.Digits(WRONG_KEY) if count else ev.NoInput() for count in missed)
    if stay.exit == "ok" and act.digits:
        yield ev.Digits(_digits(act.digits, values.get(act.digits.save, "")))
    elif stay.exit in {choice.key for choice in act.choices}:
        yield ev.Digits(stay.exit)
    elif stay.exit == "no_match":
        yield ev.Digits(WRONG_KEY)
    elif stay.exit == "no_input":
        yield ev.NoInput()


def _digits(wanted: DigitsWanted, value: str) -> str:
    """A valid number; that a later `switch` falls out the same way is all we want of it."""
    candidates = [value.rjust(wanted.min, "0")] if value.isdigit() else []
    candidates += ["1" * length for length in range(wanted.min, wanted.max + 1)] + ["13800000000", "02512345678"]
    sound = (c for c in candidates if wanted.min <= len(c) <= wanted.max and DIGIT_TYPES[wanted.type].fullmatch(c))
    return next(sound, "1" * wanted.min)


def _message(stay: Stay) -> Iterator[ev.Event]:
    if stay.exit == "failed":
        yield ev.RecordFailed()
    elif stay.exit:
        yield ev.Recorded(SOME_MESSAGE if stay.exit == "left" else NO_MESSAGE)
    elif stay.message is not None:
        yield ev.Recorded(stay.message, "hangup")
