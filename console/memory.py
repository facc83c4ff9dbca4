"""What a desk must be able to show again at any moment: rooms, also those just ended, their captions and drafts.

Kept in memory for the latest rooms only; what must last is in the database. Not thread-safe: the hub holds the lock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ivr.board import Board, ParticipantState, Room
from ivr.call import Role

ROOMS_KEPT = 200
CAPTIONS_KEPT = 1000
GONE = (ParticipantState.LEFT, ParticipantState.FAILED)


@dataclass(frozen=True, slots=True)
class Caption:
    """One line of what is being said. `index` counts within the room; `start` is seconds from the room's opening."""

    index: int
    leg: str
    number: int
    role: str
    text: str
    final: bool
    start: float
    unsure: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"leg": self.leg, "number": self.number, "role": self.role, "text": self.text, "final": self.final,
                "start": self.start, "unsure": list(self.unsure)}  # fmt: skip


@dataclass(slots=True)
class Remembered:
    """One room as far as it has been seen. `people`: every operator's login that was ever asked into it."""

    room: Room | None = None
    people: set[str] = field(default_factory=set)
    captions: OrderedDict[tuple[str, int], Caption] = field(default_factory=OrderedDict)
    said: int = 0
    draft: Mapping[str, Any] = field(default_factory=dict)


class Memory:
    """The latest rooms, oldest first."""

    def __init__(self) -> None:
        self._rooms: OrderedDict[str, Remembered] = OrderedDict()

    def of(self, room_id: str) -> Remembered:
        """The room's entry, made when there is none yet: a caption may arrive before the room was seen."""
        if room_id not in self._rooms:
            self._rooms[room_id] = Remembered()
            self._forget()
        return self._rooms[room_id]

    def get(self, room_id: str) -> Remembered | None:
        return self._rooms.get(room_id)

    def see(self, board: Board, now: datetime) -> list[Room]:
        """Take over what the board says. Returns the rooms that look different from before."""
        changed = [room for room in board.rooms if self.of(room.id).room != room]
        ended = [r for r in self._open() if board.room(r.id) is None]
        changed += [_over(room, now) for room in ended]
        for room in changed:
            entry = self.of(room.id)
            entry.room = room
            entry.people |= {p.name for p in room.participants if p.role in (Role.OPERATOR, Role.SUPERVISOR) and p.name}
        return changed

    def say(self, room_id: str, said: Caption) -> Caption:
        """A caption replaces the earlier one of the same leg and number, in the same place."""
        entry = self.of(room_id)
        before = entry.captions.get((said.leg, said.number))
        if before is None:
            entry.said += 1
        caption = replace(said, index=before.index if before else entry.said)
        entry.captions[said.leg, said.number] = caption
        while len(entry.captions) > CAPTIONS_KEPT:
            entry.captions.popitem(last=False)
        return caption

    def close(self, room: Room) -> list[Caption]:
        """A leg that has gone says nothing more: its half sentences become whole ones, or they would stay grey."""
        over = {p.leg for p in room.participants if p.state in GONE}
        open_lines = [c for c in self.of(room.id).captions.values() if not c.final]
        done = [replace(c, final=True) for c in open_lines if room.ended_at or c.leg in over]
        for caption in done:
            self.of(room.id).captions[caption.leg, caption.number] = caption
        return done

    def rooms_of(self, person: str) -> list[Room]:
        """The rooms in which this operator has talked, newest first."""
        return [e.room for e in reversed(self._rooms.values()) if e.room and _talked(e.room, person)]

    def _open(self) -> Iterator[Room]:
        return (e.room for e in self._rooms.values() if e.room and e.room.ended_at is None)

    def _forget(self) -> None:
        """Drop the oldest ended rooms; never an open one."""
        surplus = len(self._rooms) - ROOMS_KEPT
        for room_id in [k for k, e in self._rooms.items() if e.room is None or e.room.ended_at][: max(0, surplus)]:
            del self._rooms[room_id]


def _over(room: Room, now: datetime) -> Room:
    """A room that is no longer on the board: nobody is in it any more, whatever it looked like last."""
    left = (p if p.state in GONE else replace(p, state=ParticipantState.LEFT) for p in room.participants)
    return replace(room, participants=tuple(left), ended_at=now)


def _talked(room: Room, person: str) -> bool:
    return any(p.name == person and p.role is Role.OPERATOR and p.joined_at for p in room.participants)
