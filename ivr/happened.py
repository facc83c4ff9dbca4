"""What Asterisk tells: one small function for each event of its manager interface that matters to a call.

Runs in the exchange's thread. Events of channels that are no leg of ours are passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ivr import conduct, recover
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.ami import Message
from ivr.board import Cause, ParticipantState, RecordingState
from ivr.call import Kind, Role
from ivr.causes import cause_of
from ivr.events import LineEnded
from ivr.live import LiveCall, call_of, recording_path
from ivr.room import Step

if TYPE_CHECKING:
    from ivr.exchange import Exchange

log = logging.getLogger(__name__)


def hears(x: Exchange, message: Message) -> None:
    """One event or answer of Asterisk."""
    handler = _HANDLERS.get(message.get("Event", ""))
    if handler:
        handler(x, message)


def find(x: Exchange, message: Message) -> tuple[LiveCall, str] | None:
    """The call and the leg that an event's channel belongs to."""
    unique = message.get("Uniqueid", "")
    call = x.calls.get(call_of(unique))
    if call is not None:
        return call, unique
    call = next((c for c in x.calls.values() if c.channel == unique), None)
    return (call, call.leg) if call else None


def _new_channel(x: Exchange, message: Message) -> None:
    leg = message.get("Uniqueid", "")
    if call_of(leg.removeprefix("tap-")) in x.calls:
        x.legs.channels[leg] = message.get("Channel", "")


def _new_state(x: Exchange, message: Message) -> None:
    found = find(x, message)
    if found is None or message.get("ChannelState") != "5":  # 5: the far end is ringing
        return
    call, leg = found
    who = call.room.participant(leg) if call.room else None
    if who and who.state is ParticipantState.ASKED:
        conduct.step(x, call, leg, Step.RANG)
        conduct.note(x, call, Kind.LEG_RINGING, leg=leg)


def _joined(x: Exchange, message: Message) -> None:
    found = find(x, message)
    if found is None:
        return
    call, leg = found
    if leg == call.leg:
        call.in_conference = True
        who = call.room.participant(leg) if call.room else None
    else:
        who = call.room.participant(leg) if call.room else None
        if who and who.state in rooms.COMING:
            _first_joined(x, call, leg)
    if who and who.muted and who.state is ParticipantState.TALKING:  # back from hold or a whisper
        x.legs.mute(x.legs.channels.get(leg, ""), call.id, True)


def _first_joined(x: Exchange, call: LiveCall, leg: str) -> None:
    if call.hung_up or call.room is None or call.room.ended_at:  # too late: nobody is there any more
        x.legs.hang_up(leg)
        return
    conduct.step(x, call, leg, Step.JOINED)
    who = call.room.participant(leg)
    assert who is not None  # noqa: S101  step keeps the row
    conduct.note(x, call, Kind.LEG_JOINED, leg=leg, role=who.role.value, name=who.name)
    x.legs.set(call.leg, "TALKED", "1")
    _record_and_tap(x, call, leg, who.role)
    if who.role is Role.OPERATOR:
        _operator_joined(x, call, who.name)
    if not call.in_conference and call.scripts:  # the citizen is just hearing an announcement: enough of it
        channel = x.legs.channels.get(call.leg)
        if channel:
            x.legs.to_room(channel, Role.CITIZEN, call.id)


def _record_and_tap(x: Exchange, call: LiveCall, leg: str, role: Role) -> None:
    if call.recording is RecordingState.OFF or role is Role.SUPERVISOR:
        return
    conduct.note(x, call, Kind.RECORDING_STARTED, leg=leg, path=recording_path(call, leg), what="leg")
    if call.recording is RecordingState.PAUSED:
        x.legs.pause_recording(leg, True)
        return
    if len(rooms.partners(call.room)) == 1 if call.room else False:
        x.legs.tap(call.leg)
    x.legs.tap(leg)


def _operator_joined(x: Exchange, call: LiveCall, name: str) -> None:
    now = x.clock()
    if x.line.find(call.id):
        conduct.note(x, call, Kind.LINE_LEFT, reason="answered")
        conduct.settle_line(x, *waiting_line.answered(x.line, call.id, name, now))
    else:
        conduct.settle_line(x, waiting_line.operator_busy(x.line, name, call.id, now), ())


def _left_room(x: Exchange, message: Message) -> None:
    found = find(x, message)
    if found and found[1] == found[0].leg:
        found[0].in_conference = False


def _hung_up(x: Exchange, message: Message) -> None:
    found = find(x, message)
    if found is None:
        return
    call, leg = found
    if leg == call.leg:
        conduct.citizen_gone(x, call)
        return
    x.legs.channels.pop(leg, None)
    who = call.room.participant(leg) if call.room else None
    if who and who.state in rooms.COMING:
        cause = cause_of(_number(message.get("Cause", "")), rang=who.state is ParticipantState.RINGING)
        conduct.leg_failed(x, call, leg, Cause.CANCELLED if call.hung_up else cause)
    elif who:
        conduct.leg_left(x, call, leg)


def _originated(x: Exchange, message: Message) -> None:
    """The answer to a call we made. A failure without a channel has no Hangup event: nobody could be reached."""
    kind, _, leg = message.get("ActionID", "").partition(":")
    call = x.calls.get(call_of(leg))
    refused = message.get("Response") in ("Failure", "Error")
    if kind == "ask" and call is not None and refused and leg not in x.legs.channels:
        conduct.leg_failed(x, call, leg, Cause.UNREACHABLE)


def _key(x: Exchange, message: Message) -> None:
    """A key pressed in a room. While the citizen waits, it may lead elsewhere in the flow."""
    found = find(x, message)
    if found is None or message.get("Direction") != "Received":
        return
    call, leg = found
    key = message.get("Digit", "")
    if leg == call.leg and call.wait and key in call.wait.keys and x.line.find(call.id):
        conduct.settle_line(x, *waiting_line.leave(x.line, call.id, x.clock()))
        conduct.end_wait(x, call, LineEnded("key", key))


def _disconnected(x: Exchange, _message: Message) -> None:
    log.warning("the connection to Asterisk is gone; talks go on, it is tried again")
    x.changed("asterisk", "disconnected")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


_HANDLERS: dict[str, Callable[[Exchange, Message], None]] = {
    "Newchannel": _new_channel,
    "Newstate": _new_state,
    "ConfbridgeJoin": _joined,
    "ConfbridgeLeave": _left_room,
    "Hangup": _hung_up,
    "OriginateResponse": _originated,
    "DTMFEnd": _key,
    "Connected": recover.connected,
    "Disconnected": _disconnected,
}
