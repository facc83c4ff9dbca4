"""Driver: a call in the terminal, without a telephone. Time is a number that this file moves on.

`simulate` walks a flow with somebody who answers (`Answers`): a script, a test, or a person at the keyboard. What comes
out is the same list of events that a real call leaves behind, and what the citizen has heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from ivr import actions as do
from ivr import events as ev
from ivr.distance import speaking_seconds
from ivr.engine import Facts, Session, start, step
from ivr.flow import Flows

TALK_SECONDS = 60
RING_SECONDS = 8
MAX_SPRINTS = 1000  # a scripted caller who never stops


class Answers(Protocol):
    """Somebody on the line: says what answers an awaited action."""

    def answer(self, action: do.Action, session: Session, /) -> ev.Event: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One event of the call. `flow` is where the node is; `data` depends on the event."""

    at: datetime
    flow: str
    node: str
    event: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "node": self.node, "event": self.event, "data": dict(self.data)}


@dataclass(frozen=True, slots=True)
class Trace:
    """A simulated call."""

    rows: tuple[Row, ...]
    ended: str
    session: Session

    def heard(self) -> list[str]:
        """The prompts, in order."""
        return [row.data["prompt"] for row in self.rows if row.event == "prompt.played"]

    def nodes(self) -> list[str]:
        return [row.node for row in self.rows if row.event == "node.entered"]

    def to_json(self) -> dict[str, Any]:
        return {"events": [row.to_json() for row in self.rows], "ended": self.ended}


def simulate(
    flows: Flows,
    flow_id: str,
    facts: Facts,
    at: datetime,
    answers: Answers,
    hear: Callable[[Row], None] = lambda _r: None,
) -> Trace:
    """Hold a call, from `at` on. `hear` is told of every event as it happens."""
    call = _Call(flows, at, hear)
    sprint = start(flows, flow_id, facts, at)
    call.tell("call.started", sprint.session, flow=flow_id, version=flows.version)
    for _ in range(MAX_SPRINTS):
        for action in sprint.actions:
            call.carry_out(action, sprint.session)
        if sprint.session.ended is not None:
            break
        event = answers.answer(sprint.actions[-1], sprint.session)
        call.answered(sprint.actions[-1], event, sprint.session)
        sprint = step(flows, sprint.session, event, call.now)
    return Trace(tuple(call.rows), sprint.session.ended or "endless", sprint.session)


class _Call:
    def __init__(self, flows: Flows, now: datetime, hear: Callable[[Row], None]) -> None:
        self.flows, self.now, self.hear = flows, now, hear
        self.rows: list[Row] = []
        self.flow = self.node = ""

    def tell(self, event: str, _session: Session, **data: Any) -> None:
        self.rows.append(Row(self.now, self.flow, self.node, event, data))
        self.hear(self.rows[-1])

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=round(seconds, 1))

    def carry_out(self, action: do.Action, session: Session) -> None:
        match action:
            case do.Enter(node, flow, way):
                self.flow, self.node = flow, node
                self.tell("node.entered", session, flow=flow, way=way)
            case do.Play(prompts) | do.Collect(prompts, typed=""):  # who has typed already is not asked any more
                self.speak(prompts, session)
            case do.RecordMessage(prompt):
                self.speak((prompt,), session)
                self.tell("recording.started", session, what="message")
            case do.SetRecording(state):
                names = {"on": "recording.started", "pause": "recording.paused", "off": "recording.ended"}
                self.tell(names[state], session, what="leg")
            case do.JoinLine():
                self.tell("line.joined", session, line=action.queue, priority=action.priority)
            case do.DialDepartment(code):
                self.tell("leg.asked", session, role="department", name=code)
            case do.Do():
                self.tell("asked", session, action=action.action)
            case do.Note(name, value):
                self.tell("fact.set", session, name=name, value=value)
            case do.Hangup(reason):
                self.tell("call.ended", session, reason=reason)
            case do.FallBack(reason):
                self.tell("fallback", session, reason=reason)

    def speak(self, prompts: tuple[do.Spoken, ...], session: Session) -> None:
        for spoken in prompts:
            self.tell("prompt.played", session, prompt=spoken.prompt, text=self._text(spoken))
            self.pass_time(speaking_seconds(self.flows, spoken.language, (spoken.prompt,)))

    def _text(self, spoken: do.Spoken) -> str:
        prompt = self.flows.prompt(spoken.prompt, spoken.language)
        text = prompt.text if prompt else ""
        for name, value in spoken.values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def answered(self, action: do.Action, event: ev.Event, session: Session) -> None:
        """What the citizen or the world did, and how long it took."""
        match event:
            case ev.Digits(text):
                self.pass_time(2)
                self.tell("keys.pressed", session, keys=text)
            case ev.NoInput():
                self.pass_time(action.first_timeout if isinstance(action, do.Collect) else 0)
                self.tell("no_input", session)
            case ev.Heard(words):
                self.pass_time(2)
                self.tell("words.heard", session, words=words)
            case ev.Recorded(seconds, how):
                self.pass_time(seconds)
                self.tell("recording.ended", session, what="message", seconds=seconds, how=how)
            case ev.RecordFailed():
                self.tell("recording.failed", session)
            case ev.LineEnded():
                self.line_ended(action, event, session)
            case ev.DialEnded(how):
                self.pass_time(RING_SECONDS + (TALK_SECONDS if how == "joined" else 0))
                self.tell("leg.joined" if how == "joined" else "leg.failed", session, role="department", how=how)
            case ev.CallbackEnded(how):
                self.tell("callback", session, how=how)
            case ev.Done(how):
                self.tell("answered", session, how=how)
            case ev.HungUp():
                self.tell("hung_up", session)

    def line_ended(self, action: do.Action, event: ev.LineEnded, session: Session) -> None:
        longest = action.max_wait if isinstance(action, do.JoinLine) else 0
        self.pass_time({"talked": RING_SECONDS, "timeout": longest, "key": 10}.get(event.how, 0))
        if event.how == "key":
            self.tell("keys.pressed", session, keys=event.key)
        reason = "answered" if event.how == "talked" else event.how
        self.tell("line.left", session, reason=reason)
        if event.how == "talked":
            self.tell("leg.joined", session, role="operator")
            self.pass_time(TALK_SECONDS)
            self.tell("leg.left", session, role="operator")
