"""Where a citizen is in a call flow: a value that survives restarts as plain JSON.

It holds a citizen's number and what they keyed in: store it with the call, log none of it (`repr` shows none of it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ivr.actions import Action


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a call from outside. `values` become variables of the flow (an outgoing call's case)."""

    caller: str = field(default="", repr=False)
    caller_list: str = ""  # "", blocked 拦截, priority 优先
    open_case: bool = False
    line_waiting: int = 0
    values: Mapping[str, str | int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """The way back from a flow that another one runs: to `node` of `flow`, then out by `done` or `failed`."""

    flow: str
    node: str
    done: str
    failed: str


@dataclass(frozen=True, slots=True)
class Session:
    """A call's walk through the flows of one `version`."""

    flow: str
    version: str
    facts: Facts
    node: str = ""
    stack: tuple[Frame, ...] = ()
    variables: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    visits: Mapping[str, int] = field(default_factory=dict)
    steps: int = 0
    misses: int = 0  # at the question being asked
    typed: str = field(default="", repr=False)  # a key that interrupted a prompt before the question
    noticed: bool = False  # the recording notice was played to its end
    recording: str = "off"
    after_run: bool = False
    failures: int = 0
    rescued: bool = False  # on_error was taken
    ended: str | None = None

    @property
    def root(self) -> str:
        """The flow the call began with."""
        return self.stack[0].flow if self.stack else self.flow

    @property
    def language(self) -> str:
        """What `set` has chosen; "" means the flow's own."""
        return str(self.variables.get("language", ""))

    def with_facts(self, facts: Facts) -> Session:
        """The same walk with fresher facts, such as the number of people waiting."""
        return replace(self, facts=facts)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Session:
        """The inverse of `to_json`. Raises KeyError or TypeError for anything else."""
        facts, stack = Facts(**value["facts"]), tuple(Frame(**frame) for frame in value["stack"])
        return cls(**{**value, "facts": facts, "stack": stack})


@dataclass(frozen=True, slots=True)
class Sprint:
    """What one event has led to: the session from now on, and the actions to carry out in order."""

    session: Session
    actions: tuple[Action, ...]
