"""The life of a case: which step is possible in which state, and what it leads to. Pure.

Rules of this file:
1. Everything that decides a state is here, in the two tables. Nobody else compares states to allow something.
2. A case is the fold of its history. `fold` is also how a state is reached; a step that the tables do not have raises
   `Impossible`, which says what is possible now, and changes nothing.
3. Two layers: the case is what the citizen sees; an assignment is one department's share. The lead's steps move the
   case; an assisting department's do not.

Review, return visit, returns, extensions, merging and closing are further rows of these tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cases.words import Labelled, Part, Progress, State


class Step(Labelled):
    """One thing done to a case. The data of each stands beside it."""

    REGISTER = "register", "登记"  # fields: names of the fields that were filled in
    CORRECT = "correct", "更正"  # fields: {name: [before, after]}; private ones are named without their values
    ACCEPT = "accept", "受理"
    ANSWER = "answer", "直接答复"  # answer
    DISPATCH = "dispatch", "派单"  # assignments: [{id, department, part, due_at}]
    DELIVER = "deliver", "送达"  # assignment, channel
    SIGN = "sign", "签收"  # assignment, automatic: true when nobody did in time
    RECOUNT = "recount", "重算期限"  # assignment, due_at, before, calendar: the holidays were announced
    REPLY = "reply", "答复"  # assignment, reply


# A case: (state, step) -> state. What is not here cannot be done.
CASE_STEPS: dict[tuple[State, Step], State] = {
    (State.REGISTERED, Step.CORRECT): State.REGISTERED,
    (State.REGISTERED, Step.ACCEPT): State.ACCEPTED,
    (State.REGISTERED, Step.ANSWER): State.ANSWERED,
    (State.ACCEPTED, Step.CORRECT): State.ACCEPTED,
    (State.ACCEPTED, Step.ANSWER): State.ANSWERED,
    (State.ACCEPTED, Step.DISPATCH): State.DISPATCHED,
    (State.DISPATCHED, Step.SIGN): State.HANDLING,
    (State.HANDLING, Step.REPLY): State.REPLIED,
}

# An assignment: (progress, step) -> progress. Receipts may arrive late: what is signed has certainly been delivered.
ASSIGNMENT_STEPS: dict[tuple[Progress, Step], Progress] = {
    (Progress.WAITING, Step.DELIVER): Progress.WAITING,
    (Progress.SIGNED, Step.DELIVER): Progress.SIGNED,
    (Progress.REPLIED, Step.DELIVER): Progress.REPLIED,
    (Progress.WAITING, Step.RECOUNT): Progress.WAITING,
    (Progress.SIGNED, Step.RECOUNT): Progress.SIGNED,
    (Progress.WAITING, Step.SIGN): Progress.SIGNED,
    (Progress.SIGNED, Step.REPLY): Progress.REPLIED,
}

# A step that is taken on the way to another: who dispatches a case has accepted it.
ON_THE_WAY: dict[tuple[State, Step], Step] = {(State.REGISTERED, Step.DISPATCH): Step.ACCEPT}

BY_DEPARTMENTS = frozenset({Step.SIGN, Step.REPLY})
BY_SYSTEM = frozenset({Step.DELIVER, Step.RECOUNT})  # nobody takes these: they follow from what happened elsewhere


class Impossible(Exception):
    """This step cannot be taken now."""

    def __init__(self, step: Step, now: Labelled, possible: Iterable[Step]) -> None:
        self.step, self.now, self.possible = step, now, tuple(possible)
        options = "、".join(each.label for each in self.possible) or "没有可做的操作"
        super().__init__(f"“{now.label}”的工单不能{step.label}；现在可以：{options}")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a case's history."""

    seq: int
    at: datetime
    step: Step
    actor: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def automatic(self) -> bool:
        """Done by the system, because the department let its time for it pass."""
        return bool(self.data.get("automatic"))

    @property
    def label(self) -> str:
        return f"超时自动{self.step.label}" if self.automatic else self.step.label


@dataclass(frozen=True, slots=True)
class Assignment:
    id: str
    department: str
    part: Part
    due_at: datetime
    progress: Progress = Progress.WAITING
    delivered_at: datetime | None = None
    signed_at: datetime | None = None
    signed_by: str = ""
    replied_at: datetime | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What the history amounts to. None of the citizen's words are needed to decide a step."""

    state: State = State.REGISTERED
    version: int = 0
    answer: str = ""
    assignments: tuple[Assignment, ...] = ()

    def assignment(self, key: str) -> Assignment | None:
        return next((each for each in self.assignments if each.id == key), None)


def fold(history: Iterable[Happening]) -> Case:
    case = Case()
    for happening in sorted(history, key=lambda h: h.seq):
        case = after(case, happening)
    return case


def after(case: Case, h: Happening) -> Case:
    """The case after one more step. Raises Impossible."""
    case = replace(case, version=h.seq)
    match h.step:
        case Step.REGISTER:
            return case
        case Step.DELIVER | Step.SIGN | Step.RECOUNT | Step.REPLY:
            return _after_assignment(case, h)
        case Step.DISPATCH:
            given = tuple(_given(each) for each in h.data["assignments"])
            return replace(case, state=_next(case, h.step), assignments=given)
        case Step.ANSWER:
            return replace(case, state=_next(case, h.step), answer=h.data["answer"])
        case _:
            return replace(case, state=_next(case, h.step))


def possible(case: Case) -> tuple[Step, ...]:
    """What may be done with the case now, by whomever, the steps on the way to another included."""
    direct = {step for (state, step) in CASE_STEPS if state is case.state and step not in BY_DEPARTMENTS}
    by_way = {step for (state, step) in ON_THE_WAY if state is case.state}
    waiting = {step for each in case.assignments for step in possible_for(each)}
    return tuple(step for step in Step if step in direct | by_way | waiting)


def possible_for(assignment: Assignment) -> tuple[Step, ...]:
    """What this assignment's department may do now."""
    steps = [step for (progress, step) in ASSIGNMENT_STEPS if progress is assignment.progress]
    return tuple(step for step in steps if step in BY_DEPARTMENTS)


def _next(case: Case, step: Step) -> State:
    try:
        return CASE_STEPS[case.state, step]
    except KeyError:
        raise Impossible(step, case.state, possible(case)) from None


def _after_assignment(case: Case, h: Happening) -> Case:
    assignment = case.assignment(h.data["assignment"])
    if assignment is None:
        raise Impossible(h.step, case.state, possible(case))
    try:
        progress = ASSIGNMENT_STEPS[assignment.progress, h.step]
    except KeyError:
        raise Impossible(h.step, assignment.progress, possible_for(assignment)) from None
    moved = _stamped(replace(assignment, progress=progress), h)
    everyone = tuple(moved if each.id == moved.id else each for each in case.assignments)
    moves_case = moved.part is Part.LEAD and h.step in BY_DEPARTMENTS
    return replace(case, assignments=everyone, state=_next(case, h.step) if moves_case else case.state)


def _stamped(assignment: Assignment, h: Happening) -> Assignment:
    match h.step:
        case Step.RECOUNT:
            return replace(assignment, due_at=datetime.fromisoformat(h.data["due_at"]))
        case Step.SIGN:
            return replace(assignment, signed_at=h.at, signed_by=h.actor)
        case Step.REPLY:
            return replace(assignment, replied_at=h.at, reply=h.data["reply"])
        case _:
            return replace(assignment, delivered_at=assignment.delivered_at or h.at)


def _given(data: Mapping[str, Any]) -> Assignment:
    due_at = datetime.fromisoformat(data["due_at"])
    return Assignment(data["id"], data["department"], Part(data["part"]), due_at)
