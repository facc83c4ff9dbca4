"""The exchange: one thread that knows every call, room, leg and place in the line, and acts on them.

Everything reaches it through one queue (events of Asterisk, scripts of calls, requests of people, the clock), so there
are no locks and no half-done changes. It decides with `room.py` and `line.py`, acts through `legs.py`, writes every
event to the spool, and never waits: not for the database, not for a recogniser, not for a page.

    ivr/exchange.py  the thread, and what pages and the API call      ivr/requests.py  what they ask for
    ivr/happened.py  what Asterisk tells                              ivr/visits.py    what the scripts of calls ask
    ivr/conduct.py   what becomes of rooms and the line               ivr/joining.py   somebody comes into a room
    ivr/closing.py   how calls end                                    ivr/live.py      a call that is going on
    ivr/recover.py   finding everything again                         ivr/take_up.py   a call of a process before this
    ivr/listening.py what a citizen says to a question                ivr/floor.py     what all of these work on
    ivr/opening.py   rooms are opened
    ivr/calling_back.py  callbacks: citizens who keep their place     ivr/calling_out.py  calls that a flow makes
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from types import EllipsisType
from typing import TypeVar

from ivr import calling_back, calling_out, closing, happened, listening, recover, requests
from ivr.ami import Message
from ivr.board import Board, Operator, Participant, RecordingState, Status
from ivr.floor import Directory, Floor, Rules
from ivr.legs import Legs
from ivr.spool import Spool

log = logging.getLogger(__name__)

T = TypeVar("T")
TICK_SECONDS = 0.25
LOOK_AROUND_SECONDS = 60.0
Listener = Callable[[str, str], None]


class Exchange(Floor):
    """`board` shows everything, `subscribe` tells of changes; requests raise Refused with a text for people."""

    def __init__(
        self,
        legs: Legs,
        spool: Spool,
        directory: Directory,
        rules: Rules,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        operators: Iterable[Operator] = (),
        keep_status: Callable[[str, Status, str], None] = lambda *_: None,
    ) -> None:
        super().__init__(legs, spool, directory, rules, clock, operators, keep_status)
        self._look_around_at = clock() + timedelta(seconds=LOOK_AROUND_SECONDS)
        self._board = Board()
        self._listeners: list[Listener] = []
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._next_tick = 0.0  # of the monotonic clock
        self._thread = threading.Thread(target=self._run, name="exchange", daemon=True)

    # ---- life
    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(5)

    def hears(self, message: Message) -> None:
        """An event of Asterisk; called by the AMI reader."""
        self.soon(lambda: happened.hears(self, message))

    def understood(self, tap: str, words: str, confidence: float, *, final: bool) -> None:
        """What the recogniser makes of a citizen's answer; called by its own thread."""
        self.soon(lambda: listening.understood(self, tap, words, confidence, final=final))

    def soon(self, work: Callable[[], None]) -> None:
        self._queue.put(work)

    def ask(self, work: Callable[[], T], timeout: float = 5.0) -> T:
        """Run this in the exchange's thread and wait for the result. Raises what it raises, or TimeoutError."""
        if threading.current_thread() is self._thread:
            return work()
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # handed to whoever asked
                future.set_exception(error)

        self._queue.put(run)
        return future.result(timeout)

    def _run(self) -> None:
        while True:
            try:
                work = self._queue.get(timeout=max(0.0, self._next_tick - time.monotonic()))
                if work is None:
                    return
                work()
            except queue.Empty:
                pass
            except Exception:  # one broken event must not stop the telephone
                log.exception("the exchange could not work off an event")
            if self._tick_is_due():
                self._guarded(self._tick)
            if self.has_changed:
                self._guarded(self._tell)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("the exchange could not do what follows from an event")

    def _tick_is_due(self) -> bool:
        """Not after every event: a tick looks at all calls and the whole line. But a call that ends closes at once."""
        return time.monotonic() >= self._next_tick or any(call.hung_up for call in self.calls.values())

    def _tick(self) -> None:
        self._next_tick = time.monotonic() + TICK_SECONDS
        closing.tick(self)
        calling_back.tick(self)
        calling_out.tick(self)
        now = self.clock()
        if self.look_again_at and now >= self.look_again_at:
            self.look_again_at = None
            recover.connected(self, {})
        if now >= self._look_around_at:
            self._look_around_at = now + timedelta(seconds=LOOK_AROUND_SECONDS)
            recover.look_around(self)

    def _tell(self) -> None:
        self._board = self.draw()
        changed = self.take_changes()
        for listener in tuple(self._listeners):
            for kind, ref in changed:
                self._guarded(lambda listener=listener, kind=kind, ref=ref: listener(kind, ref))  # type: ignore[misc]

    # ---- what people see
    def board(self) -> Board:
        """Everything that is going on now, as one frozen value."""
        return self._board

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """`listener(kind, id)` is called in the exchange's thread after each change; kind is room, line, operator or
        call. It must return at once. Returns the way to stop listening."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    # ---- what people ask for
    def set_operator(self, name: str, status: Status | str, reason: str = "") -> Operator:
        """An operator says ready, paused or away. Refused for a name without a telephone."""
        return self.ask(lambda: requests.set_operator(self, name, Status(status), reason))

    def add(
        self, room_id: str, *, department: str | None = None, operator: str | None = None, muted: bool = False, by: str
    ) -> Participant:
        """Call a department on the list, or a colleague, into a room. The row comes back at once, state `asked`."""
        return self.ask(
            lambda: requests.invite(self, room_id, department=department, operator=operator, muted=muted, by=by)
        )

    def change(
        self,
        room_id: str,
        leg: str,
        *,
        muted: bool | None = None,
        held: bool | None = None,
        whisper_to: str | EllipsisType | None = ...,
    ) -> Participant:
        """Mute, hold or let whisper. What is not named stays as it is; `whisper_to=None` ends a whisper."""
        return self.ask(lambda: requests.alter(self, room_id, leg, muted, held, whisper_to))

    def call_out(self, call_id: str, number: str, flow: str, values: Mapping[str, str | int], version: str) -> None:
        """Call a citizen and take them through a flow. Asked again with the same id, nothing happens. Refused while
        citizens need the lines, and for a number that must not be called."""
        self.ask(lambda: calling_out.call_out(self, call_id, number, flow, values, version))

    def why_not_call_out(self) -> str:
        """Why no citizen can be called at this moment; "" when one can."""
        return self.ask(lambda: calling_out.why_not(self))

    def remove(self, room_id: str, leg: str) -> None:
        """A participant has to go, or is no longer called. The row changes when they are gone."""
        self.ask(lambda: requests.remove(self, room_id, leg))

    def record(self, room_id: str, state: RecordingState | str) -> RecordingState:
        """Pause the recording of a room (`paused`), or go on with it (`on`). Nothing is recorded before the notice."""
        return self.ask(lambda: requests.set_recording(self, room_id, RecordingState(state)))
