"""Finding everything again: after a start of ours, after Asterisk comes back, after a connection was cut.

The spool says which calls were going on, Asterisk says which channels there are. What is in both is taken up again
(`ivr/take_up.py`), what is only in the spool has ended without us, and a leg without a call is hung up: nobody shall
stay in an empty room. The same is looked at every minute, should an event ever have been lost.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ivr import closing, conduct, joining, take_up
from ivr import room as rooms
from ivr.ami import Ami, Message
from ivr.board import Cause
from ivr.call import Kind
from ivr.call_ids import new_call_id
from ivr.floor import Floor
from ivr.live import LiveCall, call_of, looks_like_a_call

log = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What Asterisk has: channels by unique id (CoreShowChannel events), and who is inside which room."""

    channels: dict[str, Message] = field(default_factory=dict)
    inside: dict[str, set[str]] = field(default_factory=dict)

    def is_inside(self, unique: str, room: str) -> bool:
        return unique in self.inside.get(room, ())


def look(ami: Ami) -> Seen:
    """Ask Asterisk. Raises TimeoutError or ConnectionError."""
    channels = {m["Uniqueid"]: m for m in _list(ami, "CoreShowChannels", "CoreShowChannel") if m.get("Uniqueid")}
    rooms_open = [m.get("Conference", "") for m in _list(ami, "ConfbridgeListRooms", "ConfbridgeListRooms")]
    inside = {
        room: {m.get("Uniqueid", "") for m in _list(ami, "ConfbridgeList", "ConfbridgeList", ("Conference", room))}
        for room in rooms_open
    }
    return Seen(channels, inside)


def _list(ami: Ami, action: str, event: str, *headers: tuple[str, str]) -> list[Message]:
    return [m for m in ami.ask(action, *headers, timeout=ANSWER_SECONDS) if m.get("Event") == event]


def connected(floor: Floor, _message: Message) -> None:
    """The manager interface is there (again). Nothing else can be done before this: the exchange waits for it."""
    try:
        seen = look(floor.legs.ami)
    except (TimeoutError, ConnectionError) as error:
        log.warning("Asterisk did not list its channels (%s); asking again", error)
        floor.look_again_at = floor.clock() + timedelta(seconds=AGAIN_SECONDS)
        return
    for call in list(floor.calls.values()):
        _each(call.id, lambda call=call: _compare(floor, call, seen))  # type: ignore[misc]
    for call_id in floor.spool.open_calls():
        if call_id not in floor.calls:
            _each(call_id, lambda call_id=call_id: take_up.take_up(floor, call_id, seen))  # type: ignore[misc]
    for unique, channel in seen.channels.items():
        _hang_up_orphan(floor, unique)
        if channel.get("Context") in ("fallback", "hotline"):
            meet(floor, channel)
    floor.changed("asterisk", "connected")
    floor.changed("line", "")


def _each(call_id: str, work: Callable[[], None]) -> None:
    """One call that cannot be taken up must not cost the others."""
    try:
        work()
    except Exception:
        log.exception("call %s could not be taken up again", call_id)


def _compare(floor: Floor, call: LiveCall, seen: Seen) -> None:
    """A call we know: what has happened while nobody told us?"""
    for p in call.room.participants if call.room else ():
        if p.leg == call.leg or p.state not in rooms.PRESENT | rooms.COMING:
            continue
        if p.leg not in seen.channels:
            conduct.leg_failed(floor, call, p.leg, Cause.FAILED)
            conduct.leg_left(floor, call, p.leg)
            continue
        floor.legs.appeared(p.leg, seen.channels[p.leg].get("Channel", ""))
        if seen.is_inside(p.leg, call.id):
            if p.state in rooms.COMING:
                joining.leg_joined(floor, call, p.leg)
            elif call.room:
                call.room = rooms.came_back(call.room, p.leg)
    call.in_conference = seen.is_inside(call.channel, call.id)
    if call.channel not in seen.channels:
        closing.citizen_lost(floor, call)


def look_around(floor: Floor) -> None:
    """Compare what we know with what Asterisk has, without waiting for the answer. What was not there when it was
    asked for is not missed."""
    known = {c.id: {p.leg for p in c.room.participants if p.state in rooms.PRESENT} if c.room else set()
             for c in floor.calls.values()}  # fmt: skip

    def ask() -> None:
        try:
            channels = look(floor.legs.ami).channels
        except (TimeoutError, ConnectionError):
            return
        floor.soon(lambda: _miss(floor, known, channels))

    threading.Thread(target=ask, name="look-around", daemon=True).start()


def _miss(floor: Floor, known: dict[str, set[str]], channels: dict[str, Message]) -> None:
    for call_id, legs in known.items():
        call = floor.calls.get(call_id)
        if call is None or call.hung_up:
            continue
        for leg in legs - {call.leg} - channels.keys():
            conduct.leg_left(floor, call, leg)
        awaited = call.we_call and call.leg not in legs  # whose telephone rings, or will be rung
        if call.channel not in channels and not awaited:
            log.warning("call %s: its end was not told; it is closed now", call_id)
            closing.citizen_gone(floor, call)


# ---- what nobody knows
def _hang_up_orphan(floor: Floor, unique: str) -> None:
    """A leg that we once called, in a room whose call is over."""
    owner = call_of(unique.removeprefix("tap-"))
    if looks_like_a_call(owner) and owner not in floor.calls:
        log.warning("hanging up a leg without a call")
        floor.legs.ami.send("Hangup", ("Channel", unique))


def meet(floor: Floor, channel: Message) -> None:
    """A citizen on the static path whom nobody knows: the call gets a history all the same."""
    unique = channel.get("Uniqueid", "")
    if not unique or any(c.channel == unique for c in floor.calls.values()):
        return
    now, caller = floor.clock(), channel.get("CallerIDNum", "")
    call = LiveCall(new_call_id(now), "" if caller == "<unknown>" else caller, unique, now)
    floor.calls[call.id] = call
    floor.legs.channels[call.leg] = channel.get("Channel", "")
    conduct.note(floor, call, Kind.CALL_STARTED, leg=call.leg, caller=call.caller, dialled="12345", channel=unique)
    conduct.note(floor, call, Kind.NOTE_TAKEN, text="the call is on the static path")
