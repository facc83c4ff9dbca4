"""What becomes of rooms and the waiting line: requests of people and decisions of the pure cores, carried out.

Every function runs in the exchange's thread and takes the exchange as its first argument.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal

from ivr import line as waiting_line
from ivr import room as rooms
from ivr.board import Cause, Operator, Participant, RecordingState, Room, Status
from ivr.call import CallEvent, Kind, Role
from ivr.events import DialEnded, LineEnded
from ivr.legs import HOTLINE, Dial, department_endpoint, operator_endpoint
from ivr.live import LiveCall, Refused, recording_path
from ivr.room import Do, Order, Step

if TYPE_CHECKING:
    from ivr.exchange import Exchange

log = logging.getLogger(__name__)

GONE_WITHIN_SECONDS = 2  # every leg of an ended room; after that the call is closed whatever Asterisk says


# ---- history
def note(x: Exchange, call: LiveCall, kind: Kind, **data: Any) -> None:
    """Write an event of a call down. A full disk is told to the log, and the call goes on."""
    event = CallEvent(call.id, len(call.events) + 1, x.clock(), kind, data)
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
        call = x.calls.get(action.call_id)
        if call is None:
            continue
        if isinstance(action, waiting_line.Offer):
            _ring_operator(x, call, action.operator)
        elif isinstance(action, waiting_line.Withdraw):
            _stop_ringing(x, call, action.operator)
        else:
            end_wait(x, call, LineEnded("timeout" if action.how == "timeout" else "no_operators"))
    if before.waiting != line.waiting:
        x.changed("line", "")
    for operator in line.operators:
        if before.operator(operator.name) != operator:
            x.changed("operator", operator.name)


def end_wait(x: Exchange, call: LiveCall, outcome: LineEnded) -> None:
    """The wait is over without a talk: the citizen goes on in the flow."""
    note(x, call, Kind.LINE_LEFT, reason=outcome.how)
    release(x, call, outcome)


def _ring_operator(x: Exchange, call: LiveCall, name: str) -> None:
    if call.room is None:
        return
    dial = _dial(x, call, Role.OPERATOR, operator_endpoint(name), call.caller, x.rules.operator_ring_seconds)
    _ask(x, call, dial, name, name)


def _stop_ringing(x: Exchange, call: LiveCall, name: str) -> None:
    for p in call.room.participants if call.room else ():
        if p.name == name and p.role is Role.OPERATOR and p.state in rooms.COMING:
            x.legs.hang_up(p.leg)


# ---- calling somebody in
def invite(
    x: Exchange, room_id: str, department: str | None, operator: str | None, muted: bool, by: str
) -> Participant:
    call, room = x.call_with_room(room_id)
    name = department or operator or ""
    present = [p for p in room.participants if p.state in rooms.PRESENT | rooms.COMING]
    if any(p.name == name for p in present):
        raise Refused("already_in_room", "已经在通话中或正在呼叫，不必再次呼叫。")
    if len(present) >= x.rules.max_participants:
        raise Refused("room_full", f"会议室最多 {x.rules.max_participants} 方，请先请离一方。")
    dial, title = _department(x, call, name) if department else _colleague(x, call, name)
    _ask(x, call, dial, name, title, muted=muted, by=by)
    assert call.room is not None  # noqa: S101  it is the room we just asked into
    asked = call.room.participant(dial.leg)
    assert asked is not None  # noqa: S101
    return asked


def _department(x: Exchange, call: LiveCall, code: str) -> tuple[Dial, str]:
    found = x.directory.department(code)
    if found is None:
        raise Refused("unknown_department", f"承办单位名录里没有“{code}”，只能呼叫名录里的单位。")
    if not x.rules.trunk:
        raise Refused("no_trunk", "没有配置中继线路（HOTLINE_SIP_TRUNK），不能呼叫单位电话。请管理员检查设置。")
    title, number = found
    endpoint = department_endpoint(number, x.rules.trunk)
    return _dial(x, call, Role.DEPARTMENT, endpoint, HOTLINE, x.rules.department_ring_seconds), title


def _colleague(x: Exchange, call: LiveCall, name: str) -> tuple[Dial, str]:
    role = x.directory.person(name)
    if role is None:
        raise Refused("unknown_operator", f"没有名为“{name}”的话务员或督办员话机。")
    return _dial(x, call, role, operator_endpoint(name), HOTLINE, x.rules.operator_ring_seconds), name


def _dial(x: Exchange, call: LiveCall, role: Role, endpoint: str, caller_id: str, seconds: int) -> Dial:
    leg = call.new_leg()
    recorded = call.recording is not RecordingState.OFF and role is not Role.SUPERVISOR
    path = str(x.rules.recordings_dir / recording_path(call, leg)) if recorded else ""
    return Dial(leg, call.id, role, endpoint, caller_id, seconds, path)


def _ask(x: Exchange, call: LiveCall, dial: Dial, name: str, title: str, *, muted: bool = False, by: str = "") -> None:
    assert call.room is not None  # noqa: S101  both callers have looked
    call.room = rooms.ask(call.room, dial.leg, dial.role, name, title, x.clock(), muted=muted)
    note(x, call, Kind.LEG_ASKED, leg=dial.leg, role=dial.role.value, name=name, **({"by": by} if by else {}))
    x.changed("room", call.id)
    if not x.legs.call(dial):
        leg_failed(x, call, dial.leg, Cause.FAILED)


# ---- what people ask of a participant
def alter(
    x: Exchange,
    room_id: str,
    leg: str,
    muted: bool | None,
    held: bool | None,
    whisper_to: str | EllipsisType | None,
) -> Participant:
    call, room = x.call_with_room(room_id)
    who = room.participant(leg)
    if who is None:
        raise Refused("no_participant", "没有这个参与方，请刷新后重试。")
    try:
        if muted is not None and muted != who.muted:
            _apply(x, call, rooms.mute(room, leg, muted))
        if held is not None and held != who.held:
            step(x, call, leg, Step.HOLD if held else Step.UNHOLD)
        if not isinstance(whisper_to, EllipsisType) and whisper_to != who.whisper_to:
            _whisper(x, call, who, whisper_to)
    except rooms.NotPossible as error:
        raise Refused("not_possible", f"现在不能这样操作（{error}）。") from error
    assert call.room is not None  # noqa: S101
    changed = call.room.participant(leg)
    assert changed is not None  # noqa: S101
    note(x, call, Kind.LEG_CHANGED, leg=leg, muted=changed.muted, held=changed.held, whisper_to=changed.whisper_to)
    return changed


def _whisper(x: Exchange, call: LiveCall, who: Participant, to: str | None) -> None:
    target = call.room.participant(to) if call.room and to else None
    if who.role is Role.CITIZEN:
        raise Refused("not_possible", "市民不能耳语。")
    if to and (target is None or target.state is not rooms.S.TALKING or target.leg == who.leg):
        raise Refused("not_possible", "耳语的对象必须是正在通话的另一方。")
    step(x, call, who.leg, Step.WHISPER if to else Step.UNWHISPER, to=to)


def remove(x: Exchange, room_id: str, leg: str) -> None:
    call, room = x.call_with_room(room_id)
    try:
        orders = rooms.remove(room, leg)
    except rooms.NotPossible as error:
        raise Refused("not_possible", "该参与方已不在通话中。") from error
    if leg == call.leg:  # the citizen's talk ends: nobody stays behind in the room
        step(x, call, leg, Step.LEFT)
    carry_out(x, call, orders)


def set_recording(x: Exchange, room_id: str, state: RecordingState) -> RecordingState:
    call, room = x.call_with_room(room_id)
    if call.recording is RecordingState.OFF or state is RecordingState.OFF:
        raise Refused("not_recording", "这次通话没有录音（录音告知之前不录音）。")
    if call.recording is not state:
        call.recording, paused = state, state is RecordingState.PAUSED
        for p in room.participants:
            if p.state in rooms.PRESENT:
                x.legs.pause_recording(p.leg, paused)
                (x.legs.untap if paused else x.legs.tap)(p.leg)
                note(x, call, Kind.RECORDING_PAUSED if paused else Kind.RECORDING_RESUMED, leg=p.leg)
        call.room = replace(room, recording=state)
        x.changed("room", call.id)
    return state


def set_operator(x: Exchange, name: str, status: Status, reason: str) -> Operator:
    if x.directory.person(name) is None:
        raise Refused("no_telephone", f"“{name}”没有话机账号，不能接听来电。请管理员用 hotline operator add 添加。")
    settle_line(x, *waiting_line.operator_says(x.line, name, status, x.clock(), reason))
    x.keep_status(name, status, reason)
    found = x.line.operator(name)
    assert found is not None  # noqa: S101  operator_says adds it
    return found


# ---- rooms
def step(
    x: Exchange, call: LiveCall, leg: str, what: Step, *, cause: Cause | None = None, to: str | None = None
) -> None:
    """One step of one participant, with everything that follows. Raises rooms.NotPossible."""
    assert call.room is not None  # noqa: S101
    _apply(x, call, rooms.step(call.room, leg, what, x.clock(), cause=cause, to=to))


def _apply(x: Exchange, call: LiveCall, result: rooms.Result) -> None:
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
    if call.room is not None and call.room.ended_at is None:
        call.room = replace(call.room, ended_at=x.clock())
        x.changed("room", call.id)
    channel = x.legs.channels.get(call.leg)
    if channel and not call.scripts and not call.hung_up:  # a running script will ask by itself
        x.legs.release(channel)


def leg_failed(x: Exchange, call: LiveCall, leg: str, cause: Cause) -> None:
    """Somebody did not come. The others go on; for an offer of the line, the next operator is called."""
    who = call.room.participant(leg) if call.room else None
    if who is None or who.state not in rooms.COMING:
        return
    step(x, call, leg, Step.FAILED, cause=cause)
    note(x, call, Kind.LEG_FAILED, leg=leg, cause=cause.value)
    entry = x.line.find(call.id)
    if who.role is Role.OPERATOR and entry and entry.offered == who.name:
        settle_line(x, *waiting_line.not_answered(x.line, call.id, who.name, cause, x.clock()))
    elif who.role is Role.OPERATOR:
        settle_line(x, *waiting_line.operator_free(x.line, who.name, x.clock()))
    elif who.role is Role.DEPARTMENT and call.room and not rooms.partners(call.room) and not call.wait:
        release(x, call, DialEnded(_DIAL_ENDED.get(cause, "failed")))


_DIAL_ENDED: dict[Cause, Literal["busy", "no_answer", "refused"]] = {
    Cause.BUSY: "busy", Cause.NO_ANSWER: "no_answer", Cause.REFUSED: "refused",
}  # fmt: skip


def leg_left(x: Exchange, call: LiveCall, leg: str) -> None:
    who = call.room.participant(leg) if call.room else None
    if who is None or who.state not in rooms.PRESENT:
        return
    step(x, call, leg, Step.LEFT)
    note(x, call, Kind.LEG_LEFT, leg=leg)
    if who.role is Role.OPERATOR:
        busy = x.rules.wrap_up_seconds > 0
        if busy:
            x.wrap_up[who.name] = x.clock() + timedelta(seconds=x.rules.wrap_up_seconds)
        settle_line(x, *waiting_line.operator_free(x.line, who.name, x.clock(), wrap_up=busy))


# ---- the end
def citizen_gone(x: Exchange, call: LiveCall) -> None:
    """The citizen has hung up: within two seconds nothing of the call is left on any telephone."""
    if call.hung_up:
        return
    call.hung_up, now = True, x.clock()
    call.give_up_at = now + timedelta(seconds=GONE_WITHIN_SECONDS)
    if x.line.find(call.id):
        note(x, call, Kind.LINE_LEFT, reason="abandoned")
        settle_line(x, *waiting_line.leave(x.line, call.id, now))
    if call.room is not None:
        who = call.room.participant(call.leg)
        if who and who.state in rooms.PRESENT:
            step(x, call, call.leg, Step.LEFT)
        call.room = replace(call.room, ended_at=call.room.ended_at or now)
        x.changed("room", call.id)


def tick(x: Exchange) -> None:
    """What time brings: waits that are over, after-call work that is done, calls whose last leg is gone."""
    now = x.clock()
    settle_line(x, *waiting_line.tick(x.line, now))
    for name in [n for n, until in x.wrap_up.items() if now >= until]:
        del x.wrap_up[name]
        settle_line(x, *waiting_line.operator_free(x.line, name, now))
    for call in [c for c in x.calls.values() if c.hung_up]:
        if _all_gone(call) or (call.give_up_at and now >= call.give_up_at):
            finish(x, call)


def _all_gone(call: LiveCall) -> bool:
    left = call.room.participants if call.room else ()
    return not call.scripts and not any(p.state in rooms.PRESENT | rooms.COMING for p in left)


def finish(x: Exchange, call: LiveCall) -> None:
    """Close the history and hand the call on to the spool."""
    for p in call.room.participants if call.room else ():
        if p.leg != call.leg and p.state in rooms.PRESENT | rooms.COMING:
            (leg_left if p.state in rooms.PRESENT else _cancelled)(x, call, p.leg)
    note(x, call, Kind.CALL_ENDED, reason=call.because or "citizen_hung_up", node=call.node)
    x.calls.pop(call.id, None)
    for leg in [leg for leg in x.legs.channels if leg.removeprefix("tap-").startswith(call.id + "-")]:
        del x.legs.channels[leg]
    try:
        x.spool.finish(call.id)
    except OSError as error:
        log.error("call %s: cannot move to the finished calls (%s)", call.id, error.strerror)
    x.changed("call", call.id)


def _cancelled(x: Exchange, call: LiveCall, leg: str) -> None:
    leg_failed(x, call, leg, Cause.CANCELLED)


def open_room(x: Exchange, call: LiveCall) -> Room:
    """A room for this citizen, with the citizen in it. Recording follows what the flow has switched on."""
    room = rooms.open_room(call.id, call.caller, call.leg, x.clock())
    call.room = replace(room, recording=call.recording)
    call.outcome = None
    x.changed("room", call.id)
    return call.room
