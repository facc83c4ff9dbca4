"""Finding everything again: after a start of ours, after Asterisk comes back, after a connection was cut.

The spool says which calls were going on, Asterisk says which channels there are. What is in both is taken up again,
what is only in the spool has ended without us, and a leg without a call is hung up: nobody shall stay in an empty room.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ivr import conduct
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.actions import JoinLine
from ivr.ami import Ami, Message
from ivr.board import Cause, Participant, ParticipantState, RecordingState, Room
from ivr.call import Call, CallEvent, Kind, Role, fold
from ivr.live import LiveCall, call_of

if TYPE_CHECKING:
    from ivr.exchange import Exchange

log = logging.getLogger(__name__)

Channels = dict[str, Message]  # unique id -> CoreShowChannel event


def connected(x: Exchange, _message: Message) -> None:
    """The manager interface is there (again)."""
    try:
        channels = _channels(x.legs.ami)
    except (TimeoutError, ConnectionError) as error:
        log.warning("Asterisk did not list its channels (%s)", error)
        return
    for call in list(x.calls.values()):
        _compare(x, call, channels)
    for call_id in x.spool.open_calls():
        if call_id not in x.calls:
            _take_up(x, call_id, channels)
    for unique, channel in channels.items():
        _hang_up_orphan(x, unique)
        _meet_stranger(x, unique, channel)
    x.changed("asterisk", "connected")
    x.changed("line", "")


def _channels(ami: Ami) -> Channels:
    listed = ami.ask("CoreShowChannels", timeout=3)
    return {m["Uniqueid"]: m for m in listed if m.get("Event") == "CoreShowChannel"}


def _compare(x: Exchange, call: LiveCall, channels: Channels) -> None:
    """A call we know: whose channel has gone while nobody told us?"""
    for p in call.room.participants if call.room else ():
        if p.leg != call.leg and p.leg not in channels:
            if p.state in rooms.COMING:
                conduct.leg_failed(x, call, p.leg, Cause.FAILED)
            conduct.leg_left(x, call, p.leg)
    if call.channel not in channels:
        conduct.citizen_gone(x, call)


# ---- calls of a process before this one
def _take_up(x: Exchange, call_id: str, channels: Channels) -> None:
    events = x.spool.events(call_id)
    if not events:
        return
    if any(e.kind is Kind.CALL_ENDED for e in events):
        x.spool.finish(call_id)
        return
    known = fold(events)
    live = LiveCall(call_id, known.caller, str(events[0].data.get("channel", "")), known.started_at, events=events)
    live.legs_asked, live.node = len(known.legs), known.at_node
    x.calls[call_id] = live
    if live.channel not in channels:
        live.because, live.hung_up = "interrupted", True  # closed by the next tick
        conduct.note(x, live, Kind.NOTE_TAKEN, text="the call ended while the hotline was not running")
        for unique in [u for u in channels if call_of(u.removeprefix("tap-")) == call_id]:
            x.legs.hang_up(unique)
        return
    for leg in (live.leg, *(leg.id for leg in known.legs)):
        unique = live.channel if leg == live.leg else leg
        if unique in channels:
            x.legs.channels[leg] = channels[unique]["Channel"]
    _restore_room(x, live, known, channels)


def _restore_room(x: Exchange, live: LiveCall, known: Call, channels: Channels) -> None:
    if any(r.leg == live.leg and r.what == "leg" for r in known.recordings):
        live.recording = RecordingState.ON
    inside = _members(x.legs.ami, live.id)
    others = [_participant(x, leg_id, known, inside) for leg_id in channels if call_of(leg_id) == live.id]
    joined = _waiting_since(live.events)
    if live.channel not in inside and not others and joined is None:
        conduct.note(x, live, Kind.NOTE_TAKEN, text="the hotline was restarted; the citizen is on the static path")
        return
    room = rooms.open_room(live.id, live.caller, live.leg, known.started_at)
    citizen = room.participants[0]
    if live.channel not in inside and others:
        citizen = replace(citizen, state=ParticipantState.HELD)
    live.room = Room(live.id, live.caller, known.started_at, (citizen, *others), live.recording)
    live.in_conference = live.channel in inside
    for p in others:
        if p.role is Role.OPERATOR and p.state in rooms.PRESENT:
            x.line = waiting_line.operator_busy(x.line, p.name, live.id, x.clock())
    if joined is not None and live.in_conference:
        _rejoin_line(x, live, joined)
    x.changed("room", live.id)


def _participant(x: Exchange, leg_id: str, known: Call, inside: set[str]) -> Participant:
    leg = known.leg(leg_id)
    role = leg.role if leg else Role.DEPARTMENT
    name = leg.name if leg else ""
    found = x.directory.department(name) if role is Role.DEPARTMENT else None
    state = ParticipantState.TALKING if leg_id in inside else ParticipantState.HELD
    if leg is None or leg.joined_at is None:
        state = ParticipantState.TALKING if leg_id in inside else ParticipantState.RINGING
    return Participant(leg_id, role, name, found[0] if found else name, state,
                       asked_at=leg.asked_at if leg else None, joined_at=leg.joined_at if leg else None)  # fmt: skip


def _members(ami: Ami, room: str) -> set[str]:
    try:
        listed = ami.ask("ConfbridgeList", ("Conference", room), timeout=3)
    except (TimeoutError, ConnectionError):
        return set()
    return {m.get("Uniqueid", "") for m in listed if m.get("Event") == "ConfbridgeList"}


def _waiting_since(events: list[CallEvent]) -> datetime | None:
    """When the citizen joined the line, if they have not left it since."""
    since = None
    for e in events:
        if e.kind in (Kind.LINE_JOINED, Kind.LINE_LEFT):
            since = e.at if e.kind is Kind.LINE_JOINED else None
    return since


def _rejoin_line(x: Exchange, live: LiveCall, since: datetime) -> None:
    """The same place as before: what counts is when the citizen came."""
    kept = x.spool.session(live.id) or {}
    try:
        live.wait = JoinLine(**{**kept["wait"], "keys": tuple(kept["wait"]["keys"]), "skills": ()})
    except (KeyError, TypeError):
        return  # the stint ends soon, and the dialplan takes the static path
    entry = waiting_line.Waiting(live.id, live.caller, since, live.wait.priority, live.wait.max_wait or None)
    joined = waiting_line.join(x.line, entry, x.clock())
    if isinstance(joined, str):
        return
    live.announced_at = x.clock()
    conduct.settle_line(x, *joined)


# ---- what nobody knows
def _hang_up_orphan(x: Exchange, unique: str) -> None:
    """A leg that we once called, in a room whose call is over."""
    owner = call_of(unique.removeprefix("tap-"))
    if _looks_like_ours(owner) and owner not in x.calls:
        log.warning("hanging up a leg without a call")
        x.legs.hang_up(unique)


def _looks_like_ours(call_id: str) -> bool:
    parts = call_id.split("-")
    return len(parts) == 3 and len(parts[0]) == 8 and len(parts[1]) == 6 and (parts[0] + parts[1]).isdigit()


def _meet_stranger(x: Exchange, unique: str, channel: Message) -> None:
    """A citizen who came while we were away and is on the static path: the call gets a history all the same."""
    if channel.get("Context") not in ("fallback", "hotline") or any(c.channel == unique for c in x.calls.values()):
        return
    from ivr.visits import new_call_id

    now = x.clock()
    caller = channel.get("CallerIDNum", "")
    call = LiveCall(new_call_id(now), "" if caller in ("<unknown>", "") else caller, unique, now)
    x.calls[call.id] = call
    x.legs.channels[call.leg] = channel["Channel"]
    conduct.note(x, call, Kind.CALL_STARTED, leg=call.leg, caller=call.caller, dialled="12345", channel=unique)
    conduct.note(x, call, Kind.NOTE_TAKEN, text="came while the hotline was not running; on the static path")
