"""Callbacks, carried out: booked by a script, called when it is their turn. In the exchange's thread.

What a callback needs is decided again and again from how things are (`callbacks.what_now`), four times a second, not
from what has just happened: so it makes no difference whether an event was lost, or the process that heard it.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from ivr import callbacks, closing, conduct
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.actions import BookCallback, JoinLine
from ivr.board import Cause, RecordingState
from ivr.call import CALLBACK, CALLBACK_MISSED, CALLBACK_SETTLED, Kind, Role
from ivr.call_ids import new_call_id
from ivr.callbacks import Booking, Do, Sight
from ivr.events import CallbackEnded
from ivr.floor import Floor
from ivr.live import LiveCall

log = logging.getLogger(__name__)

# Whoever has picked up and finds nobody waits like others do, and may then leave a message.
WAIT = JoinLine("operators", (), 0, 0, False, 180, ())


# ---- booking
def book(floor: Floor, call: LiveCall, wanted: BookCallback, session: dict[str, Any]) -> CallbackEnded:
    """Keep this citizen's place. `booked` is said only when it is written down."""
    rules = floor.rules.calls
    how = callbacks.decide(wanted.number, _numbers(floor), limit=rules.callbacks, prefixes=rules.prefixes)
    if how != "booked" or not floor.rules.trunk:
        return CallbackEnded(how if how != "booked" else "refused")
    booking = callbacks.book(
        wanted.number,
        call.events,
        window_minutes=wanted.window_minutes,
        attempts=wanted.attempts,
        recorded=call.recording is not RecordingState.OFF,
        now=floor.clock(),
    )
    kept = _open(floor, call, booking, session)
    if kept is None:
        return CallbackEnded("refused")
    conduct.note(floor, call, Kind.CALLBACK_BOOKED, callback=kept.id)
    _wait(floor, kept, booking)
    return CallbackEnded("booked")


def _open(floor: Floor, of: LiveCall, booking: Booking, session: dict[str, Any]) -> LiveCall | None:
    """The callback as a call of its own, in the flow where the citizen has left it; None when it cannot be kept."""
    now, begun = floor.clock(), of.events[0].data
    kept = LiveCall(new_call_id(now), booking.number, "", now, booking=booking)
    kept.recording = RecordingState.ON if booking.recorded else RecordingState.OFF
    floor.calls[kept.id] = kept
    conduct.note(floor, kept, Kind.CALL_STARTED, caller=booking.number, dialled="", way=CALLBACK, of=of.id,
                 flow=begun.get("flow", ""), version=begun.get("version", ""))  # fmt: skip
    conduct.note(floor, kept, Kind.CALLBACK_BOOKED, **booking.to_json())
    try:
        floor.spool.keep_session(kept.id, {"session": session, "wait": asdict(WAIT)})
        if callbacks.booking_of(booking.number, floor.spool.events(kept.id)):
            return kept
    except OSError as error:
        log.error("call %s: a callback cannot be written down (%s); it is refused", of.id, error.strerror)
    del floor.calls[kept.id]
    floor.spool.set_aside(kept.id)
    return None


def _numbers(floor: Floor) -> set[str]:
    return {call.caller for call in _open_ones(floor)}


def _open_ones(floor: Floor) -> list[LiveCall]:
    booked = [call for call in floor.calls.values() if call.booking and not call.hung_up]
    return [call for call in booked if not callbacks.tries_in(call.events).reached]


def kept_place(floor: Floor, caller: str) -> Booking | None:
    """Whoever has booked a callback and dials in has the place that was kept."""
    return next((call.booking for call in _open_ones(floor) if call.caller == caller), None)


# ---- what time brings
def tick(floor: Floor) -> None:
    for call in _open_ones(floor):
        if call.booking:
            _CARRY_OUT[_what_now(floor, call, call.booking)](floor, call, call.booking)


def _what_now(floor: Floor, call: LiveCall, booking: Booking) -> Do:
    place = floor.line.find(call.id)
    sight = Sight(
        room=call.room,
        in_line=place is not None,
        offered=bool(place and place.offered),
        rung=call.channel == call.leg,
        answered=call.answered,
        talks_elsewhere=any(_talks(other) for other in floor.calls.values()
                            if other is not call and other.caller == call.caller),
    )  # fmt: skip
    return callbacks.what_now(booking, callbacks.tries_in(call.events), sight, floor.clock())


def _talks(call: LiveCall) -> bool:
    """Is the citizen talking with an operator in this call?"""
    room = call.room
    if room is None or room.ended_at or call.hung_up:
        return False
    with_an_operator = any(p.role is Role.OPERATOR for p in rooms.partners(room))
    return with_an_operator and rooms.citizen(room).state in rooms.PRESENT


def _nothing(_floor: Floor, _call: LiveCall, _booking: Booking) -> None:
    pass


def _wait(floor: Floor, call: LiveCall, booking: Booking) -> None:
    tries = callbacks.tries_in(call.events)
    rest = callbacks.not_before(tries, floor.rules.calls.retry_seconds, floor.clock())
    entry = waiting_line.Waiting(call.id, call.caller, booking.since, booking.priority, callback=True, not_before=rest)
    _join(floor, call, entry)


def _join(floor: Floor, call: LiveCall, entry: waiting_line.Waiting) -> None:
    joined = waiting_line.join(floor.line, entry, floor.clock())
    if isinstance(joined, str):  # full, or nobody is ready: it is looked at again
        return
    call.wait = WAIT
    if not entry.callback:  # waiting without a leg is no wait on the telephone: figures must not count it as one
        conduct.note(floor, call, Kind.LINE_JOINED, priority=entry.priority)
    conduct.settle_line(floor, *joined)


def _ring(floor: Floor, call: LiveCall, _booking: Booking) -> None:
    conduct.call_citizen(floor, call, "called-citizen")


def _stop(floor: Floor, call: LiveCall, _booking: Booking) -> None:
    floor.legs.hang_up(call.leg)
    conduct.leg_failed(floor, call, call.leg, Cause.CANCELLED)


def _stay(floor: Floor, call: LiveCall, booking: Booking) -> None:
    entry = waiting_line.Waiting(call.id, call.caller, floor.clock(), booking.priority, float(WAIT.max_wait),
                                 kept_since=booking.since)  # fmt: skip
    _join(floor, call, entry)


def _miss(floor: Floor, call: LiveCall, _booking: Booking) -> None:
    """Promised and not reached. People are told: it stays listed until somebody has talked with this citizen."""
    _end(floor, call, CALLBACK_MISSED)


def _settle(floor: Floor, call: LiveCall, _booking: Booking) -> None:
    _end(floor, call, CALLBACK_SETTLED)


def _end(floor: Floor, call: LiveCall, because: str) -> None:
    call.because = because
    conduct.leave_line(floor, call, because)
    if call.channel == call.leg:
        floor.legs.hang_up(call.leg)
    closing.citizen_gone(floor, call)


_CARRY_OUT = {
    Do.NOTHING: _nothing, Do.WAIT: _wait, Do.RING: _ring, Do.STOP: _stop, Do.STAY: _stay, Do.MISS: _miss,
    Do.SETTLE: _settle,
}  # fmt: skip
