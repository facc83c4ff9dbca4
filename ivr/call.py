"""What happened in a call: the value that the telephone half hands on.

A call is its list of events; `fold` turns the list into a `Call`. Events are written to the spool as they happen
(`ivr/spool.py`), so a call outlives the process and the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

NEVER = datetime.min.replace(tzinfo=UTC)


class Role(StrEnum):
    """Who a participant (参与方) is."""

    CITIZEN = "citizen"  # 市民
    OPERATOR = "operator"  # 话务员
    DEPARTMENT = "department"  # 承办单位
    SUPERVISOR = "supervisor"  # 督办员


class Kind(StrEnum):
    """Everything that is written down about a call. The data of each stands beside it."""

    CALL_STARTED = "call.started"  # caller, dialled, flow, version, way (WAYS), of (the call it follows from)
    CALL_ENDED = "call.ended"  # reason, node (the flow node it ended at)
    NODE_ENTERED = "node.entered"  # node, flow, way (the node.exit it was reached by; "" at an entry)
    PROMPT_PLAYED = "prompt.played"  # prompt
    KEYS_PRESSED = "keys.pressed"  # how many; the digits themselves may be private
    WORDS_HEARD = "words.heard"  # choice (its key, "" for none), keys (how many digits), confidence; never the words
    FACT_SET = "fact.set"  # name, value
    LINE_JOINED = "line.joined"  # priority
    LINE_ANNOUNCED = "line.announced"  # position
    LINE_LEFT = "line.left"  # reason: answered, timeout, no_operators, full, key, abandoned
    LEG_ASKED = "leg.asked"  # leg, role, name (operator login or department code)
    LEG_RINGING = "leg.ringing"  # leg
    LEG_JOINED = "leg.joined"  # leg, role, name
    LEG_FAILED = "leg.failed"  # leg, cause: busy, refused, no_answer, unreachable, cancelled, failed
    LEG_CHANGED = "leg.changed"  # leg, and what: muted, held, whisper_to
    LEG_LEFT = "leg.left"  # leg
    CALLBACK_BOOKED = "callback.booked"  # callback (its call); there itself: since, until, attempts, priority, chosen
    RECORDING_STARTED = "recording.started"  # leg, path (below the recordings folder), what: leg or message
    RECORDING_PAUSED = "recording.paused"  # leg
    RECORDING_RESUMED = "recording.resumed"  # leg
    RECORDING_ENDED = "recording.ended"  # leg, seconds
    NOTE_TAKEN = "note.taken"  # text: what the system itself noticed (a fallback, an orphan found at start)


CALLBACK, OUTGOING = "callback", "outgoing"
CALLBACK_MISSED, CALLBACK_SETTLED = "callback_missed", "callback_settled"  # why a callback ended without a talk
WAYS = ("", CALLBACK, OUTGOING)  # the citizen dialled; was called back; was called


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One line of a call's history. `seq` counts from 1 within the call; `at` is UTC."""

    call_id: str
    seq: int
    at: datetime
    kind: Kind
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"call": self.call_id, "seq": self.seq, "at": self.at.isoformat(), "kind": self.kind, **self.data}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CallEvent:
        """The inverse of `to_json`. Raises ValueError for anything else, whatever is wrong with it."""
        try:
            rest = {k: v for k, v in value.items() if k not in ("call", "seq", "at", "kind")}
            at = datetime.fromisoformat(value["at"]).astimezone(UTC)
            return cls(str(value["call"]), int(value["seq"]), at, Kind(value["kind"]), rest)
        except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"not an event of a call ({type(error).__name__})") from error


@dataclass(frozen=True, slots=True)
class Leg:
    """One party's connection (通话支路). `name` is the operator's login or the department's code; "" for a citizen."""

    id: str
    role: Role
    name: str = ""
    asked_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What one leg said, as one sound file: 8 kHz, 16 bit, mono WAV. `path` is relative to the recordings folder."""

    leg: str
    path: str
    started_at: datetime
    what: str = "leg"  # or "message": left by the citizen when nobody could answer
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the fold of its events."""

    id: str
    caller: str = ""
    dialled: str = ""
    flow: str = ""
    version: str = ""
    started_at: datetime = NEVER
    ended_at: datetime | None = None
    ended_because: str = ""
    at_node: str = ""
    way: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    legs: tuple[Leg, ...] = ()
    recordings: tuple[Recording, ...] = ()

    def leg(self, leg_id: str) -> Leg | None:
        return next((leg for leg in self.legs if leg.id == leg_id), None)

    @property
    def answered(self) -> bool:
        """Has an operator or a department ever talked with the citizen in this call?"""
        there = {leg.role for leg in self.legs if leg.joined_at}
        return Role.CITIZEN in there and bool(there & {Role.OPERATOR, Role.DEPARTMENT})


def fold(events: Iterable[CallEvent]) -> Call:
    """The call that these events tell of, in the order of their `seq`; what is told twice counts once."""
    told = {event.seq: event for event in events}
    if not told:
        raise ValueError("a call has at least one event")
    call = Call(next(iter(told.values())).call_id)
    for seq in sorted(told):
        call = _apply(call, told[seq])
    return call


def _apply(call: Call, e: CallEvent) -> Call:
    match e.kind:
        case Kind.CALL_STARTED:
            d, way = e.data, e.data.get("way", "")
            leg = Leg(d.get("leg", f"{call.id}-1"), Role.CITIZEN, "", e.at, e.at)
            legs: tuple[Leg, ...] = () if way else (leg,)  # whoever we call has a leg when they are rung
            return replace(call, caller=d.get("caller", ""), dialled=d.get("dialled", ""), flow=d.get("flow", ""),
                           version=d.get("version", ""), started_at=e.at, legs=legs, way=way)  # fmt: skip
        case Kind.CALL_ENDED:
            legs = tuple(leg if leg.left_at or leg.cause else replace(leg, left_at=e.at) for leg in call.legs)
            return replace(call, ended_at=e.at, ended_because=e.data.get("reason", ""), legs=legs)
        case Kind.NODE_ENTERED:
            return replace(call, at_node=e.data["node"])
        case Kind.FACT_SET:
            return replace(call, facts=MappingProxyType({**call.facts, e.data["name"]: e.data["value"]}))
        case Kind.LEG_ASKED:
            new = Leg(e.data["leg"], Role(e.data["role"]), e.data.get("name", ""), e.at)
            return replace(call, legs=(*call.legs, new))
        case Kind.LEG_JOINED:
            return _with_leg(call, e.data["leg"], joined_at=e.at)
        case Kind.LEG_FAILED:
            return _with_leg(call, e.data["leg"], cause=e.data.get("cause", "failed"), left_at=e.at)
        case Kind.LEG_LEFT:
            return _with_leg(call, e.data["leg"], left_at=e.at)
        case Kind.RECORDING_STARTED:
            recording = Recording(e.data["leg"], e.data["path"], e.at, e.data.get("what", "leg"))
            return replace(call, recordings=(*call.recordings, recording))
        case Kind.RECORDING_ENDED:
            done = tuple(
                replace(r, seconds=e.data.get("seconds")) if r.leg == e.data["leg"] and r.seconds is None else r
                for r in call.recordings
            )
            return replace(call, recordings=done)
        case _:
            return call


def _with_leg(call: Call, leg_id: str, **changes: Any) -> Call:
    return replace(call, legs=tuple(replace(leg, **changes) if leg.id == leg_id else leg for leg in call.legs))
