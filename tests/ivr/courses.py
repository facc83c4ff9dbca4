"""The course of a call: what every telephone has to make of one flow, one caller and one world.

`in_the_simulator` holds a call with answers that hypothesis makes up; a `Telephone` holds the same call again, with the
same answers in its own language (keys, lines, packets), and tells what it has seen. A new kind of telephone needs a
`hold` of its own and stands in the list of `test_one_flow_three_phones.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hypothesis import strategies as st

from ivr import actions as do
from ivr import events as ev
from ivr.call import CallEvent, Kind
from ivr.flow import ACTIONS, Flows
from ivr.hours import ZONE
from ivr.session import Facts, Session
from ivr.simulator import simulate
from tests.ivr.flows import KEYS

SUNDAY_NIGHT = datetime(2026, 3, 1, 3, 0, tzinfo=ZONE)  # the hours are the same however long a call lasts
Answered = tuple[do.Action, ev.Event]
Answers = Callable[[do.Action], st.SearchStrategy[ev.Event]]
PATIENT = 1000  # never hangs up by themselves


@dataclass(frozen=True)
class Told:
    """What has become of a call: the nodes it passed (flow, node, way), what was said, what was noted, its end."""

    path: list[tuple[str, str, str]]
    said: list[str]  # language/prompt
    facts: dict[str, str]
    ended: str


@dataclass(frozen=True)
class Course:
    """A call as the simulator has held it: every awaited action with its answer, and what came of it."""

    flows: Flows
    facts: Facts
    answered: list[Answered]
    told: Told


class Telephone(Protocol):
    def hold(self, course: Course) -> Told:
        """The same call on this telephone."""
        ...


class _MadeUp:
    """Somebody on the line who does anything that a telephone can carry."""

    def __init__(self, data: st.DataObject, answers: Answers) -> None:
        self._data, self._answers = data, answers
        self._left = data.draw(st.sampled_from([PATIENT, PATIENT, PATIENT]) | st.integers(0, 12))
        self._bookings = data.draw(st.booleans())
        self.answered: list[Answered] = []
        self.said: list[str] = []

    def answer(self, action: do.Action, _session: Session) -> ev.Event:
        self._left -= 1
        event = ev.HungUp() if self._left < 0 and _may_hang_up(action) else self._drawn(action)
        self.answered.append((action, event))
        self.said += spoken_in(action)
        return event

    def _drawn(self, action: do.Action) -> ev.Event:
        if isinstance(action, do.BookCallback):
            return ev.CallbackEnded("booked" if self._bookings else "refused")
        return self._data.draw(self._answers(action))


def _may_hang_up(action: do.Action) -> bool:
    """While our own side works, a hang-up is noticed a moment later."""
    return not isinstance(action, do.Do | do.BookCallback)


def spoken_in(action: do.Action) -> list[str]:
    prompts: tuple[do.Spoken, ...] = ()
    match action:
        case do.Play(prompts=said) | do.Collect(prompts=said, typed=""):
            prompts = said
        case do.RecordMessage(prompt=prompt):
            prompts = (prompt,)
    return [f"{spoken.language}/{spoken.prompt}" for spoken in prompts]


def anything(action: do.Action) -> st.SearchStrategy[ev.Event]:
    match action:
        case do.Play(interruptible=interruptible):
            return st.builds(ev.Played, st.none() | st.sampled_from(KEYS) if interruptible else st.none())
        case do.Collect():
            return _to_a_question(action)
        case do.RecordMessage():
            kept = st.builds(
                ev.Recorded, st.sampled_from([0.0, 1.0, 2.0, 30.0]), st.sampled_from(["silence", "max", "key"])
            )
            return kept | st.just(ev.RecordFailed())
        case do.JoinLine(keys=keys):
            plain = st.builds(ev.LineEnded, st.sampled_from(["talked", "timeout", "no_operators", "full"]))
            return plain | st.builds(ev.LineEnded, st.just("key"), st.sampled_from(keys)) if keys else plain
        case do.DialDepartment():
            return st.builds(ev.DialEnded, st.sampled_from(["joined", "busy", "no_answer", "refused", "failed"]))
        case do.Do(action=name):
            found = st.just(ev.Done("ok", dict.fromkeys(ACTIONS[name][1], "1")))
            return found | st.builds(ev.Done, st.sampled_from(["ok", "not_found", "failed"]))
    raise AssertionError(action)


def _to_a_question(action: do.Collect) -> st.SearchStrategy[ev.Event]:
    keys = "".join(key for key in KEYS if key != action.end_key)
    shortest = 1 if action.choices or action.typed or not action.end_key else 0
    more = st.text(keys, min_size=max(0, shortest - len(action.typed)), max_size=action.max - len(action.typed))
    typed: st.SearchStrategy[ev.Event] = st.builds(lambda rest: ev.Digits(action.typed + rest), more)
    if action.typed:
        return typed
    words = [word for key in action.choices for word in key.words]
    said = [st.builds(ev.Heard, st.sampled_from(["", *words]))] if words else []
    return st.one_of(typed, st.just(ev.NoInput()), *said)


def in_the_simulator(flows: Flows, facts: Facts, data: st.DataObject, answers: Answers = anything) -> Course:
    """A call, held in the simulator with any of these answers."""
    caller = _MadeUp(data, answers)
    trace = simulate(flows, "main", facts, SUNDAY_NIGHT, caller)
    assert trace.heard() == [said.partition("/")[2] for said in caller.said]
    path = [(r.data["flow"], r.node, r.data["way"]) for r in trace.rows if r.event == "node.entered"]
    noted = {r.data["name"]: str(r.data["value"]) for r in trace.rows if r.event == "fact.set"}
    return Course(flows, facts, caller.answered, Told(path, caller.said, noted, trace.ended))


def written_down(events: list[CallEvent], said: list[str], ended: str = "") -> Told:
    """The same out of a call's journal; `said` is what was heard on the wire."""
    of = lambda kind: (e.data for e in events if e.kind is kind)  # noqa: E731
    path = [(d["flow"], d["node"], d["way"]) for d in of(Kind.NODE_ENTERED)]
    noted = {d["name"]: str(d["value"]) for d in of(Kind.FACT_SET)}
    reason = str(events[-1].data.get("reason", ""))
    return Told(path, said, noted, ended or ("hangup" if reason == "citizen_hung_up" else reason))


def kinds_of_answers(course: Course) -> Iterator[str]:
    """For hypothesis' statistics."""
    return (type(event).__name__ for _action, event in course.answered)
