"""The room (会议室): who is in it, in which state, and what follows when somebody comes or goes. Pure.

Rules
1. NEXT is the only place where a participant's state is decided; what is not in it is refused.
2. The citizen's hang-up ends the room for everybody, a ringing telephone included.
3. The operator may leave: citizen and department go on. When no operator is left, whoever was held comes back,
   because nobody could bring them back any more; for the same reason nobody is held without an operator in the room.
4. When nobody is left to talk to, telephones that still ring stop, and the citizen goes on in the call flow (`talked`).
5. A failed leg changes nothing for the others. Its cause stays on the row.
6. A room ends once. Whoever leaves it later moves nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ivr.board import Cause, Participant, ParticipantState, Room
from ivr.call import Role

S = ParticipantState
PRESENT = frozenset({S.TALKING, S.HELD, S.WHISPERING})
COMING = frozenset({S.ASKED, S.RINGING})


class Step(StrEnum):
    """What can happen to one participant."""

    RANG = "rang"
    JOINED = "joined"
    FAILED = "failed"
    LEFT = "left"
    HOLD = "hold"
    UNHOLD = "unhold"
    WHISPER = "whisper"
    UNWHISPER = "unwhisper"


NEXT: dict[tuple[ParticipantState, Step], ParticipantState] = {
    (S.ASKED, Step.RANG): S.RINGING,
    (S.ASKED, Step.JOINED): S.TALKING,
    (S.ASKED, Step.FAILED): S.FAILED,
    (S.RINGING, Step.RANG): S.RINGING,
    (S.RINGING, Step.JOINED): S.TALKING,
    (S.RINGING, Step.FAILED): S.FAILED,
    (S.TALKING, Step.HOLD): S.HELD,
    (S.TALKING, Step.WHISPER): S.WHISPERING,
    (S.TALKING, Step.LEFT): S.LEFT,
    (S.HELD, Step.UNHOLD): S.TALKING,
    (S.HELD, Step.WHISPER): S.WHISPERING,
    (S.HELD, Step.LEFT): S.LEFT,
    (S.WHISPERING, Step.UNWHISPER): S.TALKING,
    (S.WHISPERING, Step.WHISPER): S.WHISPERING,
    (S.WHISPERING, Step.HOLD): S.HELD,
    (S.WHISPERING, Step.LEFT): S.LEFT,
}


class NotPossible(ValueError):
    """The step does not fit the participant's state. The text says both."""


# ---- what the room wants done
class Do(StrEnum):
    HANG_UP = "hang_up"  # this leg, ringing or talking
    TO_ROOM = "to_room"  # back among the others
    TO_HOLD = "to_hold"  # music, and nobody else
    TO_WHISPER = "to_whisper"  # heard by one only
    MUTE = "mute"
    UNMUTE = "unmute"
    RELEASE = "release"  # the citizen's talk is over: on in the call flow


@dataclass(frozen=True, slots=True)
class Order:
    do: Do
    leg: str
    to: str = ""


Result = tuple[Room, tuple[Order, ...]]


def open_room(room_id: str, caller: str, leg: str, now: datetime, *, why: str = "", called: bool = False) -> Room:
    """A room begins with its citizen; one who is `called` is not there yet."""
    state, joined_at = (S.ASKED, None) if called else (S.TALKING, now)
    citizen = Participant(leg, Role.CITIZEN, "", "市民", state, asked_at=now, joined_at=joined_at)
    return Room(room_id, caller, now, (citizen,), why=why)


def ask(room: Room, leg: str, role: Role, name: str, title: str, now: datetime, *, muted: bool = False) -> Room:
    """A row for whoever is being called, from this moment on."""
    asked = Participant(leg, role, name, title, S.ASKED, muted=muted, asked_at=now)
    return replace(room, participants=(*room.participants, asked))


def step(
    room: Room, leg: str, what: Step, now: datetime, *, cause: Cause | None = None, to: str | None = None
) -> Result:
    """One participant's state changes; everything that follows from it comes back as orders."""
    who = room.participant(leg)
    if who is None:
        raise NotPossible(f"no participant {leg} in room {room.id}")
    if what in (Step.LEFT, Step.FAILED) and who.state in (S.LEFT, S.FAILED):
        return room, ()
    if what is Step.LEFT and who.state in COMING:
        what, cause = Step.FAILED, cause or Cause.CANCELLED
    after = NEXT.get((who.state, what))
    if after is None:
        raise NotPossible(
            f"cannot {what} while {who.state}; possible now: {', '.join(possible(who.state)) or 'nothing'}"
        )
    _allowed(room, who, what, to)
    changed = replace(who, state=after, cause=cause if after is S.FAILED else who.cause,
                      whisper_to=to if after is S.WHISPERING else None,
                      joined_at=now if what is Step.JOINED else who.joined_at)  # fmt: skip
    room, orders = _put(room, changed), _orders(what, changed)
    if what in (Step.LEFT, Step.FAILED):
        return _settle(room, who, orders, now)
    return room, orders


def _allowed(room: Room, who: Participant, what: Step, to: str | None) -> None:
    """What the table cannot say, because it depends on the others."""
    if what is Step.HOLD and not any(p.role is Role.OPERATOR and p.state in PRESENT for p in room.participants):
        raise NotPossible("cannot hold: no operator is in the room to end it")
    if what is not Step.WHISPER:
        return
    target = room.participant(to) if to else None
    if who.role is Role.CITIZEN or target is None or target.leg == who.leg or target.state is not S.TALKING:
        raise NotPossible("cannot whisper: the other one must be talking, and citizens do not whisper")


def came_back(room: Room, leg: str) -> Room:
    """A held or whispering leg is among the others again without being told: the hold has run out, or the one it
    whispered to has gone."""
    who = room.participant(leg)
    if who is None or who.state not in (S.HELD, S.WHISPERING):
        return room
    return _put(room, replace(who, state=S.TALKING, whisper_to=None))


def reopen(room: Room, now: datetime) -> Room:
    """The citizen enters once more. Rows stay: a telephone of before may still be on its way down."""
    back = replace(citizen(room), state=S.TALKING, muted=False, whisper_to=None, cause=None, asked_at=now,
                   joined_at=now)  # fmt: skip
    return replace(_put(room, back), ended_at=None)


def close(room: Room, now: datetime) -> Result:
    """The citizen's time here is over for another reason than a hang-up: nobody else stays behind."""
    others = [p for p in room.participants if p.state in PRESENT | COMING and p.role is not Role.CITIZEN]
    return replace(room, ended_at=room.ended_at or now), tuple(Order(Do.HANG_UP, p.leg) for p in others)


def possible(state: ParticipantState) -> list[str]:
    return [what.value for (s, what) in NEXT if s is state]


def mute(room: Room, leg: str, on: bool) -> Result:
    """Allowed in every present state: whoever is held or whispering is muted when they come back."""
    who = room.participant(leg)
    if who is None or who.state not in PRESENT:
        raise NotPossible(f"cannot mute while {who.state if who else 'absent'}")
    orders = (Order(Do.MUTE if on else Do.UNMUTE, leg),) if who.state is S.TALKING else ()
    return _put(room, replace(who, muted=on)), orders


def remove(room: Room, leg: str) -> tuple[Order, ...]:
    """Ask a participant to go, or stop calling them. Their row changes when they are really gone."""
    who = room.participant(leg)
    if who is None or who.state not in PRESENT | COMING:
        raise NotPossible(f"cannot remove: {who.state if who else 'absent'}")
    return (Order(Do.RELEASE if who.role is Role.CITIZEN else Do.HANG_UP, leg),)


def citizen(room: Room) -> Participant:
    return next(p for p in room.participants if p.role is Role.CITIZEN)


def partners(room: Room) -> tuple[Participant, ...]:
    """Those the citizen can talk with. A supervisor who only listens is none."""
    return tuple(p for p in room.participants if p.state in PRESENT and _talks(p)
                 and not (p.role is Role.SUPERVISOR and p.state is S.WHISPERING))  # fmt: skip


def _talks(p: Participant) -> bool:
    return p.role is not Role.CITIZEN and not (p.role is Role.SUPERVISOR and p.muted)


# ---- what follows
def _settle(room: Room, gone: Participant, orders: tuple[Order, ...], now: datetime) -> Result:
    others = [p for p in room.participants if p.state in PRESENT | COMING and p.role is not Role.CITIZEN]
    stop = tuple(Order(Do.HANG_UP, p.leg) for p in others)
    if gone.role is Role.CITIZEN:
        return replace(room, ended_at=room.ended_at or now), (*orders, *stop)
    if room.ended_at:
        return room, orders
    room, back = _targets_gone(room, gone)
    orders = (*orders, *back)
    if gone.state not in PRESENT:  # it never joined: nothing changes for the others
        return room, orders
    if not partners(room) and _talked(room):
        return replace(room, ended_at=now), (*orders, *stop, Order(Do.RELEASE, citizen(room).leg))
    if not any(p.role is Role.OPERATOR for p in partners(room)):
        room, back = _bring_back(room)
        orders = (*orders, *back)
    return room, orders


def _talked(room: Room) -> bool:
    """Has the citizen had anybody to talk with? If not, they still wait, and go on waiting. Whoever was asked in for a
    citizen who is called was there before them."""
    who = citizen(room)
    since = who.asked_at if who.joined_at else None
    return any(_talks(p) and p.joined_at and since and p.joined_at >= since for p in room.participants)


def _bring_back(room: Room) -> Result:
    return _return(room, lambda p: p.state is S.HELD)


def _targets_gone(room: Room, gone: Participant) -> Result:
    return _return(room, lambda p: p.state is S.WHISPERING and p.whisper_to == gone.leg)


def _return(room: Room, wanted: Callable[[Participant], bool]) -> Result:
    legs = [p for p in room.participants if wanted(p)]
    for p in legs:
        room = _put(room, replace(p, state=S.TALKING, whisper_to=None))
    return room, tuple(Order(Do.TO_ROOM, p.leg) for p in legs)


def _put(room: Room, changed: Participant) -> Room:
    return replace(room, participants=tuple(changed if p.leg == changed.leg else p for p in room.participants))


def _orders(what: Step, who: Participant) -> tuple[Order, ...]:
    """What has to be done on the telephone for this step."""
    match what:
        case Step.JOINED if who.muted:
            return (Order(Do.MUTE, who.leg),)
        case Step.HOLD:
            return (Order(Do.TO_HOLD, who.leg),)
        case Step.UNHOLD | Step.UNWHISPER:
            return (Order(Do.TO_ROOM, who.leg),)
        case Step.WHISPER:
            return (Order(Do.TO_WHISPER, who.leg, who.whisper_to or ""),)
        case _:
            return ()
