"""Journals of calls for tests: what a real call would have left behind, without a telephone.

Written as `ivr/reception.py` and the exchange write them: which keys are pressed is not in there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ivr import actions as do
from ivr import engine
from ivr import events as ev
from ivr.call import CallEvent, Kind
from ivr.flow import Flows
from ivr.hours import ZONE
from ivr.session import Facts, Session
from ivr.spoken_answers import chosen

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=ZONE)
Answerer = Callable[[do.Action, Session], ev.Event]


def journal(
    flows: Flows,
    answer: Answerer,
    *,
    flow: str = "main",
    facts: Facts | None = None,
    at: datetime = NOON,
    call: str = "20260304-120000-00000001",
) -> list[CallEvent]:
    """Hold a call and write it down. A HungUp during JoinLine is a citizen who gives up waiting."""
    writer = _Writer(call, at)
    writer.write(Kind.CALL_STARTED, caller="13812345678", dialled="12345", flow=flow, version=flows.version)
    sprint = engine.start(flows, flow, facts or Facts(caller="13812345678"), at)
    for _ in range(300):
        for action in sprint.actions:
            if isinstance(action, do.Enter):
                writer.write(Kind.NODE_ENTERED, node=action.node, flow=action.flow, way=action.way)
        if sprint.session.ended is not None:
            break
        event = answer(sprint.actions[-1], sprint.session)
        writer.answered(sprint.actions[-1], event)
        sprint = engine.step(flows, sprint.session, event, writer.now)
    hung_up = sprint.session.ended in ("hangup", None)
    writer.write(Kind.CALL_ENDED, reason="citizen_hung_up" if hung_up else sprint.session.ended, node="")
    return writer.events


class _Writer:
    def __init__(self, call: str, at: datetime) -> None:
        self.call, self.now, self.events = call, at, list[CallEvent]()

    def write(self, kind: Kind, **data: Any) -> None:
        self.events.append(CallEvent(self.call, len(self.events) + 1, self.now, kind, data))
        self.now += timedelta(seconds=1)

    def answered(self, action: do.Action, event: ev.Event) -> None:
        match action, event:
            case do.Collect(), ev.Digits(text):
                self.write(Kind.KEYS_PRESSED, keys=len(text))
            case do.Collect(choices=choices), ev.Heard(words):
                self.write(Kind.WORDS_HEARD, choice=chosen(choices, words), keys=0, confidence=0.9)
            case do.Collect(), ev.NoInput():
                self.write(Kind.KEYS_PRESSED, keys=0)
            case do.JoinLine(), _:
                self._waited(event)
            case do.RecordMessage(), ev.Recorded(seconds):
                self.write(Kind.RECORDING_ENDED, leg=f"{self.call}-1-message", seconds=seconds)
            case do.DialDepartment(), ev.DialEnded("joined"):
                self.write(Kind.LEG_JOINED, leg=f"{self.call}-2", role="department", name="water")

    def _waited(self, event: ev.Event) -> None:
        if isinstance(event, ev.LineEnded) and event.how in ("full", "failed"):
            return
        self.write(Kind.LINE_JOINED, priority=0)
        how = event.how if isinstance(event, ev.LineEnded) else "abandoned"
        self.write(Kind.LINE_LEFT, reason="answered" if how == "talked" else how)


def by_script(*events: ev.Event) -> Answerer:
    """These for the questions and waits, in order; prompts are heard to their end, the rest is silence."""
    left = list(events)

    def answer(action: do.Action, _session: Session) -> ev.Event:
        if isinstance(action, do.Play):
            return left.pop(0) if left and isinstance(left[0], ev.HungUp) else ev.Played()
        if left:
            return left.pop(0)
        return ev.NoInput() if isinstance(action, do.Collect) else ev.HungUp()

    return answer
