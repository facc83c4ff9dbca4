"""A call of a process before this one, taken up from its history and from what Asterisk still has of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ivr import callbacks, conduct, joining
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.actions import JoinLine
from ivr.board import Activity, Cause, Participant, ParticipantState, RecordingState
from ivr.call import CALLBACK, OUTGOING, Call, CallEvent, Kind, Role, fold
from ivr.floor import Floor
from ivr.live import LiveCall, call_of

if TYPE_CHECKING:
    from ivr.recover import Seen

_MAY_HAVE_CHANGED = (Kind.LEG_CHANGED, Kind.LEG_ASKED)


def take_up(floor: Floor, call_id: str, seen: Seen) -> None:
    """Go on with the call, or close its history when its citizen is gone."""
    events = floor.spool.events(call_id)
    if not events:
        floor.spool.set_aside(call_id)
        return
    if any(e.kind is Kind.CALL_ENDED for e in events):
        floor.spool.finish(call_id)
        return
    known = fold(events)
    live = LiveCall(call_id, known.caller, str(events[0].data.get("channel", "")), known.started_at, events=events,
                    node=known.at_node)  # fmt: skip
    legs = [leg.id for leg in known.legs] + [u for u in seen.channels if call_of(u) == call_id]
    live.legs_asked = max([1, *(int(n) for leg in legs if (n := leg.rpartition("-")[2]).isdigit())])
    floor.calls[call_id] = live
    awaited = _whom_we_call(live, known)
    if live.channel not in seen.channels and not (awaited and live.booking):
        _ended_without_us(floor, live, seen)
        return
    for leg in {live.leg, *legs}:
        unique = live.channel if leg == live.leg else leg
        if unique in seen.channels:
            floor.legs.channels[leg] = seen.channels[unique].get("Channel", "")
    _restore_room(floor, live, known, seen, awaited=awaited)


def _whom_we_call(live: LiveCall, known: Call) -> bool:
    """For a call that the hotline makes: whose telephone was rung last, and are they still awaited?"""
    tries = [leg for leg in known.legs if leg.role is Role.CITIZEN]
    live.outgoing = known.way == OUTGOING
    live.booking = callbacks.booking_of(known.caller, live.events) if known.way == CALLBACK else None
    if not live.we_call:
        return False
    live.channel = tries[-1].id if tries else ""
    if live.booking:
        live.called_leg = live.new_leg() if not tries or tries[-1].left_at else live.channel
    if live.booking:
        live.recording = RecordingState.ON if live.booking.recorded else RecordingState.OFF
    return not (tries and tries[-1].joined_at)


def _ended_without_us(floor: Floor, live: LiveCall, seen: Seen) -> None:
    """Closed by the next tick."""
    live.because, live.hung_up = "interrupted", True
    conduct.note(floor, live, Kind.NOTE_TAKEN, text="the call ended while the hotline was not running")
    for unique in [u for u in seen.channels if call_of(u.removeprefix("tap-")) == live.id]:
        floor.legs.hang_up(unique)


def _restore_room(floor: Floor, live: LiveCall, known: Call, seen: Seen, *, awaited: bool) -> None:
    if any(r.leg == live.leg and r.what == "leg" for r in known.recordings):
        live.recording = _recording(live.events)
    legs = [leg for leg in seen.channels if call_of(leg) == live.id and leg != live.leg]
    others = [_participant(floor, leg, live, known, seen) for leg in legs]
    since, kept = _waiting_since(live.events), floor.spool.session(live.id) or {}
    live.in_conference = seen.is_inside(live.channel, live.id)
    live.wait = _wait(kept)
    if awaited and not others and live.channel not in seen.channels:
        _not_reached(floor, live, known)
        return
    if not awaited and not live.in_conference and not others and since is None:
        conduct.note(floor, live, Kind.NOTE_TAKEN, text="the hotline was restarted; the citizen is on the static path")
        return
    why = callbacks.why(live.booking, callbacks.tries_in(live.events)) if live.booking else ""
    room = rooms.open_room(live.id, live.caller, live.leg, known.started_at, why=why, called=awaited)
    (citizen,) = room.participants
    if not awaited and not live.in_conference and others:
        citizen = replace(citizen, state=ParticipantState.HELD)
    live.room = replace(room, participants=(citizen, *others), recording=live.recording)
    for p in others:
        if p.role is Role.OPERATOR:
            doing = Activity.RINGING if p.state in rooms.COMING else Activity.TALKING
            floor.line = waiting_line.operator_busy(floor.line, p.name, live.id, floor.clock(), doing)
    if since is not None and live.wait and live.in_conference:
        _rejoin_line(floor, live, since, others)
    if awaited:
        _go_on_waiting(floor, live, known, seen)
    floor.changed("room", live.id)


def _go_on_waiting(floor: Floor, live: LiveCall, known: Call, seen: Seen) -> None:
    """The citizen's telephone rings, or they have come meanwhile, or it has stopped while nobody looked."""
    live.answered = seen.channels.get(live.channel, {}).get("ChannelStateDesc") == "Up"
    if live.in_conference:
        joining.citizen_joined(floor, live)
    elif live.channel == live.leg and live.channel not in seen.channels:
        _not_reached(floor, live, known)


def _not_reached(floor: Floor, live: LiveCall, known: Call) -> None:
    """The try is over, and counts; its end is written down, so that the next one comes after a pause."""
    last = known.leg(live.channel)
    if live.room:
        conduct.leg_failed(floor, live, live.leg, Cause.FAILED)
    elif last and not last.left_at:
        conduct.note(floor, live, Kind.LEG_FAILED, leg=last.id, cause=Cause.FAILED.value)


def _participant(floor: Floor, leg_id: str, live: LiveCall, known: Call, seen: Seen) -> Participant:
    leg = known.leg(leg_id)
    role, name = (leg.role, leg.name) if leg else (Role.DEPARTMENT, "")
    found = floor.directory.department(name) if role is Role.DEPARTMENT else None
    state = ParticipantState.HELD if leg and leg.joined_at else ParticipantState.RINGING
    if seen.is_inside(leg_id, live.id):
        state = ParticipantState.TALKING
    muted = False
    for e in live.events:
        if e.kind in _MAY_HAVE_CHANGED and e.data.get("leg") == leg_id:
            muted = bool(e.data.get("muted"))
    return Participant(leg_id, role, name, found[0] if found else name, state, muted,
                       asked_at=leg.asked_at if leg else None,
                       joined_at=(leg.joined_at if leg else None) or known.started_at)  # fmt: skip


def _recording(events: list[CallEvent]) -> RecordingState:
    paused = RecordingState.ON
    for e in events:
        if e.kind in (Kind.RECORDING_PAUSED, Kind.RECORDING_RESUMED):
            paused = RecordingState.PAUSED if e.kind is Kind.RECORDING_PAUSED else RecordingState.ON
    return paused


def _waiting_since(events: list[CallEvent]) -> datetime | None:
    """When the citizen joined the line, if they have not left it since."""
    since = None
    for e in events:
        if e.kind in (Kind.LINE_JOINED, Kind.LINE_LEFT):
            since = e.at if e.kind is Kind.LINE_JOINED else None
    return since


def _wait(kept: dict[str, Any]) -> JoinLine | None:
    """What the flow awaits from this room: None when it was not the waiting line."""
    try:
        return JoinLine(**{**kept["wait"], "keys": tuple(kept["wait"]["keys"]), "skills": ()})
    except (KeyError, TypeError):
        return None  # the stint ends soon, and the dialplan takes the static path


def _rejoin_line(floor: Floor, live: LiveCall, since: datetime, others: list[Participant]) -> None:
    """The same place as before: what counts is when the citizen came, and whose telephone rings for them."""
    ringing = next((p.name for p in others if p.role is Role.OPERATOR and p.state in rooms.COMING), None)
    entry = waiting_line.Waiting(live.id, live.caller, since, live.wait.priority, live.wait.max_wait or None, ringing)
    joined = waiting_line.join(floor.line, entry, floor.clock())
    live.announced_at = floor.clock()
    if not isinstance(joined, str):
        conduct.settle_line(floor, *joined)
