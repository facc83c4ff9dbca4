"""What a call flow wants from the telephone. A driver carries out a sprint's actions in order.

`Play`, `Collect`, `RecordMessage`, `JoinLine`, `DialDepartment`, `BookCallback` and `Do` await an event; such an action
is always the last of its sprint. `Hangup` and `FallBack` end the session and are then the last. The others only tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt by its id in the catalogue of a language, and the values of the `{names}` in its text."""

    prompt: str
    values: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Play:
    """Speak; awaits `Played`."""

    prompts: tuple[Spoken, ...]
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    """A key that may be pressed, and the words that may be said instead."""

    key: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collect:
    """Speak (any key interrupts), then take keys or words; awaits `Digits`, `NoInput` or `Heard`.

    With `choices`, one key answers. `typed` was pressed before the question and counts as its first digits. `spoken`:
    the digits may be said. Keys always work, whatever else is listened to.
    """

    prompts: tuple[Spoken, ...]
    min: int
    max: int
    end_key: str
    first_timeout: float
    between_timeout: float
    choices: tuple[Key, ...] = ()
    typed: str = field(default="", repr=False)
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """Speak, then record what the citizen says; awaits `Recorded` or `RecordFailed`. `#` ends it.

    After a hang-up in the middle: keep the file, then send `Recorded(how="hangup")`.
    """

    prompt: Spoken
    max_seconds: int
    silence_seconds: int


@dataclass(frozen=True, slots=True)
class SetRecording:
    """From now on the room is recorded (`on`), paused (`pause`) or not recorded (`off`)."""

    state: str


@dataclass(frozen=True, slots=True)
class JoinLine:
    """Wait for an operator, then talk in the room; awaits `LineEnded`. Higher `priority` is served first."""

    queue: str
    skills: tuple[str, ...]
    priority: int
    announce_every: int
    announce_position: bool
    max_wait: int
    keys: tuple[str, ...]
    music: str = "default"


@dataclass(frozen=True, slots=True)
class DialDepartment:
    """Bring a department into the room by its code, never by a number; awaits `DialEnded`.

    `brief`: what the department hears before it is joined, and nobody else.
    """

    code: str
    timeout: int
    brief: Spoken | None = None


@dataclass(frozen=True, slots=True)
class BookCallback:
    """Keep the place without the line; awaits `CallbackEnded`. After `LineEnded("key")` that place is kept."""

    number: str = field(repr=False)
    window_minutes: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Do:
    """Ask the case side; awaits `Done` within `timeout` seconds, with `meanwhile` to listen to."""

    action: str
    args: Mapping[str, str | int] = field(repr=False)
    timeout: float
    meanwhile: tuple[Spoken, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A fact for the call's history."""

    name: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Enter:
    """For the call's history: this node was entered. `way` is the `node.exit` it was reached by, "" at an entry."""

    node: str
    flow: str
    way: str = ""


@dataclass(frozen=True, slots=True)
class Hangup:
    """The call is over: `reason` is what the flow says, or `hangup` when the citizen did it, at `node`."""

    reason: str
    node: str


@dataclass(frozen=True, slots=True)
class FallBack:
    """The flow cannot go on, and not even its `on_error`: the driver takes its static path to an operator."""

    reason: str
    node: str


Action = (
    Play
    | Collect
    | RecordMessage
    | SetRecording
    | JoinLine
    | DialDepartment
    | BookCallback
    | Do
    | Note
    | Enter
    | Hangup
    | FallBack
)
