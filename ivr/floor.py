"""The floor of the exchange: every call, room, leg and place in the line at this moment, and what is needed to act.

The files of the exchange work on it (`ivr/exchange.py` lists them), always in the exchange's one thread. It decides
nothing and starts nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ivr import line as waiting_line
from ivr.board import Board, Operator, Room, Status
from ivr.call import Role
from ivr.legs import Legs
from ivr.live import LiveCall, Refused
from ivr.spool import Spool


class Directory(Protocol):
    """What the exchange asks about the city. Answers come from memory: it must not wait."""

    def department(self, code: str) -> tuple[str, str] | None:
        """(name, telephone number) of a department on the list."""

    def person(self, name: str) -> Role | None:
        """OPERATOR or SUPERVISOR for somebody with a telephone, None for anybody else."""


@dataclass(frozen=True, slots=True)
class CallRules:
    """What bounds the calls that the hotline makes to citizens. `prefixes`: of the numbers that may be called, () for
    all; `trunk_lines`: 0 for not counted."""

    ring_seconds: int = 25
    callbacks: int = 50
    retry_seconds: float = 180
    prefixes: tuple[str, ...] = ()
    at_once: int = 2
    spare_operators: int = 1
    trunk_lines: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """The seconds and addresses of a city's exchange."""

    operator_ring_seconds: int
    department_ring_seconds: int
    wrap_up_seconds: int
    trunk: str
    recordings_dir: Path
    max_participants: int = 6
    calls: CallRules = CallRules()


class Floor(ABC):
    """`changed` collects what people must be told of; the exchange tells them after each piece of work."""

    def __init__(
        self,
        legs: Legs,
        spool: Spool,
        directory: Directory,
        rules: Rules,
        clock: Callable[[], datetime],
        operators: Iterable[Operator],
        keep_status: Callable[[str, Status, str], None],
    ) -> None:
        self.legs, self.spool, self.directory, self.rules, self.clock = legs, spool, directory, rules, clock
        self.keep_status = keep_status
        self.line = waiting_line.Line(operators=tuple(operators))
        self.calls: dict[str, LiveCall] = {}
        self.wrap_up: dict[str, datetime] = {}  # operator -> end of the after-call work
        self.look_again_at: datetime | None = None  # Asterisk did not say what it has
        self._changed: dict[tuple[str, str], None] = {}

    @abstractmethod
    def soon(self, work: Callable[[], None]) -> None:
        """Do this in the exchange's thread, after everything that came before. Nobody waits for it."""

    def changed(self, kind: str, ref: str) -> None:
        """Somebody ought to know: kind is room, line, operator, call or asterisk."""
        self._changed[kind, ref] = None

    @property
    def has_changed(self) -> bool:
        return bool(self._changed)

    def take_changes(self) -> list[tuple[str, str]]:
        changes, self._changed = list(self._changed), {}
        return changes

    def draw(self) -> Board:
        """What people see, as a frozen value."""
        shown = (c.room for c in self.calls.values())
        return Board(self.line.places(), tuple(r for r in shown if r and not r.ended_at), self.line.operators)

    def call_with_room(self, room_id: str) -> tuple[LiveCall, Room]:
        call = self.calls.get(room_id)
        if call is None or call.room is None or call.room.ended_at:
            raise Refused("no_room", "没有这个会议室，或通话已经结束。")
        return call, call.room
