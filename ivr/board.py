"""What is going on right now, as frozen values: who waits, which rooms are open, what the operators do.

The exchange (`ivr/exchange.py`) is the only writer; pages, the API and tests read these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ivr.call import Role


class ParticipantState(StrEnum):
    """A leg is a row from the moment it is asked for."""

    ASKED = "asked"  # 请求中
    RINGING = "ringing"  # 振铃中
    TALKING = "talking"  # 通话中
    HELD = "held"  # 保持
    WHISPERING = "whispering"  # 耳语
    LEFT = "left"  # 已离开
    FAILED = "failed"  # 未接通: see `cause`


class Cause(StrEnum):
    """Why a leg did not come about."""

    BUSY = "busy"  # 忙
    REFUSED = "refused"  # 拒接
    NO_ANSWER = "no_answer"  # 无人接听
    UNREACHABLE = "unreachable"  # 无法接通
    CANCELLED = "cancelled"  # 已取消
    FAILED = "failed"  # 失败


@dataclass(frozen=True, slots=True)
class Participant:
    """One party of a room. `name` is an operator's login or a department's code; `title` is what people read."""

    leg: str
    role: Role
    name: str
    title: str
    state: ParticipantState
    muted: bool = False
    whisper_to: str | None = None
    cause: Cause | None = None
    asked_at: datetime | None = None
    joined_at: datetime | None = None

    @property
    def held(self) -> bool:
        return self.state is ParticipantState.HELD


class RecordingState(StrEnum):
    OFF = "off"
    ON = "on"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Room:
    """A conversation (会议室), from the citizen's first second in it. Its id is the call's id.

    `why`: for whoever answers, why the hotline calls this citizen; "" for a citizen who has called.
    """

    id: str
    caller: str
    opened_at: datetime
    participants: tuple[Participant, ...] = ()
    recording: RecordingState = RecordingState.OFF
    ended_at: datetime | None = None
    why: str = ""

    def participant(self, leg: str) -> Participant | None:
        return next((p for p in self.participants if p.leg == leg), None)


class Status(StrEnum):
    """What an operator says of themselves."""

    READY = "ready"  # 就绪
    PAUSED = "paused"  # 暂停
    AWAY = "away"  # 离席


class Activity(StrEnum):
    """What an operator's telephone is doing."""

    IDLE = "idle"  # 空闲
    RINGING = "ringing"  # 振铃
    TALKING = "talking"  # 通话中
    AFTER_CALL = "after_call"  # 话后整理


@dataclass(frozen=True, slots=True)
class Operator:
    """`since` is the moment from which `activity` holds; the longest idle ready operator is called first."""

    name: str
    status: Status
    since: datetime
    activity: Activity = Activity.IDLE
    reason: str = ""
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the waiting line (排队). Position 1 is next. `callback`: kept for a citizen who is called back
    (预约回拨), not before `not_before` when they could not be reached."""

    call_id: str
    caller: str
    joined_at: datetime
    priority: int
    position: int
    callback: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Board:
    places: tuple[Place, ...] = ()
    rooms: tuple[Room, ...] = ()
    operators: tuple[Operator, ...] = field(default=())

    def room(self, room_id: str) -> Room | None:
        return next((r for r in self.rooms if r.id == room_id), None)

    def operator(self, name: str) -> Operator | None:
        return next((o for o in self.operators if o.name == name), None)
