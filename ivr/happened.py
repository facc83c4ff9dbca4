"""What Asterisk tells: one small function for each event of its manager interface that matters to a call.

Runs in the exchange's thread. Events of channels that are no leg of ours are passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ivr import closing, conduct, joining, recover
from ivr import room as rooms
from ivr.ami import Message
from ivr.board import Cause, ParticipantState
from ivr.call import Kind
from ivr.causes import cause_of
from ivr.events import LineEnded
from ivr.live import LiveCall, call_of, looks_like_a_call
from ivr.room import Step

if TYPE_CHECKING:
    from ivr.exchange import Exchange

log = logging.getLogger(__name__)


def hears(x: Exchange, message: Message) -> None:
    """One event or answer of Asterisk. An answer counts only where it refuses a call we wanted to make."""
    kind = message.get("Event", "")
    if not kind and message.get("ActionID", "").startswith("ask:"):
        kind = "OriginateResponse"
    handler = _HANDLERS.get(kind)
    if handler:
        handler(x, message)


def find(x: Exchange, message: Message) -> tuple[LiveCall, str] | None:
    """The call and the leg that an event's channel belongs to."""
    unique = message.get("Uniqueid", "")
    if not unique:
        return None
    call = x.calls.get(call_of(unique))
    if call is not None:
        return call, unique
    call = next((c for c in x.calls.values() if c.channel == unique), None)
    return (call, call.leg) if call else None


def _new_channel(x: Exchange, message: Message) -> None:
    leg = message.get("Uniqueid", "")
    call_id = call_of(leg.removeprefix("tap-"))
    if call_id in x.calls:
        x.legs.appeared(leg, message.get("Channel", ""))
    elif looks_like_a_call(call_id):  # asked for by a call that has ended meanwhile
        x.legs.ami.send("Hangup", ("Channel", message.get("Channel", "")))


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
        joining.citizen_joined(x, call)
    else:
        joining.leg_joined(x, call, leg)


def _left_room(x: Exchange, message: Message) -> None:
    found = find(x, message)
    if found and found[1] == found[0].leg:
        found[0].in_conference = False


def _hung_up(x: Exchange, message: Message) -> None:
    x.legs.vanished(message.get("Uniqueid", ""))
    found = find(x, message)
    if found is None:
        return
    call, leg = found
    if leg == call.leg:
        closing.citizen_gone(x, call)
        return
    who = call.room.participant(leg) if call.room else None
    if who and who.state in rooms.COMING:
        cause = cause_of(_number(message.get("Cause", "")), rang=who.state is ParticipantState.RINGING)
        gone = call.hung_up or leg in x.legs.told_to_go
        conduct.leg_failed(x, call, leg, Cause.CANCELLED if gone else cause)
    elif who:
        conduct.leg_left(x, call, leg)


def _originated(x: Exchange, message: Message) -> None:
    """The answer to a call we made. A failure without a channel has no Hangup event: nobody could be reached."""
    kind, _, leg = message.get("ActionID", "").partition(":")
    call = x.calls.get(call_of(leg))
    refused = message.get("Response") in ("Failure", "Error")
    if kind == "ask" and call is not None and refused and leg not in x.legs.channels:
        conduct.leg_failed(x, call, leg, Cause.CANCELLED if leg in x.legs.told_to_go else Cause.UNREACHABLE)


def _key(x: Exchange, message: Message) -> None:
    """A key pressed in a room. While the citizen waits, it may lead elsewhere in the flow."""
    found = find(x, message)
    if found is None or message.get("Direction") != "Received":
        return
    call, leg = found
    key = message.get("Digit", "")
    if leg == call.leg and call.wait and key in call.wait.keys and x.line.find(call.id):
        conduct.end_wait(x, call, LineEnded("key", key))


def _told_by_dialplan(x: Exchange, message: Message) -> None:
    """The dialplan has gone on by itself: to the static path, or back into the room when a hold has run out."""
    what, found = message.get("UserEvent", ""), find(x, message)
    if what == "Fallback" and found:
        closing.on_static_path(x, found[0])
    elif what == "Fallback":
        recover.meet(x, message)
    elif what == "BackInRoom" and found and found[0].room:
        call, leg = found
        call.room = rooms.came_back(found[0].room, leg)
        x.changed("room", call.id)


def _disconnected(x: Exchange, _message: Message) -> None:
    log.warning("the connection to Asterisk is gone; talks go on, it is tried again")
    x.changed("asterisk", "disconnected")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


_HANDLERS: dict[str, Callable[[Exchange, Message], None]] = {
    "Newchannel": _new_channel,
    "Newstate": _new_state,
    "ConfbridgeJoin": _joined,
    "ConfbridgeLeave": _left_room,
    "Hangup": _hung_up,
    "OriginateResponse": _originated,
    "DTMFEnd": _key,
    "UserEvent": _told_by_dialplan,
    "Connected": recover.connected,
    "Disconnected": _disconnected,
}
