"""A real Asterisk that holds a course (`tests/ivr/courses.py`): real keys, real waiting, real operators."""

from __future__ import annotations

import time
from collections.abc import Callable

from hypothesis import strategies as st

from ivr import actions as do
from ivr import events as ev
from ivr.board import ParticipantState
from ivr.call import CallEvent, Kind
from ivr.reception import Answer
from phone import Phone, PhoneCall
from tests.house import House, eventually
from tests.ivr.courses import Course, Told, anything, spoken_in, written_down

KEY_SECONDS = 0.3


def what_takes_no_hours(action: do.Action) -> st.SearchStrategy[ev.Event]:
    """Of all that a telephone can carry, what a test can wait for."""
    match action:
        case do.Play():
            return st.just(ev.Played())
        case do.RecordMessage():
            return st.sampled_from([ev.Recorded(2.0, "key"), ev.Recorded(0.3, "key")])
        case do.Collect(max=longest) if longest > 1:
            return st.sampled_from([ev.Digits("4711"), ev.Digits("*"), ev.NoInput()])
        case do.JoinLine(keys=keys):
            return st.sampled_from([ev.LineEnded("talked"), *(ev.LineEnded("key", key) for key in keys)])
        case do.DialDepartment():
            return st.builds(ev.DialEnded, st.sampled_from(["joined", "busy", "refused"]))
    return anything(action)


class RealAsterisk:
    """`operator` is ready, and answers when the course says so."""

    def __init__(self, house: House, operator: Phone) -> None:
        self._house, self._operator = house, operator
        self._said = 0  # prompts that the call must have heard by now

    def hold(self, course: Course) -> Told:
        house, self._said = self._house, 0
        house.loaded, house.facts = course.flows, lambda _caller: course.facts
        house.ask = _in_turn([event for _action, event in course.answered if isinstance(event, ev.Done)])
        citizen = house.citizen(course.facts.caller)
        eventually(lambda: house.exchange.calls, "a call")
        (call_id,) = house.exchange.calls
        for action, event in course.answered:
            self._happens(call_id, citizen, action, event, nodes=len(course.told.path))
        citizen.wait_ended(15)
        spool = house.telephony.spool
        eventually(lambda: call_id in spool.finished_calls(), "the finished call")
        events = spool.events(call_id)
        return written_down(events, [prompt for prompt in _prompts(events) if prompt != "beep"])

    def _happens(self, call_id: str, citizen: PhoneCall, action: do.Action, event: ev.Event, nodes: int) -> None:
        events = self._house.telephony.spool.events
        self._said += len(spoken_in(action)) + isinstance(action, do.RecordMessage)  # and the tone
        if isinstance(action, do.Play | do.Do) and not isinstance(event, ev.HungUp):
            return
        if not isinstance(action, do.Play):
            eventually(lambda: len(_prompts(events(call_id))) >= self._said, "the end of what is said", 20)
        match action, event:
            case _, ev.HungUp():
                eventually(lambda: _entered(events(call_id)) == nodes, "the node to hang up at", 20)
                citizen.hang_up()
            case do.Collect(end_key=end, max=longest), ev.Digits(text):
                citizen.press(text + (end if len(text) < longest else ""))
            case _, ev.Recorded(seconds):
                time.sleep(seconds + KEY_SECONDS)
                citizen.press("#")
            case do.JoinLine(), ev.LineEnded():
                self._waits(citizen, event)
            case do.DialDepartment(), ev.DialEnded(how):
                self._department(how)

    def _waits(self, citizen: PhoneCall, event: ev.LineEnded) -> None:
        ring = self._operator.wait_for_ring(15)
        if event.how == "key":
            time.sleep(KEY_SECONDS)  # the citizen is in the room now
            citizen.press(event.key)
            ring.wait_ended(5)
            return
        self._talks(ring, "op1")

    def _department(self, how: str) -> None:
        ring = self._house.trunk.wait_for_ring(15)
        if how == "joined":
            self._talks(ring, "water")
        else:
            ring.reject(486 if how == "busy" else 603)

    def _talks(self, ring: PhoneCall, name: str) -> None:
        ring.answer()
        eventually(lambda: (p := self._house.participant(name)) and p.state is ParticipantState.TALKING, "a talk")
        ring.hang_up()


def _prompts(events: list[CallEvent]) -> list[str]:
    return [e.data["prompt"] for e in events if e.kind is Kind.PROMPT_PLAYED]


def _entered(events: list[CallEvent]) -> int:
    return sum(e.kind is Kind.NODE_ENTERED for e in events)


def _in_turn(answers: list[ev.Done]) -> Callable[..., Answer]:
    def ask(*_: object) -> Answer:
        answer = answers.pop(0)
        return answer.how, answer.values

    return ask
