"""What becomes of rooms and the waiting line: the decisions of the pure cores, carried out and written down.

Every function runs in the exchange's thread and takes its floor as the first argument.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from ivr import line as waiting_line
from ivr import opening
from ivr import room as rooms
from ivr.board import Activity, Cause, Participant, RecordingState, Status
from ivr.call import CallEvent, Kind, Role
from ivr.events import DialEnded, LineEnded
from ivr.floor import Floor
from ivr.legs import HOTLINE, Dial, operator_endpoint, trunk_endpoint
from ivr.live import LiveCall, recording_path
from ivr.room import Do, Order, Step

log = logging.getLogger(__name__)

CALLBACK_SHOWN = "预约回拨"  # on the operator's telephone, beside the citizen's number
STAFF = frozenset({Role.OPERATOR, Role.SUPERVISOR})


# ---- history
def note(floor: Floor, call: LiveCall, kind: Kind, **data: Any) -> None:
    """Write an event of a call down. A full disk is told to the log, and the call goes on."""
    if call.closed:  # a script that was slow to notice the end
        return
    event = CallEvent(call.id, call.next_seq, floor.clock(), kind, data)
    call.events.append(event)
    floor.changed("call", call.id)
    try:
        floor.spool.append(event)
    except OSError as error:
        log.error("call %s: cannot write to the spool (%s); free some disk space", call.id, error.strerror)


# ---- the waiting line
def settle_line(floor: Floor, line: waiting_line.Line, actions: tuple[waiting_line.Action, ...]) -> None:
    """Make a new line true, and do what it wants."""
    before, floor.line = floor.line, line
    for action in actions:
        if isinstance(action, waiting_line.Offer):
            _ring_operator(floor, action.call_id, action.operator)
        elif isinstance(action, waiting_line.Withdraw):
            _stop_ringing(floor, action.call_id, action.operator)
        elif call := floor.calls.get(action.call_id):
            end_wait(floor, call, LineEnded("timeout" if action.how == "timeout" else "no_operators"))
    _tell_line(floor, before)


def _tell_line(floor: Floor, before: waiting_line.Line) -> None:
    if before.waiting != floor.line.waiting:
        floor.changed("line", "")
    for o in floor.line.operators:
        was = before.operator(o.name)
        if was != o:
            floor.changed("operator", o.name)
        said = (was.status, was.reason) if was else (Status.AWAY, "")
        if (o.status, o.reason) != said:
            floor.keep_status(o.name, o.status, o.reason)


def _ring_operator(floor: Floor, call_id: str, name: str) -> None:
    call, entry = floor.calls.get(call_id), floor.line.find(call_id)
    if call and entry and entry.callback and (call.room is None or call.room.ended_at):
        opening.room_for_called(floor, call)
    if call is None or call.room is None or call.room.ended_at:
        settle_line(floor, *waiting_line.leave(floor.line, call_id, floor.clock()))  # a place without a citizen
    elif entry and entry.offered == name:
        shown = f'"{CALLBACK_SHOWN}" <{call.caller}>' if entry.callback else call.caller
        leg = dial(floor, call, Role.OPERATOR, operator_endpoint(name), shown)
        ask_in(floor, call, replace(leg, brief=entry.callback), name, name)
    else:  # the line has changed its mind meanwhile
        free(floor, name)


def _stop_ringing(floor: Floor, call_id: str, name: str) -> None:
    call = floor.calls.get(call_id)
    ringing = [p.leg for p in (call.room.participants if call and call.room else ())
               if p.name == name and p.role in STAFF and p.state in rooms.COMING]  # fmt: skip
    for leg in ringing:
        floor.legs.hang_up(leg)
    if not ringing:
        free(floor, name)


def taken(floor: Floor, name: str) -> bool:
    """Does this operator's telephone ring or talk in some room?"""
    return any(
        p.name == name and p.role in STAFF and p.state in rooms.PRESENT | rooms.COMING
        for call in floor.calls.values() if call.room
        for p in call.room.participants
    )  # fmt: skip


def free(floor: Floor, name: str) -> None:
    """A leg of this operator is over. Nothing changes while another one is there."""
    if not taken(floor, name):
        settle_line(floor, *waiting_line.operator_free(floor.line, name, floor.clock(), wrap_up=name in floor.wrap_up))


def end_wait(floor: Floor, call: LiveCall, outcome: LineEnded) -> None:
    """The wait is over without a talk: the citizen goes on in the flow."""
    leave_line(floor, call, outcome.how)
    release(floor, call, outcome)


def waits(call: LiveCall) -> bool:
    """Does the history say that this call has a place in the line?"""
    moves = [e.kind for e in call.events if e.kind in (Kind.LINE_JOINED, Kind.LINE_LEFT)]
    return bool(moves) and moves[-1] is Kind.LINE_JOINED


def leave_line(floor: Floor, call: LiveCall, reason: str) -> None:
    """The place is given up. Written down once, also for a wait that the line itself has ended."""
    if waits(call):
        note(floor, call, Kind.LINE_LEFT, reason=reason)
    if floor.line.find(call.id):
        settle_line(floor, *waiting_line.leave(floor.line, call.id, floor.clock()))


# ---- calling somebody in
def dial(
    floor: Floor,
    call: LiveCall,
    role: Role,
    endpoint: str,
    caller_id: str,
    seconds: int | None = None,
    leg: str = "",
) -> Dial:
    """A new leg of this call, not asked yet."""
    leg = leg or call.new_leg()
    usual = floor.rules.department_ring_seconds if role is Role.DEPARTMENT else floor.rules.operator_ring_seconds
    recorded = call.recording is not RecordingState.OFF and role is not Role.SUPERVISOR
    path = str(floor.rules.recordings_dir / recording_path(call, leg)) if recorded else ""
    return Dial(leg, call.id, role, endpoint, caller_id, seconds or usual, path)


def ask_in(floor: Floor, call: LiveCall, leg: Dial, name: str, title: str, *, by: str = "") -> Participant:
    """Ring somebody into the room. What becomes of it, a failure at once included, is heard later."""
    if call.room is None:
        raise ValueError("nobody can be asked into a room that is not there")
    call.room = rooms.ask(call.room, leg.leg, leg.role, name, title, floor.clock(), muted=leg.muted)
    more: dict[str, Any] = {"muted": True} if leg.muted else {}
    more |= {"by": by} if by else {}
    note(floor, call, Kind.LEG_ASKED, leg=leg.leg, role=leg.role.value, name=name, **more)
    floor.changed("room", call.id)
    _ring(floor, call, leg)
    return call.room.participants[-1]


def call_citizen(floor: Floor, call: LiveCall, context: str) -> None:
    """Ring the citizen whose row stands in the room already. `context` is where the dialplan takes them."""
    endpoint = trunk_endpoint(call.caller, floor.rules.trunk)
    leg = dial(floor, call, Role.CITIZEN, endpoint, HOTLINE, floor.rules.calls.ring_seconds, call.leg)
    call.channel, call.answered = call.leg, False
    note(floor, call, Kind.LEG_ASKED, leg=call.leg, role=Role.CITIZEN.value, name="")
    opening.recordings_folder(floor, call)
    _ring(floor, call, replace(leg, context=context))


def _ring(floor: Floor, call: LiveCall, leg: Dial) -> None:
    longest = leg.ring_seconds + (leg.briefing.seconds if leg.briefing else 0) + RINGS_AT_MOST_SECONDS
    call.rings_until[leg.leg] = floor.clock() + timedelta(seconds=longest)
    if not floor.legs.call(leg):
        floor.soon(lambda: leg_failed(floor, call, leg.leg, Cause.FAILED))


RINGS_AT_MOST_SECONDS = 5  # beyond the time it may ring; then it is given up, whatever Asterisk says


# ---- rooms
def step(
    floor: Floor, call: LiveCall, leg: str, what: Step, *, cause: Cause | None = None, to: str | None = None
) -> None:
    """One step of one participant, with everything that follows. Raises rooms.NotPossible."""
    if call.room is not None:
        apply(floor, call, rooms.step(call.room, leg, what, floor.clock(), cause=cause, to=to))


def apply(floor: Floor, call: LiveCall, result: rooms.Result) -> None:
    """Make a room's new state true, and carry out what follows."""
    call.room, orders = result
    floor.changed("room", call.id)
    carry_out(floor, call, orders)


def carry_out(floor: Floor, call: LiveCall, orders: tuple[Order, ...]) -> None:
    for order in orders:
        if order.do is Do.RELEASE:
            release(floor, call, LineEnded("talked") if call.wait else DialEnded("joined"))
        elif call.room is not None:
            floor.legs.carry_out(order, call.room)


def release(floor: Floor, call: LiveCall, outcome: LineEnded | DialEnded) -> None:
    """The citizen's time in this room is over; the script of the call hears `outcome` when they are back."""
    call.outcome = call.outcome or outcome
    leave_line(floor, call, "answered")
    if call.room is not None and call.room.ended_at is None:
        apply(floor, call, rooms.close(call.room, floor.clock()))
    floor.legs.untap(call.leg)
    send_on(floor, call)


def send_on(floor: Floor, call: LiveCall) -> None:
    """To the script `resume`. A script that runs will ask by itself."""
    channel = floor.legs.channels.get(call.leg)
    if channel and not call.scripts and not call.hung_up:
        floor.legs.release(channel)


def leg_failed(floor: Floor, call: LiveCall, leg: str, cause: Cause) -> None:
    """Somebody did not come. The others go on; for an offer of the line, the next operator is called."""
    who = call.room.participant(leg) if call.room else None
    if who is None or who.state not in rooms.COMING:
        return
    step(floor, call, leg, Step.FAILED, cause=cause)
    note(floor, call, Kind.LEG_FAILED, leg=leg, cause=cause.value)
    entry = floor.line.find(call.id)
    if who.role in STAFF and entry and entry.offered == who.name:
        settle_line(floor, *waiting_line.not_answered(floor.line, call.id, who.name, cause, floor.clock()))
    elif who.role in STAFF:
        free(floor, who.name)
    elif who.role is Role.CITIZEN:
        leave_line(floor, call, "abandoned")
    elif call.room and not call.room.ended_at and not rooms.partners(call.room) and not call.wait:
        release(floor, call, DialEnded(_DIAL_ENDED.get(cause, "failed")))


_DIAL_ENDED: dict[Cause, Literal["busy", "no_answer", "refused"]] = {
    Cause.BUSY: "busy", Cause.NO_ANSWER: "no_answer", Cause.REFUSED: "refused",
}  # fmt: skip


def leg_left(floor: Floor, call: LiveCall, leg: str) -> None:
    """Somebody who was in the room has gone; an operator's after-call work begins."""
    who = call.room.participant(leg) if call.room else None
    if who is None or who.state not in rooms.PRESENT:
        return
    step(floor, call, leg, Step.LEFT)
    note(floor, call, Kind.LEG_LEFT, leg=leg)
    if who.role is Role.OPERATOR and floor.rules.wrap_up_seconds > 0:
        floor.wrap_up[who.name] = floor.clock() + timedelta(seconds=floor.rules.wrap_up_seconds)
    if who.role in STAFF:
        free(floor, who.name)


def ring(floor: Floor, name: str, call: LiveCall) -> None:
    """A colleague's telephone rings for this room: the line must not ring it for another."""
    settle_line(floor, waiting_line.operator_busy(floor.line, name, call.id, floor.clock(), Activity.RINGING), ())
