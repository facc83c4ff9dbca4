"""How calls end: the citizen hangs up, the static path takes over, time runs out. Nothing is left on any telephone.

Every function runs in the exchange's thread and takes its floor as the first argument.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ivr import conduct
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.board import Cause
from ivr.call import Kind
from ivr.floor import Floor
from ivr.live import LiveCall
from ivr.room import Step

log = logging.getLogger(__name__)

GONE_WITHIN_SECONDS = 2  # every leg of an ended room; after that the call is closed whatever Asterisk says
SCRIPTS_WITHIN_SECONDS = 60  # a script may still be writing down what was said


def citizen_gone(floor: Floor, call: LiveCall) -> None:
    """The citizen has hung up: within two seconds nothing of the call is left on any telephone."""
    if call.hung_up:
        return
    call.hung_up, now = True, floor.clock()
    call.give_up_at = now + timedelta(seconds=GONE_WITHIN_SECONDS)
    conduct.leave_line(floor, call, "abandoned")
    who = call.room.participant(call.leg) if call.room else None
    if who and who.state in rooms.PRESENT:
        conduct.step(floor, call, call.leg, Step.LEFT)
    elif call.room:
        conduct.apply(floor, call, rooms.close(call.room, now))


def citizen_lost(floor: Floor, call: LiveCall, cause: Cause = Cause.FAILED) -> None:
    """The citizen's channel is no more. Somebody whom we called, and who was not there yet, was not reached."""
    who = call.room.participant(call.leg) if call.room else None
    if not call.we_call or (who and who.state in rooms.PRESENT):
        citizen_gone(floor, call)
    elif call.channel == call.leg:  # they have been rung
        conduct.leg_failed(floor, call, call.leg, cause)


def on_static_path(floor: Floor, call: LiveCall) -> None:
    """The dialplan goes on without us: no telephone may ring, no colleague wait, for a citizen who is elsewhere."""
    conduct.note(floor, call, Kind.NOTE_TAKEN, text="the call took the static path")
    conduct.leave_line(floor, call, "failed")
    call.wait = call.outcome = None
    if call.room:
        conduct.apply(floor, call, rooms.close(call.room, floor.clock()))


def tick(floor: Floor) -> None:
    """What time brings: waits that are over, after-call work that is done, calls whose last leg is gone."""
    now = floor.clock()
    conduct.settle_line(floor, *waiting_line.tick(floor.line, now))
    for name in [n for n, until in floor.wrap_up.items() if now >= until]:
        del floor.wrap_up[name]
        conduct.free(floor, name)
    for call in list(floor.calls.values()):
        _stop_endless_ringing(floor, call, now)
        if call.hung_up and _may_close(call, now):
            close(floor, call)


def _stop_endless_ringing(floor: Floor, call: LiveCall, now: datetime) -> None:
    """Asterisk tells what becomes of every leg. Should it not, nobody is stuck for ever."""
    for leg in [leg for leg, until in call.rings_until.items() if now >= until]:
        del call.rings_until[leg]
        who = call.room.participant(leg) if call.room else None
        if who and who.state in rooms.COMING:
            if leg not in floor.legs.channels:  # it never had one: there was no telephone to ring
                conduct.leg_failed(floor, call, leg, Cause.UNREACHABLE)
                continue
            log.warning("call %s: nothing was heard of a leg in time; it is given up", call.id)
            floor.legs.hang_up(leg)
            conduct.leg_failed(floor, call, leg, Cause.FAILED)


def _may_close(call: LiveCall, now: datetime) -> bool:
    left = call.room.participants if call.room else ()
    up = any(p.state in rooms.PRESENT | rooms.COMING for p in left if p.leg != call.leg)
    late = call.give_up_at
    legs_done = not up or (late is not None and now >= late)
    scripts_done = not call.scripts or (late is not None and now >= late + timedelta(seconds=SCRIPTS_WITHIN_SECONDS))
    return legs_done and scripts_done


def close(floor: Floor, call: LiveCall) -> None:
    """Complete the history and hand the call on to the spool."""
    for p in call.room.participants if call.room else ():
        if p.leg != call.leg and p.state in rooms.PRESENT | rooms.COMING:
            floor.legs.hang_up(p.leg)
            conduct.leg_left(floor, call, p.leg)
            conduct.leg_failed(floor, call, p.leg, Cause.CANCELLED)
    conduct.note(floor, call, Kind.CALL_ENDED, reason=call.because or "citizen_hung_up", node=call.node)
    call.closed = True
    floor.calls.pop(call.id, None)
    floor.legs.forget(call.id)
    try:
        floor.spool.finish(call.id)
    except OSError as error:
        log.error("call %s: cannot move to the finished calls (%s)", call.id, error.strerror)
    floor.changed("call", call.id)
