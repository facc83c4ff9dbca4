"""Calls that the hotline makes by a flow, carried out. In the exchange's thread.

The citizen is rung, and when they answer a script takes them through the flow like one who has dialled. Whoever asked
for the call names it (`call_id`), so that asking twice calls once.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr import callbacks, closing, conduct, opening, outgoing
from ivr import room as rooms
from ivr.board import ParticipantState
from ivr.call import OUTGOING, Kind, Role
from ivr.floor import Floor
from ivr.live import LiveCall, Refused
from ivr.outgoing import Traffic


def call_out(floor: Floor, call_id: str, number: str, flow: str, values: Mapping[str, str | int], version: str) -> None:
    """Ring a citizen for a flow. Raises Refused; OSError when it cannot be written down."""
    if call_id in floor.calls or floor.spool.events(call_id):
        return
    _allowed(floor, number)
    call = LiveCall(call_id, number, "", floor.clock(), outgoing=True)
    floor.spool.keep_session(call_id, {"begin": {"flow": flow, "version": version, "values": dict(values)}})
    floor.calls[call_id] = call
    conduct.note(floor, call, Kind.CALL_STARTED, caller=number, dialled="", way=OUTGOING, flow=flow, version=version)
    opening.room_for_called(floor, call)
    conduct.call_citizen(floor, call, "outgoing")


def _allowed(floor: Floor, number: str) -> None:
    if not floor.rules.trunk:
        raise Refused("no_trunk", "没有配置中继线路（HOTLINE_SIP_TRUNK），不能外呼。请管理员检查设置。")
    if not callbacks.may_be_called(number, floor.rules.calls.prefixes):
        raise Refused("bad_number", "这个号码不能外呼：不是手机号或带区号的固定电话，或不在允许的号段里。")
    if why := why_not(floor):
        raise Refused("not_now", why)


def why_not(floor: Floor) -> str:
    """Why nobody can be called at this moment; "" when somebody can."""
    return outgoing.why_not_now(_traffic(floor), floor.rules.calls.at_once)


def _traffic(floor: Floor) -> Traffic:
    live = [call for call in floor.calls.values() if not call.hung_up]
    return Traffic(
        waiting=sum(not place.callback for place in floor.line.waiting),
        outgoing=sum(call.outgoing for call in live),
        in_use=sum(_lines(call) for call in live),
        lines=floor.rules.calls.trunk_lines,
    )


def _lines(call: LiveCall) -> int:
    """Lines of the trunk that this call has: its citizen's, and each department's."""
    there = [p for p in (call.room.participants if call.room else ()) if p.state in rooms.PRESENT | rooms.COMING]
    departments = sum(p.role is Role.DEPARTMENT for p in there)
    citizen = any(p.role is Role.CITIZEN for p in there) if call.we_call else True
    return departments + citizen


def picked_up(floor: Floor, call: LiveCall) -> None:
    """The citizen is on the telephone, and hears the flow."""
    if call.room:
        conduct.step(floor, call, call.leg, rooms.Step.JOINED)
        conduct.note(floor, call, Kind.LEG_JOINED, leg=call.leg, role=Role.CITIZEN.value, name="")


def tick(floor: Floor) -> None:
    """A call that did not come about is over; why stands in its history."""
    for call in list(floor.calls.values()):
        if call.outgoing and call.room and not call.hung_up:
            citizen = rooms.citizen(call.room)
            if citizen.state is ParticipantState.FAILED:
                call.because = citizen.cause.value if citizen.cause else "failed"
                closing.citizen_gone(floor, call)
