"""Calls as the telephone half would hand them on: their events, and what was said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from ivr.call import CallEvent, Kind
from transcription.transcript import Transcript, Utterance

_NOTICE_SECONDS = 9  # greeting and recording notice, before the line
_SECONDS_PER_CHARACTER = 0.25


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence. `role`: citizen or operator."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A finished call. `operator` "": nobody answered."""

    id: str
    events: tuple[CallEvent, ...]
    transcript: Transcript
    ended_at: datetime


def answered(
    call_id: str, caller: str, operator: str, said: tuple[Said, ...], at: datetime, waited: float, random: Random
) -> Told:
    """Somebody answers, they talk, the citizen hangs up."""
    line = at + timedelta(seconds=_NOTICE_SECONDS)
    joined = line + timedelta(seconds=waited)
    spoken = _utterances(call_id, said, (joined - at).total_seconds())
    ended = at + timedelta(seconds=spoken[-1].end + random.uniform(2, 20))
    leg = f"{call_id}-2"
    events = (
        *_begun(call_id, caller, at, line),
        (line, Kind.LEG_ASKED, {"leg": leg, "role": "operator", "name": operator}),
        (joined, Kind.LEG_JOINED, {"leg": leg, "role": "operator", "name": operator}),
        (joined, Kind.LINE_LEFT, {"reason": "answered"}),
        (ended, Kind.LEG_LEFT, {"leg": leg}),
        (ended, Kind.CALL_ENDED, {"reason": "hangup"}),
    )
    return Told(call_id, _numbered(call_id, events), Transcript(call_id, spoken), ended)


def lost(call_id: str, caller: str, at: datetime, waited: float) -> Told:
    """The citizen gave up in the line."""
    line = at + timedelta(seconds=_NOTICE_SECONDS)
    ended = line + timedelta(seconds=waited)
    events = (
        *_begun(call_id, caller, at, line),
        (ended, Kind.LINE_LEFT, {"reason": "abandoned"}),
        (ended, Kind.CALL_ENDED, {"reason": "hangup"}),
    )
    return Told(call_id, _numbered(call_id, events), Transcript(call_id), ended)


Line = tuple[datetime, Kind, dict[str, Any]]


def _begun(call_id: str, caller: str, at: datetime, line: datetime) -> tuple[Line, ...]:
    started = {"caller": caller, "dialled": "12345", "flow": "main", "version": "", "leg": f"{call_id}-1"}
    return (
        (at, Kind.CALL_STARTED, started),
        (at, Kind.NODE_ENTERED, {"node": "welcome", "flow": "main", "way": ""}),
        (line, Kind.NODE_ENTERED, {"node": "operators", "flow": "main", "way": "who.otherwise"}),
        (line, Kind.LINE_JOINED, {"priority": 0}),
    )


def _numbered(call_id: str, lines: tuple[Line, ...]) -> tuple[CallEvent, ...]:
    return tuple(CallEvent(call_id, n, at, kind, data) for n, (at, kind, data) in enumerate(lines, 1))


def _utterances(call_id: str, said: tuple[Said, ...], start: float) -> tuple[Utterance, ...]:
    found, at = list[Utterance](), start
    for each in said:
        end = at + max(1.0, _SECONDS_PER_CHARACTER * len(each.text))
        leg = f"{call_id}-{1 if each.role == 'citizen' else 2}"
        found.append(Utterance(leg, each.role, at, end, each.text, 0.97))
        at = end + 0.4
    return tuple(found)
