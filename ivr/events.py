"""What the telephone tells a call flow. Each event answers one awaited action of `ivr/actions.py`.

A citizen's keys and words are kept out of `repr`, so that no log or traceback ever shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


class ProtocolError(Exception):
    """The driver sent an event that does not fit what is awaited. The session it was sent to is still good."""


@dataclass(frozen=True, slots=True)
class Played:
    """Answers `Play`. `interrupted_by` is the key that cut it short, or None."""

    interrupted_by: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Digits:
    """Answers `Collect`: the keys pressed, without the end key."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoInput:
    """Answers `Collect`: nothing was pressed and nothing was said in time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Answers `Collect`: the words that were recognised; "" when something was said that is no answer for certain."""

    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Answers `RecordMessage`. `seconds` is the length of what was kept, without the silence at its end."""

    seconds: float
    how: Literal["silence", "key", "max", "hangup"] = "silence"


@dataclass(frozen=True, slots=True)
class RecordFailed:
    """Answers `RecordMessage`: no disk, no permission, no format."""


@dataclass(frozen=True, slots=True)
class LineEnded:
    """Answers `JoinLine`. `talked`: the talk is over and the citizen is still there. `failed`: our own failure."""

    how: Literal["talked", "timeout", "no_operators", "full", "key", "failed"]
    key: str = ""


@dataclass(frozen=True, slots=True)
class DialEnded:
    """Answers `DialDepartment`. `joined`: they talked, and the citizen is still on the line."""

    how: Literal["joined", "busy", "no_answer", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class CallbackEnded:
    """Answers `BookCallback`."""

    how: Literal["booked", "already", "refused"]


@dataclass(frozen=True, slots=True)
class Done:
    """Answers `Do`. `values` under the names that `ivr.flow.ACTIONS` promises."""

    how: Literal["ok", "not_found", "failed"]
    values: Mapping[str, str | int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class HungUp:
    """The citizen has hung up. It may come at any time, whatever is awaited."""


Event = (
    Played | Digits | NoInput | Heard | Recorded | RecordFailed | LineEnded | DialEnded | CallbackEnded | Done | HungUp
)
