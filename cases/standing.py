"""Where a case stands: the values its history is folded into (`fold.py`). Pure, and without the citizen's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cases.counting import Pause
from cases.lifecycle import ENDED, GIVEN_UP, Step
from cases.words import Part, Progress, State
from config.rules import DeadlineRule, Limit


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
        """Done by the system, because somebody let the time for it pass."""
        return bool(self.data.get("automatic"))

    @property
    def label(self) -> str:
        return f"超时自动{self.step.label}" if self.automatic and self.step is Step.SIGN else self.step.label


@dataclass(frozen=True, slots=True)
class Assignment:
    """One department's share. `started_at`: when its clock began, at dispatch or at the last rework."""

    id: str
    department: str
    part: Part
    due_at: datetime
    started_at: datetime | None = None
    rules: str = ""
    rule: DeadlineRule | None = None
    sign_by: datetime | None = None
    return_by: datetime | None = None
    progress: Progress = Progress.WAITING
    delivered_at: datetime | None = None
    signed_at: datetime | None = None
    signed_by: str = ""
    contacted_at: datetime | None = None
    contact_tries: int = 0
    returns: int = 0
    rulings: int = 0
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Limit, ...] = ()
    extension_asked: str = ""
    reworks: int = 0
    replied_at: datetime | None = None
    replied_by: str = ""
    reply: str = ""

    @property
    def paused_until(self) -> datetime | None:
        return self.pauses[-1].end if self.progress is Progress.PAUSED else None


@dataclass(frozen=True, slots=True)
class Case:
    """What the history amounts to. None of the citizen's words are needed to decide a step."""

    state: State = State.REGISTERED
    version: int = 0
    answer: str = ""
    assignments: tuple[Assignment, ...] = ()
    merged_into: str = ""
    unmerged_state: State = State.REGISTERED
    reviewed_by: str = ""
    tries: tuple[datetime, ...] = ()
    closed_at: datetime | None = None
    reopened: int = 0

    def assignment(self, key: str) -> Assignment | None:
        return next((each for each in self.assignments if each.id == key), None)

    @property
    def lead(self) -> Assignment | None:
        """Who leads now, or gave the case back last."""
        leads = [each for each in self.assignments if each.part is Part.LEAD]
        chosen = [each for each in leads if each.progress not in GIVEN_UP] or leads
        return chosen[-1] if chosen else None

    @property
    def at_work(self) -> tuple[Assignment, ...]:
        """Shares that something is still expected of."""
        return tuple(each for each in self.assignments if each.progress not in ENDED)

    @property
    def unfinished(self) -> tuple[Assignment, ...]:
        """Assisting departments the lead has to wait for."""
        helping = [each for each in self.at_work if each.part is Part.ASSISTING]
        return tuple(each for each in helping if each.progress is not Progress.REPLIED)
