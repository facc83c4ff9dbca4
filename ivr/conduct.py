"""What becomes of rooms and the waiting line: the decisions of the pure cores, carried out and written down.

Every function runs in the exchange's thread and takes the exchange as its first argument.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from ivr import line as waiting_line
from ivr import room as rooms
from ivr.board import Activity, Cause, Participant, RecordingState, Room, Status
from ivr.call import CallEvent, Kind, Role
from ivr.events import DialEnded, LineEnded
from ivr.legs import Dial, operator_endpoint
from ivr.live import LiveCall, recording_path
from ivr.room import Do, Order, Step

if TYPE_CHECKING:
    from ivr.exchange import Exchange

log = logging.getLogger(__name__)

STAFF = frozenset({Role.OPERATOR, Role.SUPERVISOR})


# ---- history
def note(x: Exchange, call: LiveCall, kind: Kind, **data: Any) -> None:
    """Write an event of a call down. A full disk is told to the log, and the call goes on."""
    if call.closed:  # a script that was slow to notice the end
        return
    event = CallEvent(call.id, call.next_seq, x.clock(), kind, data)
    call.events.append(event)
    x.changed("call", call.id)
    try:
        x.spool.append(event)
    except OSError as error:
        log.error("call %s: cannot write to the spool (%s); free some disk space", call.id, error.strerror)


# ---- the waiting line
def settle_line(x: Exchange, line: waiting_line.Line, actions: tuple[waiting_line.Action, ...]) -> None:
    """Make a new line true, and do what it wants."""
    before, x.line = x.line, line
    for action in actions:
        if isinstance(action, waiting_line.Offer):
            _ring_operator(x, action.call_id, action.operator)
        elif isinstance(action, waiting_line.Withdraw):
            _stop_ringing(x, action.call_id, action.operator)
        elif call := x.calls.get(action.call_id):
            end_wait(x, call, LineEnded("timeout" if action.how == "timeout" else "no_operators"))
    _tell_line(x, before)


def _tell_line(x: Exchange, before: waiting_line.Line) -> None:
    if before.waiting != x.line.waiting:
        x.changed("line", "")
    for o in x.line.operators:
        was = before.operator(o.name)
        if was != o:
            x.changed("operator", o.name)
        said = (was.status, was.reason) if was else (Status.AWAY, "")
        if (o.status, o.reason) != said:
            x.keep_status(o.name, o.status, o.reason)


def _ring_operator(x: Exchange, call_id: str, name: str) -> None:
    call, entry = x.calls.get(call_id), x.line.find(call_id)
    if call is None or call.room is None or call.room.ended_at:
        settle_line(x, *waiting_line.leave(x.line, call_id, x.clock()))  # a place without a citizen
    elif entry and entry.offered == name:
        ask_in(x, call, dial(x, call, Role.OPERATOR, operator_endpoint(name), call.caller), name, name)
    else:  # the line has changed its mind meanwhile
        free(x, name)


def _stop_ringing(x: Exchange, call_id: str, name: str) -> None:
    call = x.calls.get(call_id)
    ringing = [p.leg for p in (call.room.participants if call and call.room else ())
               if p.name == name and p.role in STAFF and p.state in rooms.COMING]  # fmt: skip
    for leg in ringing:
        x.legs.hang_up(leg)
    if not ringing:
        free(x, name)


def taken(x: Exchange, name: str) -> bool:
    """Does this operator's telephone ring or talk in some room?"""
    return any(
        p.name == name and p.role in STAFF and p.state in rooms.PRESENT | rooms.COMING
        for call in x.calls.values() if call.room
        for p in call.room.participants
    )  # fmt: skip


def free(x: Exchange, name: str) -> None:
    """A leg of this operator is over. Nothing changes while another one is there."""
    if not taken(x, name):
        settle_line(x, *waiting_line.operator_free(x.line, name, x.clock(), wrap_up=name in x.wrap_up))


def end_wait(x: Exchange, call: LiveCall, outcome: LineEnded) -> None:
    """The wait is over without a talk: the citizen goes on in the flow."""
    leave_line(x, call, outcome.how)
    release(x, call, outcome)


def leave_line(x: Exchange, call: LiveCall, reason: str) -> None:
    """The place is given up. Written down once, also for a wait that the line itself has ended."""
    waits = None
    for event in call.events:
        if event.kind in (Kind.LINE_JOINED, Kind.LINE_LEFT):
            waits = event.kind is Kind.LINE_JOINED
    if waits:
        note(x, call, Kind.LINE_LEFT, reason=reason)
    if x.line.find(call.id):
        settle_line(x, *waiting_line.leave(x.line, call.id, x.clock()))


# ---- calling somebody in
def dial(x: Exchange, call: LiveCall, role: Role, endpoint: str, caller_id: str, seconds: int | None = None) -> Dial:
    """A new leg of this call, not asked yet."""
    leg = call.new_leg()
    usual = x.rules.department_ring_seconds if role is Role.DEPARTMENT else x.rules.operator_ring_seconds
    recorded = call.recording is not RecordingState.OFF and role is not Role.SUPERVISOR
    path = str(x.rules.recordings_dir / recording_path(call, leg)) if recorded else ""
    return Dial(leg, call.id, role, endpoint, caller_id, seconds or usual, path)


def ask_in(x: Exchange, call: LiveCall, leg: Dial, name: str, title: str, *, by: str = "") -> Participant:
    """Ring somebody into the room. What becomes of it, a failure at once included, is heard later."""
    if call.room is None:
        raise ValueError("nobody can be asked into a room that is not there")
    call.room = rooms.ask(call.room, leg.leg, leg.role, name, title, x.clock(), muted=leg.muted)
    more: dict[str, Any] = {"muted": True} if leg.muted else {}
    more |= {"by": by} if by else {}
    note(x, call, Kind.LEG_ASKED, leg=leg.leg, role=leg.role.value, name=name, **more)
    x.changed("room", call.id)
    call.rings_until[leg.leg] = x.clock() + timedelta(seconds=leg.ring_seconds + RINGS_AT_MOST_SECONDS)
    if not x.legs.call(leg):
        x.soon(lambda: leg_failed(x, call, leg.leg, Cause.FAILED))
    return call.room.participants[-1]


RINGS_AT_MOST_SECONDS = 5  # beyond the time it may ring; then it is given up, whatever Asterisk says


# ---- rooms
def step(
    x: Exchange, call: LiveCall, leg: str, what: Step, *, cause: Cause | None = None, to: str | None = None
) -> None:
    """One step of one participant, with everything that follows. Raises rooms.NotPossible."""
    if call.room is not None:
        apply(x, call, rooms.step(call.room, leg, what, x.clock(), cause=cause, to=to))


def apply(x: Exchange, call: LiveCall, result: rooms.Result) -> None:
    """Make a room's new state true, and carry out what follows."""
    call.room, orders = result
    x.changed("room", call.id)
    carry_out(x, call, orders)


def carry_out(x: Exchange, call: LiveCall, orders: tuple[Order, ...]) -> None:
    for order in orders:
        if order.do is Do.RELEASE:
            release(x, call, LineEnded("talked") if call.wait else DialEnded("joined"))
        elif call.room is not None:
            x.legs.carry_out(order, call.room)


def release(x: Exchange, call: LiveCall, outcome: LineEnded | DialEnded) -> None:
    """The citizen's time in this room is over; the script of the call hears `outcome` when they are back."""
    call.outcome = call.outcome or outcome
    leave_line(x, call, "answered")
    if call.room is not None and call.room.ended_at is None:
        apply(x, call, rooms.close(call.room, x.clock()))
    x.legs.untap(call.leg)
    send_on(x, call)


def send_on(x: Exchange, call: LiveCall) -> None:
    """To the script `resume`. A script that runs will ask by itself."""
    channel = x.legs.channels.get(call.leg)
    if channel and not call.scripts and not call.hung_up:
        x.legs.release(channel)


def leg_failed(x: Exchange, call: LiveCall, leg: str, cause: Cause) -> None:
    """Somebody did not come. The others go on; for an offer of the line, the next operator is called."""
    who = call.room.participant(leg) if call.room else None
    if who is None or who.state not in rooms.COMING:
        return
    step(x, call, leg, Step.FAILED, cause=cause)
    note(x, call, Kind.LEG_FAILED, leg=leg, cause=cause.value)
    entry = x.line.find(call.id)
    if who.role in STAFF and entry and entry.offered == who.name:
        settle_line(x, *waiting_line.not_answered(x.line, call.id, who.name, cause, x.clock()))
    elif who.role in STAFF:
        free(x, who.name)
    elif call.room and not call.room.ended_at and not rooms.partners(call.room) and not call.wait:
        release(x, call, DialEnded(_DIAL_ENDED.get(cause, "failed")))


_DIAL_ENDED: dict[Cause, Literal["busy", "no_answer", "refused"]] = {
    Cause.BUSY: "busy", Cause.NO_ANSWER: "no_answer", Cause.REFUSED: "refused",
}  # fmt: skip


def leg_left(x: Exchange, call: LiveCall, leg: str) -> None:
    """Somebody who was in the room has gone; an operator's after-call work begins."""
    who = call.room.participant(leg) if call.room else None
    if who is None or who.state not in rooms.PRESENT:
        return
    step(x, call, leg, Step.LEFT)
    note(x, call, Kind.LEG_LEFT, leg=leg)
    if who.role is Role.OPERATOR and x.rules.wrap_up_seconds > 0:
        x.wrap_up[who.name] = x.clock() + timedelta(seconds=x.rules.wrap_up_seconds)
    if who.role in STAFF:
        free(x, who.name)


def open_room(x: Exchange, call: LiveCall) -> Room:
    """A room for this citizen, with the citizen in it. Recording follows what the flow has switched on."""
    now = x.clock()
    room = rooms.reopen(call.room, now) if call.room else rooms.open_room(call.id, call.caller, call.leg, now)
    call.room = replace(room, recording=call.recording)
    call.outcome = None
    x.changed("room", call.id)
    return call.room


def ring(x: Exchange, name: str, call: LiveCall) -> None:
    """A colleague's telephone rings for this room: the line must not ring it for another."""
    settle_line(x, waiting_line.operator_busy(x.line, name, call.id, x.clock(), Activity.RINGING), ())
