"""What people ask of the exchange: call somebody in, mute, hold, whisper, remove, pause the recording, say ready.

Every function runs in the exchange's thread and raises Refused with a text for people.
"""

from __future__ import annotations

from dataclasses import replace
from types import EllipsisType

from ivr import conduct
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.board import Cause, Operator, Participant, RecordingState, Room, Status
from ivr.call import Kind, Role
from ivr.floor import Floor
from ivr.legs import HOTLINE, Briefing, Dial, operator_endpoint, trunk_endpoint
from ivr.live import LiveCall, Refused
from ivr.room import Step

Whisper = str | EllipsisType | None


# ---- calling somebody in
def invite(
    floor: Floor,
    room_id: str,
    *,
    department: str | None = None,
    operator: str | None = None,
    muted: bool = False,
    by: str,
    seconds: int | None = None,
    briefing: Briefing | None = None,
) -> Participant:
    """Call a department on the list, or a colleague, into a room."""
    call, room = floor.call_with_room(room_id)
    name = department or operator or ""
    there = [p for p in room.participants if p.state in rooms.PRESENT | rooms.COMING]
    if any(p.name == name and (p.role is Role.DEPARTMENT) == bool(department) for p in there):
        raise Refused("already_in_room", "已经在通话中或正在呼叫，不必再次呼叫。")
    if len(there) >= floor.rules.max_participants:
        raise Refused("room_full", f"会议室最多 {floor.rules.max_participants} 方，请先请离一方。")
    if department:
        leg, title = _department(floor, call, name, seconds)
        leg = replace(leg, muted=muted, briefing=briefing)
        return conduct.ask_in(floor, call, leg, name, title, by=by)
    asked = conduct.ask_in(floor, call, replace(_colleague(floor, call, name), muted=muted), name, name, by=by)
    if asked.role is Role.OPERATOR or floor.line.operator(name):
        conduct.ring(floor, name, call)
    return asked


def _department(floor: Floor, call: LiveCall, code: str, seconds: int | None) -> tuple[Dial, str]:
    found = floor.directory.department(code)
    if found is None:
        raise Refused("unknown_department", f"承办单位名录里没有“{code}”，只能呼叫名录里的单位。")
    if not floor.rules.trunk:
        raise Refused("no_trunk", "没有配置中继线路（HOTLINE_SIP_TRUNK），不能呼叫单位电话。请管理员检查设置。")
    title, number = found
    try:
        endpoint = trunk_endpoint(number, floor.rules.trunk)
    except ValueError as error:
        raise Refused("bad_number", f"名录里“{title}”的电话只能是数字，请管理员检查 departments.yaml。") from error
    return conduct.dial(floor, call, Role.DEPARTMENT, endpoint, HOTLINE, seconds), title


def _colleague(floor: Floor, call: LiveCall, name: str) -> Dial:
    role = floor.directory.person(name)
    if role is None:
        raise Refused("unknown_operator", f"没有名为“{name}”的话务员或督办员话机。")
    if conduct.taken(floor, name):
        raise Refused("operator_busy", f"“{name}”的话机正在振铃或通话中，请稍后再试。")
    return conduct.dial(floor, call, role, operator_endpoint(name), HOTLINE)


# ---- what people ask of a participant
def alter(
    floor: Floor, room_id: str, leg: str, muted: bool | None, held: bool | None, whisper_to: Whisper
) -> Participant:
    """Mute, hold, let whisper: all that is asked, or nothing of it."""
    call, room = floor.call_with_room(room_id)
    who = room.participant(leg)
    if who is None:
        raise Refused("no_participant", "没有这个参与方，请刷新后重试。")
    try:
        result = _altered(floor, room, who, muted, held, whisper_to)
    except rooms.NotPossible as error:
        raise Refused("not_possible", "现在不能这样操作：该参与方不在通话中，或没有话务员在场。") from error
    conduct.apply(floor, call, result)
    changed = result[0].participant(leg) or who
    conduct.note(
        floor, call, Kind.LEG_CHANGED, leg=leg, muted=changed.muted, held=changed.held, whisper_to=changed.whisper_to
    )
    return changed


def _altered(
    floor: Floor, room: Room, who: Participant, muted: bool | None, held: bool | None, whisper_to: Whisper
) -> rooms.Result:
    orders: tuple[rooms.Order, ...] = ()
    if muted is not None and muted != who.muted:
        room, orders = rooms.mute(room, who.leg, muted)
    if held is not None and held != who.held:
        room, more = rooms.step(room, who.leg, Step.HOLD if held else Step.UNHOLD, floor.clock())
        orders += more
    if not isinstance(whisper_to, EllipsisType) and whisper_to != who.whisper_to:
        room, more = _whisper(floor, room, who, whisper_to)
        orders += more
    return room, orders


def _whisper(floor: Floor, room: Room, who: Participant, to: str | None) -> rooms.Result:
    target = room.participant(to) if to else None
    if who.role is Role.CITIZEN:
        raise Refused("not_possible", "市民不能耳语。")
    if to and (target is None or target.state is not rooms.S.TALKING or target.leg == who.leg):
        raise Refused("not_possible", "耳语的对象必须是正在通话的另一方。")
    return rooms.step(room, who.leg, Step.WHISPER if to else Step.UNWHISPER, floor.clock(), to=to)


def remove(floor: Floor, room_id: str, leg: str) -> None:
    """A participant has to go, or is no longer called."""
    call, room = floor.call_with_room(room_id)
    if leg == call.leg and rooms.citizen(room).state in rooms.COMING:  # a citizen whom we call
        floor.legs.hang_up(leg)
        conduct.leg_failed(floor, call, leg, Cause.CANCELLED)
        return
    try:
        orders = rooms.remove(room, leg)
    except rooms.NotPossible as error:
        raise Refused("not_possible", "该参与方已不在通话中。") from error
    if leg == call.leg:  # the citizen's talk ends: nobody stays behind in the room
        conduct.step(floor, call, leg, Step.LEFT)
    conduct.carry_out(floor, call, orders)


# ---- recording, status
def set_recording(floor: Floor, room_id: str, state: RecordingState) -> RecordingState:
    """Pause, or go on. Silence goes into the files while paused, so that their times stay right."""
    call, room = floor.call_with_room(room_id)
    if call.recording is RecordingState.OFF or state is RecordingState.OFF:
        raise Refused("not_recording", "这次通话没有录音（录音告知之前不录音）。")
    if call.recording is state:
        return state
    call.recording, paused = state, state is RecordingState.PAUSED
    call.room = replace(room, recording=state)
    for p in room.participants:
        if p.state in rooms.PRESENT and p.role is not Role.SUPERVISOR:
            floor.legs.pause_recording(p.leg, paused)
            (floor.legs.untap if paused else floor.legs.tap)(p.leg)
            conduct.note(floor, call, Kind.RECORDING_PAUSED if paused else Kind.RECORDING_RESUMED, leg=p.leg)
    floor.changed("room", call.id)
    return state


def set_operator(floor: Floor, name: str, status: Status, reason: str) -> Operator:
    """Ready, paused or away. Ready also ends the after-call work."""
    if floor.directory.person(name) is None:
        raise Refused("no_telephone", f"“{name}”没有话机账号，不能接听来电。请管理员用 hotline operator add 添加。")
    conduct.settle_line(floor, *waiting_line.operator_says(floor.line, name, status, floor.clock(), reason))
    if status is Status.READY and name in floor.wrap_up:
        del floor.wrap_up[name]
        conduct.free(floor, name)
    found = floor.line.operator(name)
    if found is None:
        raise Refused("no_telephone", f"“{name}”没有话机账号，不能接听来电。")
    return found
