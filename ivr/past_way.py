"""The way of a call that is over, node by node, out of its events. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ivr.call import CallEvent, Kind, Role


@dataclass(slots=True)
class Stay:
    """One stay at a node: what was pressed there (how many keys, each time), and how it was left."""

    flow: str
    node: str
    at: datetime
    exit: str = ""
    until: datetime | None = None
    keys: list[int] = field(default_factory=list)
    line: str = ""  # how the wait ended: answered, timeout, abandoned, …
    waited: float = 0.0
    joined: bool = False  # a department came
    message: float | None = None  # seconds of what was left after the tone


def stays_of(events: list[CallEvent]) -> list[Stay]:
    """The way of a call, node by node."""
    stays: list[Stay] = []
    joined_line: datetime | None = None
    for event in events:
        if event.kind is Kind.NODE_ENTERED:
            _leave(stays, event)
            stays.append(Stay(str(event.data.get("flow", "")), event.data["node"], event.at))
        elif event.kind is Kind.LINE_JOINED:
            joined_line = event.at
        elif stays:
            _note(stays[-1], event, joined_line or event.at)
    return stays


def _leave(stays: list[Stay], entered: CallEvent) -> None:
    """The node before it is left by this way; a part that was run in between has its own ways."""
    node, _, exit_name = str(entered.data.get("way", "")).partition(".")
    if stays:
        stays[-1].until = entered.at
    for stay in reversed(stays) if node else ():
        if (stay.flow, stay.node) == (entered.data.get("flow"), node):
            stay.exit = stay.exit or exit_name
            return


def _note(stay: Stay, event: CallEvent, joined_line: datetime) -> None:
    match event.kind:
        case Kind.KEYS_PRESSED:
            stay.keys.append(int(event.data.get("keys", 0)))
        case Kind.WORDS_HEARD:  # an attempt like any other: something was said
            stay.keys.append(1)
        case Kind.LINE_LEFT:
            stay.line, stay.waited = event.data["reason"], (event.at - joined_line).total_seconds()
        case Kind.LEG_JOINED if event.data.get("role") == Role.DEPARTMENT:
            stay.joined = True
        case Kind.RECORDING_ENDED if str(event.data.get("leg", "")).endswith("-message"):
            stay.message = float(event.data.get("seconds") or 0)
