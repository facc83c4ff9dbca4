"""What Asterisk tells: one small function for each event of its manager interface that matters to a call.

Runs in the exchange's thread. Events of channels that are no leg of ours are passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from ivr import closing, conduct, joining, recover
from ivr import room as rooms
from ivr.ami import Message
from ivr.board import Cause, ParticipantState
from ivr.call import Kind
from ivr.causes import cause_of
from ivr.events import LineEnded
from ivr.floor import Floor
from ivr.live import LiveCall, call_of, looks_like_a_call
from ivr.room import Step

log = logging.getLogger(__name__)


RINGING, UP = "5", "6"  # states of a channel: the far end rings, has answered
OVERTAKEN_SECONDS = 0.4  # for events of a channel that OriginateResponse has overtaken


def hears(floor: Floor, message: Message) -> None:
    """One event or answer of Asterisk. An answer counts only where it refuses a call we wanted to make."""
    kind = message.get("Event", "")
    if not kind and message.get("ActionID", "").startswith("ask:"):
        kind = "OriginateResponse"
    handler = _HANDLERS.get(kind)
    if handler:
        handler(floor, message)


def find(floor: Floor, message: Message) -> tuple[LiveCall, str] | None:
    """The call and the leg that an event's channel belongs to."""
    unique = message.get("Uniqueid", "")
    if not unique:
        return None
    call = floor.calls.get(call_of(unique))
    if call is not None:
        return call, unique
    call = next((c for c in floor.calls.values() if c.channel == unique), None)
    return (call, call.leg) if call else None


def _new_channel(floor: Floor, message: Message) -> None:
    leg = message.get("Uniqueid", "")
    call_id = call_of(leg.removeprefix("tap-"))
    if call_id in floor.calls:
        floor.legs.appeared(leg, message.get("Channel", ""))
    elif looks_like_a_call(call_id):  # asked for by a call that has ended meanwhile
        floor.legs.ami.send("Hangup", ("Channel", message.get("Channel", "")))


def _new_state(floor: Floor, message: Message) -> None:
    found = find(floor, message)
    if found is None or message.get("ChannelState") not in (RINGING, UP):
        return
    call, leg = found
    if message["ChannelState"] == UP:
        call.answered = call.answered or (call.we_call and leg == call.leg)
        floor.legs.picked_up.add(message.get("Uniqueid", ""))
        return
    who = call.room.participant(leg) if call.room else None
    if who and who.state is ParticipantState.ASKED:
        conduct.step(floor, call, leg, Step.RANG)
        conduct.note(floor, call, Kind.LEG_RINGING, leg=leg)


def _joined(floor: Floor, message: Message) -> None:
    found = find(floor, message)
    if found is None:
        return
    call, leg = found
    if leg == call.leg:
        joining.citizen_joined(floor, call)
    else:
        joining.leg_joined(floor, call, leg)


def _left_room(floor: Floor, message: Message) -> None:
    found = find(floor, message)
    if found and found[1] == found[0].leg:
        found[0].in_conference = False


def _hung_up(floor: Floor, message: Message) -> None:
    picked_up = message.get("Uniqueid", "") in floor.legs.picked_up  # and has heard what it was about
    floor.legs.vanished(message.get("Uniqueid", ""))
    found = find(floor, message)
    if found is None:
        return
    call, leg = found
    who = call.room.participant(leg) if call.room else None
    rang = who is not None and who.state is ParticipantState.RINGING
    gone = call.hung_up or leg in floor.legs.told_to_go
    cause = Cause.CANCELLED if gone else cause_of(_number(message.get("Cause", "")), rang=rang)
    if leg == call.leg:
        closing.citizen_lost(floor, call, cause)
    elif who and who.state in rooms.COMING:
        conduct.leg_failed(floor, call, leg, Cause.REFUSED if picked_up and not gone else cause)
    elif who:
        conduct.leg_left(floor, call, leg)


def _originated(floor: Floor, message: Message) -> None:
    """The answer to a call we made. A failure without a channel has no Hangup event: nobody could be reached.

    But it may overtake the events of a channel that was busy at once, and with them the true cause: they get a moment.
    """
    kind, _, leg = message.get("ActionID", "").partition(":")
    call = floor.calls.get(call_of(leg))
    refused = message.get("Response") in ("Failure", "Error")
    if kind != "ask" or call is None or not refused or leg in floor.legs.channels:
        return
    if message["Response"] == "Error" or leg in floor.legs.told_to_go:
        conduct.leg_failed(floor, call, leg, Cause.CANCELLED if leg in floor.legs.told_to_go else Cause.UNREACHABLE)
    else:
        call.rings_until[leg] = floor.clock() + timedelta(seconds=OVERTAKEN_SECONDS)


def _key(floor: Floor, message: Message) -> None:
    """A key pressed in a room. While the citizen waits, it may lead elsewhere in the flow."""
    found = find(floor, message)
    if found is None or message.get("Direction") != "Received":
        return
    call, leg = found
    key = message.get("Digit", "")
    if leg == call.leg and call.wait and key in call.wait.keys and floor.line.find(call.id):
        conduct.end_wait(floor, call, LineEnded("key", key))


def _told_by_dialplan(floor: Floor, message: Message) -> None:
    """The dialplan has gone on by itself: to the static path, or back into the room when a hold has run out."""
    what, found = message.get("UserEvent", ""), find(floor, message)
    if what == "Fallback" and found:
        closing.on_static_path(floor, found[0])
    elif what == "Fallback":
        recover.meet(floor, message)
    elif what == "BackInRoom" and found and found[0].room:
        call, leg = found
        call.room = rooms.came_back(found[0].room, leg)
        floor.changed("room", call.id)


def _disconnected(floor: Floor, _message: Message) -> None:
    log.warning("the connection to Asterisk is gone; talks go on, it is tried again")
    floor.changed("asterisk", "disconnected")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


_HANDLERS: dict[str, Callable[[Floor, Message], None]] = {
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
