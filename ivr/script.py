"""What a simulated citizen does, and how the world answers, step by step.

A step is taken at the first action it fits; whatever no step fits takes its usual course: the citizen is silent, an
operator answers, the department comes, the case side finds what it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.yaml_reader import Fields, Reader, Scalar, Value
from ivr import actions as do
from ivr import events as ev
from ivr.flow import ACTIONS
from ivr.session import Session

LINE = ("talked", "timeout", "no_operators", "full", "failed")
DIAL = ("joined", "busy", "no_answer", "refused", "failed")
CALLBACK = ("booked", "already", "refused")
ANSWER = ("ok", "not_found", "failed")
WORDS = ("press", "silent", "say", "line", "dial", "callback", "message", "answer", "hang_up")


@dataclass(frozen=True, slots=True)
class Step:
    """`what` is one of WORDS; `how` what is pressed, said or answered."""

    what: str
    how: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)


class Scripted:
    """Answers by a list of steps, then by the usual course."""

    def __init__(self, steps: list[Step]) -> None:
        self.left = list(steps)

    def answer(self, action: do.Action, session: Session) -> ev.Event:
        event = _by(self.left[0], action, session) if self.left else None
        if event is None:
            return usual(action)
        self.left.pop(0)
        return event


def usual(action: do.Action) -> ev.Event:
    """What happens when nothing special does."""
    match action:
        case do.Collect():
            return ev.NoInput()
        case do.RecordMessage():
            return ev.Recorded(12.0)
        case do.JoinLine():
            return ev.LineEnded("talked")
        case do.DialDepartment():
            return ev.DialEnded("joined")
        case do.BookCallback():
            return ev.CallbackEnded("booked")
        case do.Do(name):
            return ev.Done("ok", {value: f"〔{value}〕" for value in ACTIONS[name][1]})
        case _:
            return ev.Played()


def _by(step: Step, action: do.Action, session: Session) -> ev.Event | None:
    """The event that a step makes of an action, or None when it does not fit it."""
    match step.what, action:
        case "press", do.Collect():
            return ev.Digits(step.how)
        case "press", do.JoinLine(keys=keys) if step.how in keys:
            return ev.LineEnded("key", step.how)
        case "silent", do.Collect():
            return ev.NoInput()
        case "say", do.Collect():
            return ev.Heard(step.how)
        case "line", do.JoinLine():
            return ev.LineEnded(step.how)  # type: ignore[arg-type]  # checked when the step was read
        case "dial", do.DialDepartment():
            return ev.DialEnded(step.how)  # type: ignore[arg-type]
        case "callback", do.BookCallback():
            return ev.CallbackEnded(step.how)  # type: ignore[arg-type]
        case "message", do.RecordMessage():
            return _message(step.how)
        case "answer", do.Do():
            return ev.Done(step.how, step.values)  # type: ignore[arg-type]
        case "hang_up", _ if step.how in ("", session.node):
            return ev.Recorded(5.0, "hangup") if isinstance(action, do.RecordMessage) else ev.HungUp()
    return None


def _message(how: str) -> ev.Event:
    return ev.RecordFailed() if how == "failed" else ev.Recorded(float(how))


def pressed(keys: str) -> list[Step]:
    """`1,2` of the command line."""
    return [Step("press", part.strip()) for part in keys.split(",") if part.strip()]


def read_steps(value: Value | None, reader: Reader) -> list[Step]:
    """`[silent, press: "1", line: timeout, hang_up]` of a scenario or script."""
    steps = (_step(v, reader) for v in reader.items(value))
    return [step for step in steps if step]


def _step(value: Value, reader: Reader) -> Step | None:
    if isinstance(value, Scalar):
        word = reader.choice(value, WORDS)
        return Step("hang_up") if word == "hang_up" else Step("silent")
    given = reader.fields(value, known=set(WORDS))
    for word, how in given.items():
        if word in WORDS:
            return _with(word, how, reader)
    return None


def _with(word: str, how: Value, reader: Reader) -> Step:
    closed = {"line": LINE, "dial": DIAL, "callback": CALLBACK}
    if word in closed:
        return Step(word, reader.choice(how, closed[word]))
    if word == "answer":
        if isinstance(how, Fields):
            return Step(word, "ok", {name: reader.text(v) for name, v in reader.fields(how).items()})
        return Step(word, reader.choice(how, ANSWER))
    if word == "message" and not (isinstance(how, Scalar) and how.text == "failed"):
        return Step(word, str(reader.number(how, 0, 3600)))
    return Step(word, reader.name(how))
