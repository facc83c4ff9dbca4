"""What one operator's desk shows of the calls: rows and the buttons that make sense now. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from config.city import City
from console.pages import words
from console.pages.times import phone
from ivr.board import Board, Cause, Participant, ParticipantState, RecordingState, Room
from ivr.call import Role

S = ParticipantState
PRESENT = frozenset({S.TALKING, S.HELD, S.WHISPERING})
COMING = frozenset({S.ASKED, S.RINGING})


@dataclass(frozen=True, slots=True)
class Button:
    """One act on one row. `path` is where it is posted to, below the room's address."""

    act: str
    label: str
    path: str
    stop: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One participant as the desk shows them."""

    leg: str
    role: str
    role_class: str
    title: str
    number: str
    state: str
    tag: str
    muted: bool
    note: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """The buttons of the whole call. `stage`: none, ringing, talking, left, over."""

    stage: str
    room: str = ""
    me: str = ""
    citizen: str = ""
    citizen_held: bool = False
    citizen_there: bool = False
    muted: bool = False
    others: int = 0
    recording: RecordingState = RecordingState.OFF


def my_leg(room: Room, me: str) -> Participant | None:
    """The operator's own row: the present one, else the latest."""
    mine = [p for p in room.participants if p.name == me and p.role in (Role.OPERATOR, Role.SUPERVISOR)]
    return next((p for p in mine if p.state in PRESENT | COMING), mine[-1] if mine else None)


def my_room(board: Board, me: str, last: Room | None) -> Room | None:
    """The room this operator is in or being called into; else the last one they talked in."""
    here = board.operator(me)
    if here and here.room and (room := board.room(here.room)):
        return room
    for room in board.rooms:
        mine = my_leg(room, me)
        if mine and mine.state in PRESENT | COMING:
            return room
    return board.room(last.id) or last if last else None


def drafted_room(room: Room | None, me: str, last: Room | None) -> Room | None:
    """Whose draft the desk shows. A call that only rings must not take the pane from the one being written up."""
    mine = my_leg(room, me) if room else None
    return room if mine and mine.joined_at else last


def met(room: Room) -> bool:
    """Was the citizen there? One who was called back and not reached leaves nothing to write up."""
    return any(p.role is Role.CITIZEN and p.joined_at for p in room.participants)


def present(room: Room, me: str) -> bool:
    mine = my_leg(room, me)
    return bool(mine and mine.state in PRESENT and room.ended_at is None)


def bar(room: Room | None, me: str) -> Bar:
    if room is None:
        return Bar("none")
    mine = my_leg(room, me)
    citizen = next((p for p in room.participants if p.role is Role.CITIZEN), None)
    others = [p for p in room.participants if p is not mine and p.state in PRESENT | COMING]
    return Bar(
        stage=_stage(room, mine),
        room=room.id,
        me=mine.leg if mine else "",
        citizen=citizen.leg if citizen else "",
        citizen_held=bool(citizen and citizen.held),
        citizen_there=bool(citizen and citizen.state in PRESENT),
        muted=bool(mine and mine.muted),
        others=len(others),
        recording=room.recording,
    )


def _stage(room: Room, mine: Participant | None) -> str:
    if room.ended_at:
        return "over"
    if mine and mine.state in COMING:
        return "ringing"
    return "talking" if mine and mine.state in PRESENT else "left"


def rows(room: Room, me: str, city: City) -> tuple[Row, ...]:
    mine = my_leg(room, me)
    may_act = present(room, me)
    return tuple(_row(p, p is mine, may_act, room, city) for p in room.participants)


def _row(p: Participant, is_mine: bool, may_act: bool, room: Room, city: City) -> Row:
    state, tag = words.WAITING if _waits(p, room) else words.STATES[p.state]
    if p.cause:
        over = p.cause is Cause.CANCELLED or _asked_again(p, room)
        state, tag = words.CAUSES[p.cause], "idle" if over else "late"
    title = p.title or p.name or words.ROLES[p.role]
    return Row(
        leg=p.leg,
        role=words.ROLES[p.role],
        role_class=p.role.value,
        title=f"{title}（我）" if is_mine else title,
        number=_number(p, room, city),
        state=state,
        tag=tag,
        muted=p.muted and p.state in PRESENT,
        note=_note(p, room, city),
        buttons=_buttons(p, is_mine, room, city) if may_act else (),
    )


def _waits(p: Participant, room: Room) -> bool:
    """A citizen is in the room from the first second; until somebody else is, they hear music."""
    alone = not any(q.state in PRESENT for q in room.participants if q is not p)
    return p.role is Role.CITIZEN and p.state is S.TALKING and alone and room.ended_at is None


def _number(p: Participant, room: Room, city: City) -> str:
    if p.role is Role.CITIZEN:
        return room.caller
    department = city.department(p.name) if p.role is Role.DEPARTMENT else None
    return department.phone if department else ""


def _note(p: Participant, room: Room, city: City) -> str:
    """Why it failed is in the tag; here stands what can be done now."""
    if p.state is not S.FAILED or p.cause is None or _asked_again(p, room):
        return ""
    department = city.department(p.name)
    duty = f"；值班电话 {phone(department.duty_phone)}" if department and department.duty_phone else ""
    advice = words.NEXT_STEPS[p.cause]
    return f"{advice}{duty}。市民仍在通话中。" if advice and room.ended_at is None else ""


def _buttons(p: Participant, is_mine: bool, room: Room, city: City) -> tuple[Button, ...]:
    leg = f"legs/{p.leg}"
    if p.state in COMING:
        return () if is_mine else (Button("cancel", "取消", f"{leg}/remove", stop=True),)
    if p.state in (S.FAILED, S.LEFT):
        return _again(p, room, city)
    mute = Button("mute", "取消静音" if p.muted else "静音", f"{leg}/{'unmute' if p.muted else 'mute'}")
    if is_mine:
        return (mute,) if p.state is S.TALKING else ()
    leave = Button("remove", "请离", f"{leg}/remove", stop=True)
    if p.state is S.HELD:
        return (Button("hold", "恢复", f"{leg}/resume", hint="回到通话"), leave)
    if p.state is S.WHISPERING:
        return (Button("whisper", "停止耳语", f"{leg}/unwhisper"), leave)
    hold = Button("hold", "保持", f"{leg}/hold", hint="对方听音乐，听不到通话")
    whisper = Button("whisper", "耳语", f"{leg}/whisper", hint="对方说话只有您听得见")
    return (mute, hold, whisper, leave)


def _again(p: Participant, room: Room, city: City) -> tuple[Button, ...]:
    """Call the department once more, or the one above it."""
    department = city.department(p.name) if p.role is Role.DEPARTMENT else None
    if department is None or _asked_again(p, room):
        return ()
    again = Button("again", "再次呼叫", f"departments/{department.code}")
    parent = city.department(department.parent) if department.parent and p.state is S.FAILED else None
    if parent is None or _is_in(parent.code, room):
        return (again,)
    return (again, Button("parent", f"改请{parent.name}", f"departments/{parent.code}"))


def _asked_again(p: Participant, room: Room) -> bool:
    """A later row of the same department stands for it now."""
    same = [q for q in room.participants if q.role is p.role and q.name == p.name]
    return same[-1] is not p


def _is_in(department: str, room: Room) -> bool:
    return any(p.name == department and p.state in PRESENT | COMING for p in room.participants)
