"""A callback (预约回拨): the place in the line is kept without the line, and the hotline calls. Pure.

A callback is a call of its own from the moment it is booked: its history lies in the spool, so neither a kill nor a
restart can lose it, and everything that a call has (room, recordings, captions, draft) it has as well.

Who is called first? The operator. They hear what it is about, see number and reason, and then the citizen is rung: so
nobody ever answers into silence, and no telephone rings for a talk that nobody can hold. It costs the operator the
seconds that the citizen's telephone rings, and only those.

Rules
1. One open callback for each number; the second booking is `already`. Only numbers that the city lets be called.
2. A try counts from the moment the citizen is rung, which is written down before it is done: a process that dies in
   between has tried, and nobody is rung twice for it.
3. Not reached: the place stays, and rests for a while. Tries or window used up: missed, which people are told of.
4. A citizen who dials in meanwhile has the kept place; when they talk, their callback is settled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from config.workdays import CITY_TIME
from ivr import room as rooms
from ivr.board import Participant, Room
from ivr.call import CallEvent, Kind, Role
from ivr.flow import DIGIT_TYPES

GRACE = timedelta(seconds=30)
CHOSEN = ("category", "urgency", "language", "note")  # what a flow may have noted of the citizen's wishes


@dataclass(frozen=True, slots=True)
class Booking:
    """What was promised: to call before `until`, at most `attempts` times. `since` is when the wait began."""

    number: str = field(repr=False)
    since: datetime
    until: datetime
    attempts: int
    priority: int = 0
    recorded: bool = False  # the citizen has heard the notice
    chosen: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All but the number, which is the call's own."""
        return {"since": self.since.isoformat(), "until": self.until.isoformat(), "attempts": self.attempts,
                "priority": self.priority, "recorded": self.recorded, "chosen": list(self.chosen)}  # fmt: skip


def booking_of(number: str, events: Iterable[CallEvent]) -> Booking | None:
    """What the history of a callback says was booked; None when the line is not there."""
    for e in events:
        if e.kind is Kind.CALLBACK_BOOKED and "until" in e.data:
            since, until = (datetime.fromisoformat(e.data[name]) for name in ("since", "until"))
            return Booking(number, since, until, int(e.data["attempts"]), int(e.data["priority"]),
                           bool(e.data["recorded"]), tuple(e.data["chosen"]))  # fmt: skip
    return None


# ---- booking
def book(
    number: str, events: Sequence[CallEvent], *, window_minutes: int, attempts: int, recorded: bool, now: datetime
) -> Booking:
    """The callback that this call is owed: the wait that it gives up counts."""
    joined = [e for e in events if e.kind is Kind.LINE_JOINED]
    since = joined[-1].at if joined else now
    priority = int(joined[-1].data.get("priority", 0)) if joined else 0
    return Booking(number, since, now + timedelta(minutes=window_minutes), attempts, priority, recorded,
                   chosen_in(events))  # fmt: skip


def chosen_in(events: Iterable[CallEvent]) -> tuple[str, ...]:
    facts: dict[str, str] = {}
    for e in events:
        if e.kind is Kind.FACT_SET and e.data.get("name") in CHOSEN:
            facts[e.data["name"]] = str(e.data["value"])
    return tuple(facts.values())


def decide(
    number: str, booked: Collection[str], *, limit: int, prefixes: Sequence[str]
) -> Literal["booked", "already", "refused"]:
    """May this number be called back? `booked` are the numbers that wait for it."""
    if not may_be_called(number, prefixes):
        return "refused"
    if number in booked:
        return "already"
    return "booked" if len(booked) < limit else "refused"


def may_be_called(number: str, prefixes: Sequence[str]) -> bool:
    """A mobile or a landline with its area code, and within what the city allows (nothing named: every such number)."""
    return bool(DIGIT_TYPES["phone"].fullmatch(number)) and (not prefixes or number.startswith(tuple(prefixes)))


# ---- trying
@dataclass(frozen=True, slots=True)
class Tries:
    """How often the citizen has been rung, when the last one failed, and whether they have come to the room."""

    count: int = 0
    failed_at: datetime | None = None
    reached: bool = False


def tries_in(events: Iterable[CallEvent]) -> Tries:
    legs: list[str] = []
    failed_at, reached = None, False
    for e in events:
        if e.kind is Kind.LEG_ASKED and e.data["role"] == Role.CITIZEN:
            legs.append(e.data["leg"])
        elif e.kind is Kind.LEG_FAILED and e.data["leg"] in legs:
            failed_at = e.at
        elif e.kind is Kind.LEG_JOINED and e.data["leg"] in legs:
            reached = True
    return Tries(len(legs), failed_at, reached)


def not_before(tries: Tries, pause_seconds: float, now: datetime) -> datetime:
    """When the next try may be."""
    return now if tries.failed_at is None else max(now, tries.failed_at + timedelta(seconds=pause_seconds))


class Do(StrEnum):
    """What a callback needs now."""

    NOTHING = "nothing"
    WAIT = "wait"  # a place in the line
    RING = "ring"  # the citizen: an operator is there
    STOP = "stop"  # ringing: the operator has gone
    STAY = "stay"  # the citizen has answered and nobody is there: wait in the line, on the telephone
    MISS = "miss"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Sight:
    """A callback at this moment. `rung`: the citizen's telephone, for the room that is open now."""

    room: Room | None = None
    in_line: bool = False
    offered: bool = False
    rung: bool = False
    answered: bool = False
    talks_elsewhere: bool = False


def what_now(booking: Booking, tries: Tries, sight: Sight, now: datetime) -> Do:
    """Looked at again and again; each answer leads to a state in which it is no longer given."""
    if tries.reached:
        return Do.NOTHING  # from here on it is a call like any other
    room = sight.room if sight.room and not sight.room.ended_at else None
    if sight.talks_elsewhere:
        return Do.SETTLE
    if room and sight.rung:
        return _while_it_rings(room, sight)
    if room and rooms.partners(room):
        return Do.RING
    if sight.in_line:  # an operator whose telephone rings at the last moment may still come
        end = booking.until + (GRACE if sight.offered else timedelta(0))
        return Do.MISS if now >= end else Do.NOTHING
    if room and _coming(room):
        return Do.NOTHING
    return Do.MISS if tries.count >= booking.attempts or now >= booking.until else Do.WAIT


def _while_it_rings(room: Room, sight: Sight) -> Do:
    if rooms.partners(room) or sight.in_line:
        return Do.NOTHING
    return Do.STAY if sight.answered else Do.STOP


def _coming(room: Room) -> tuple[Participant, ...]:
    return tuple(p for p in room.participants if p.role is not Role.CITIZEN and p.state in rooms.COMING)


# ---- what people read
def why(booking: Booking, tries: Tries) -> str:
    """For the operator whose telephone rings: the reason, the promise, and what the citizen has chosen."""
    since, until = (f"{moment.astimezone(CITY_TIME):%H:%M}" for moment in (booking.since, booking.until))
    promised = f"预约回拨：{since} 起等候，承诺 {until} 前回电，第 {tries.count + 1} 次呼叫"
    return "；".join([promised, *(f"已选 {word}" for word in booking.chosen)])
