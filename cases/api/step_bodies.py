"""What is sent to take a step. Each step reads its own fields; a second name is accepted where people use one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasChoices, AwareDatetime, BaseModel, Field, field_validator, model_validator

from cases.api.bodies import Line, Text
from cases.lifecycle import BY_SYSTEM, Step
from cases.reasons import PauseReason, Retention, Satisfied, SendBackReason, Solved, Told, Way
from config.rules import Unit

# Registering and correcting have routes of their own; merging has its own conditions.
_ELSEWHERE = BY_SYSTEM | {Step.REGISTER, Step.CORRECT, Step.MERGE, Step.UNMERGE}
Action = StrEnum("Action", {step.name: step.value for step in Step if step not in _ELSEWHERE})  # type: ignore[misc]
_SHORT = {"return": Step.REQUEST_RETURN.value, "extend": Step.REQUEST_EXTENSION.value}
Amount = Annotated[int, Field(ge=1, le=1000)]


class Transition(BaseModel):
    """One step, and what it needs:

    - `reject` {reason, channel, way}; `answer` {answer, knowledge, solved}; `dispatch` {lead, assisting}
    - `contact` {way, reached}; `reply` {reply, internal, true, solved}; `request_return`, `dispute` {reason, basis,
      suggested}; `request_extension` {amount, unit, reason}
    - `grant_return`, `deny_return`, `grant_extension`, `deny_extension`, `waive` {reason}; `rule` {department, text};
      `pause` {reason, until}; `send_back` {reasons, text}
    - `told` {about, way}; `visit` {solved, satisfied, contacted, true, way}; `close_unresolved` {basis, way};
      `reopen` {reason}; `cancel` {way, recording}; `archive` {retention}
    - nothing more: `accept`, `sign`, `approve`, `resume`, `visit_attempt`, `close_unreached`

    A step on a department's share takes `assignment` (its id); without it, the share that is meant when only one can
    be, else the lead's. A department's is always its own. `data` may hold a step's fields.
    """

    action: Action
    assignment: Line = ""
    lead: Line = ""
    assisting: Annotated[list[Line], Field(max_length=20)] = []
    suggested: Line = ""
    department: Line = ""
    text: Text = Field("", validation_alias=AliasChoices("text", "answer", "reply", "content"))
    internal: Text = ""
    reason: Text = ""
    reasons: Annotated[list[SendBackReason], Field(max_length=20)] = []
    basis: Text = ""
    channel: Line = ""
    way: Way = Way.CALL
    reached: bool = True
    until: AwareDatetime | None = None
    amount: Amount | None = None
    unit: Unit = Unit.CALENDAR_DAYS
    knowledge: Line = ""
    solved: Solved | None = None
    satisfied: Satisfied | None = None
    contacted: bool | None = None
    true: bool | None = None
    about: Told = Told.REPLY
    recording: Line = ""
    retention: Retention | None = None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        """`data` may hold the step's own fields. Departments say `return` and `extend` for what they ask for."""
        if not isinstance(value, dict):
            return value
        inner = value["data"] if isinstance(value.get("data"), dict) else {}
        flat = {**inner, **{k: v for k, v in value.items() if k != "data"}}
        short = _SHORT.get(str(flat.get("action")))
        return flat | ({"action": short} if short else {})

    @field_validator("solved", mode="before")
    @classmethod
    def _yes_or_no(cls, value: Any) -> Any:
        return (Solved.YES if value else Solved.NO) if isinstance(value, bool) else value

    @property
    def said(self) -> str:
        """In one's own words, whichever field they were put into."""
        return self.text or self.reason


class NewExtension(BaseModel):
    """More time: how much, and why. The citizen will read why."""

    amount: Amount
    unit: Unit = Unit.CALENDAR_DAYS
    reason: Text


class NewPause(BaseModel):
    reason: PauseReason
    until: AwareDatetime


class Decision(BaseModel):
    """On an extension: granted or not, and why (needed when it is not)."""

    granted: bool
    reason: Text = ""
