"""Live changes to whom they concern: any thread publishes, each desk and each listener of the API has its own queue.

Rules
1. Publishing never waits: a board change only raises a flag, which the hub's own thread takes down again.
2. A listener that falls behind loses its queue, is told so, and starts again from the full state.
3. What is said in a room, and its draft, goes to the operators of that room and to supervisors; to nobody else.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from console.as_json import participant_json, room_json
from console.memory import Caption, Memory
from ivr.board import Board, Room

__all__ = ["Batch", "Event", "Hub", "Missed", "Subscription", "Viewer", "participant_json", "room_json"]

QUEUE_LIMIT = 500
EVENTS_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who has signed in. `department` is set for clerks."""

    name: str
    title: str
    role: str
    department: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `people` None: every desk; else only these operators (and supervisors). `id` grows with time."""

    id: str
    kind: str
    room: str | None
    data: Mapping[str, Any]
    people: frozenset[str] | None = None
    departments: frozenset[str] = frozenset()

    def concerns(self, viewer: Viewer) -> bool:
        if viewer.role == "clerk":
            return viewer.department in self.departments
        if viewer.role == "supervisor" or self.people is None:
            return True
        return viewer.name in self.people


@dataclass(frozen=True, slots=True)
class Missed:
    """A callback that was promised, and whose citizen was not reached."""

    call_id: str
    caller: str = field(repr=False)
    booked_at: datetime
    given_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What has come since the last look. `lost`: some of it was dropped, so begin again from the full state."""

    events: tuple[Event, ...] = ()
    lost: bool = False


class Subscription:
    """One listener's queue. `offer` may be called from any thread; `next` belongs to the listener's event loop."""

    def __init__(self, viewer: Viewer, limit: int = QUEUE_LIMIT) -> None:
        self.viewer = viewer
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Event] = deque()
        self._limit, self._lost, self._lock = limit, False, threading.Lock()
        self._wake = asyncio.Event()

    def offer(self, event: Event) -> None:
        with self._lock:
            if len(self._waiting) >= self._limit:
                self._waiting.clear()
                self._lost = True
            self._waiting.append(event)
        self._loop.call_soon_threadsafe(self._wake.set)

    async def next(self, timeout_seconds: float) -> Batch:
        """Everything that waits, or an empty batch when nothing came in time."""
        try:
            await asyncio.wait_for(self._wake.wait(), timeout_seconds)
        except TimeoutError:
            return Batch()
        self._wake.clear()
        with self._lock:
            batch = Batch(() if self._lost else tuple(self._waiting), self._lost)
            self._waiting.clear()
            self._lost = False
        return batch


@dataclass(slots=True)
class Hub:
    """`board` is asked for the state of calls each time `changed` was called."""

    board: Callable[[], Board]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _memory: Memory = field(default_factory=Memory)
    _listeners: set[Subscription] = field(default_factory=set)
    _ring: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _last: Board = field(default_factory=Board)
    _missed: tuple[Missed, ...] = ()
    _dirty: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _stopping: bool = False
    _epoch: str = field(default_factory=lambda: format(time.time_ns() // 1_000_000, "x"))
    _count: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    # ---- the life of the hub
    def start(self) -> None:
        self._stopping = False
        self._thread = threading.Thread(target=self._follow, name="hub", daemon=True)
        self._thread.start()
        self.changed()

    def stop(self) -> None:
        self._stopping = True
        self._dirty.set()
        if self._thread:
            self._thread.join(timeout=5)

    def _follow(self) -> None:
        while not self._stopping:
            self._dirty.wait()
            self._dirty.clear()
            if not self._stopping:
                self.look()

    # ---- what happens elsewhere
    def changed(self, _kind: str = "", _room: str | None = None) -> None:
        """For `Exchange.subscribe`: something about the calls is different. Returns at once."""
        self._dirty.set()

    def look(self) -> None:
        """Compare the board with the last one and publish each difference."""
        board = self.board()
        with self._lock:
            before, self._last = self._last, board
            for room in self._memory.see(board, self.now()):
                self._publish("room", room.id, room_json(room), self._people(room.id))
                for line in self._memory.close(room):
                    self._publish("caption", room.id, line.to_json(), self._people(room.id))
            if board.places != before.places:
                self._publish("line", None, {"waiting": len(board.places)})
            for operator in board.operators:
                if operator != before.operator(operator.name):
                    data = {"name": operator.name, "status": operator.status, "activity": operator.activity}
                    self._publish("operator", None, data)

    def caption(self, room_id: str, leg: str, number: int, role: str, text: str, final: bool, start: float,
                unsure: tuple[str, ...] = ()) -> None:  # fmt: skip
        """What a leg says: again and again with the same `number` while the sentence grows, `final` once."""
        with self._lock:
            line = self._memory.say(room_id, Caption(0, leg, number, role, text, final, start, tuple(unsure)))
            self._publish("caption", room_id, line.to_json(), self._people(room_id))

    def draft(self, room_id: str, draft_json: Mapping[str, Any]) -> None:
        """What the machine proposes now. Nothing is no news: it must not wipe out what was proposed before."""
        if not draft_json:
            return
        with self._lock:
            self._memory.of(room_id).draft = draft_json
            self._publish("draft", room_id, draft_json, self._people(room_id))

    def case(self, no: str, call_id: str, departments: frozenset[str] = frozenset()) -> None:
        """A case has moved: registered, delivered, signed, replied."""
        with self._lock:
            self._publish("case", call_id, {"no": no}, self._people(call_id), departments)

    def missed(self, callbacks: tuple[Missed, ...]) -> None:
        """Callbacks that were promised, and whose citizens were not reached yet: every desk shows them."""
        with self._lock:
            if callbacks != self._missed:
                self._missed = callbacks
                self._publish("callback", None, {"missed": [c.call_id for c in callbacks]})

    # ---- listeners
    def subscribe(self, viewer: Viewer, limit: int = QUEUE_LIMIT) -> Subscription:
        subscription = Subscription(viewer, limit)
        with self._lock:
            self._listeners.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._listeners.discard(subscription)

    def since(self, last_id: str, viewer: Viewer) -> list[Event] | None:
        """What this viewer has missed; None when that is not known any more (too long ago, or before a restart)."""
        with self._lock:
            events = list(self._ring)
        at = next((i for i, e in enumerate(events) if e.id == last_id), None)
        return None if at is None else [e for e in events[at + 1 :] if e.concerns(viewer)]

    # ---- the full state
    def room(self, room_id: str) -> Room | None:
        with self._lock:
            entry = self._memory.get(room_id)
            return entry.room if entry else None

    def people(self, room_id: str) -> frozenset[str] | None:
        """Everybody who was ever asked into the room, by login; None for a room that is not remembered."""
        with self._lock:
            entry = self._memory.get(room_id)
            return frozenset(entry.people) if entry and entry.room else None

    def rooms_of(self, person: str) -> list[Room]:
        """The latest rooms in which this operator has talked, newest first."""
        with self._lock:
            return self._memory.rooms_of(person)

    def missed_callbacks(self) -> tuple[Missed, ...]:
        with self._lock:
            return self._missed

    def captions(self, room_id: str) -> list[Caption]:
        with self._lock:
            entry = self._memory.get(room_id)
            return sorted(entry.captions.values(), key=lambda c: c.index) if entry else []

    def draft_of(self, room_id: str) -> Mapping[str, Any]:
        with self._lock:
            entry = self._memory.get(room_id)
            return entry.draft if entry else {}

    def _people(self, room_id: str) -> frozenset[str]:
        return frozenset(self._memory.of(room_id).people)

    def _publish(self, kind: str, room: str | None, data: Mapping[str, Any], people: frozenset[str] | None = None,
                 departments: frozenset[str] = frozenset()) -> None:  # fmt: skip
        event = Event(f"{self._epoch}-{next(self._count)}", kind, room, data, people, departments)
        self._ring.append(event)
        for listener in list(self._listeners):
            if event.concerns(listener.viewer):
                self._offer(listener, event)

    def _offer(self, listener: Subscription, event: Event) -> None:
        try:
            listener.offer(event)
        except RuntimeError:  # its event loop has ended without saying goodbye
            self._listeners.discard(listener)
