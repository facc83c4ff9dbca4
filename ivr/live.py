"""A call that is going on, as the exchange knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.board import RecordingState, Room
from ivr.call import CallEvent
from ivr.callbacks import Booking


class Refused(Exception):
    """A request that cannot be fulfilled now. `code` is for programs, the text (Chinese) for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of an answer; `words` is "" when it was none of the question's phrases."""

    words: str = field(repr=False)
    confidence: float


@dataclass(slots=True)
class Question:
    """A question that may be answered by word, while it is asked. Changed by the exchange's thread only."""

    tap: str
    leg: str  # of the tap
    said: list[Said] = field(default_factory=list)
    speaking: bool = False


@dataclass(slots=True)
class LiveCall:
    """Changed by the exchange's thread only. `channel` is Asterisk's unique id of the citizen's channel; for a citizen
    whom we call, the leg that was rung last, "" before the first."""

    id: str
    caller: str = field(repr=False)
    channel: str
    started_at: datetime
    room: Room | None = field(default=None, repr=False)
    recording: RecordingState = RecordingState.OFF
    wait: Any = None  # the engine's JoinLine while the citizen is in the line
    outcome: Any = None  # the engine's event that awaits the citizen when they come back from a room
    in_conference: bool = False
    scripts: int = 0  # AGI scripts that run for this call right now
    hung_up: bool = False
    because: str = ""
    node: str = ""
    give_up_at: datetime | None = None  # when the last leg must be gone, whatever Asterisk says
    legs_asked: int = 1
    rings_until: dict[str, datetime] = field(default_factory=dict)  # leg -> when it is given up
    announced_at: datetime | None = None
    question: Question | None = None  # that the citizen may answer by word, now
    closed: bool = False  # the history is complete: nothing is written any more
    events: list[CallEvent] = field(default_factory=list, repr=False)
    booking: Booking | None = None  # of a callback
    outgoing: bool = False  # a call that a flow makes
    called_leg: str = ""  # of a citizen who is called back: a new one for each try
    answered: bool = False  # whom we call has picked up, and is not in the room yet

    @property
    def leg(self) -> str:
        """The citizen's own leg."""
        return self.called_leg or f"{self.id}-1"

    @property
    def we_call(self) -> bool:
        """Was it the hotline that called?"""
        return self.outgoing or self.booking is not None

    @property
    def next_seq(self) -> int:
        """One more than the last event's: a torn line may have left a hole before it."""
        return self.events[-1].seq + 1 if self.events else 1

    def new_leg(self) -> str:
        self.legs_asked += 1
        return f"{self.id}-{self.legs_asked}"


def call_of(leg: str) -> str:
    """The call that a leg belongs to."""
    return leg.rpartition("-")[0]


def looks_like_a_call(call_id: str) -> bool:
    """Is this an id of ours, such as 20260302-040000-00c0ffee?"""
    parts = call_id.split("-")
    return len(parts) == 3 and len(parts[0]) == 8 and len(parts[1]) == 6 and (parts[0] + parts[1]).isdigit()


def recording_path(call: LiveCall, leg: str) -> str:
    """Where a leg's voice is kept, below the recordings folder."""
    return f"{call.started_at:%Y/%m/%d}/{call.id}/{leg}.wav"
