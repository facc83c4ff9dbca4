"""What the script of a call asks of the exchange, from its own thread.

A script is short: it takes a citizen through prompts and questions, hands them into a room and ends. When they come
back from the room, another script asks here what became of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ivr import calling_back, calling_out, conduct, opening, requests
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.actions import BookCallback, DialDepartment, JoinLine
from ivr.board import RecordingState
from ivr.call import Kind
from ivr.call_ids import new_call_id
from ivr.ear import Ear, Listen
from ivr.events import CallbackEnded, DialEnded, LineEnded
from ivr.exchange import Exchange
from ivr.legs import Briefing
from ivr.live import LiveCall, Refused, recording_path

log = logging.getLogger(__name__)

T = TypeVar("T")
STINT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class StillWaiting:
    """The citizen is still in the line. `position` is None when it is not time to announce it."""

    position: int | None


Back = LineEnded | DialEnded | StillWaiting


def _with_channel(exchange: Exchange, channel: str) -> LiveCall | None:
    return next((c for c in exchange.calls.values() if c.channel == channel and not c.hung_up), None)


def _somebody_else(call: LiveCall) -> bool:
    """Is anybody in the citizen's room, or on the way there?"""
    room = call.room
    if room is None or room.ended_at:
        return False
    return any(p.leg != call.leg and p.state in rooms.PRESENT | rooms.COMING for p in room.participants)


class Visit:
    """One script's hold on one call, as a context manager: the exchange waits for it before it closes the call."""

    def __init__(self, exchange: Exchange, call: LiveCall) -> None:
        self._x, self._call, self._into_room = exchange, call, False

    @classmethod
    def arrive(
        cls,
        exchange: Exchange,
        *,
        caller: str,
        dialled: str,
        channel: str,
        channel_name: str,
        flow: str = "",
        version: str = "",
    ) -> Visit:
        """A citizen calls. `channel` is Asterisk's unique id, `channel_name` its name."""

        def work() -> LiveCall:
            now = exchange.clock()
            met = _with_channel(exchange, channel)  # when the connection to Asterisk came back at this very moment
            if met is not None:
                return met
            call = LiveCall(new_call_id(now), caller, channel, now)
            exchange.calls[call.id] = call
            exchange.legs.channels[call.leg] = channel_name
            conduct.note(exchange, call, Kind.CALL_STARTED, leg=call.leg, caller=caller, dialled=dialled,
                         channel=channel, flow=flow, version=version)  # fmt: skip
            return call

        return cls(exchange, exchange.ask(work))

    @classmethod
    def back(cls, exchange: Exchange, channel: str) -> Visit | None:
        """A citizen is back from a room. None for a call nobody knows any more: the static path must help."""

        call = exchange.ask(lambda: _with_channel(exchange, channel))
        return cls(exchange, call) if call else None

    def __enter__(self) -> Visit:
        self._x.soon(lambda: setattr(self._call, "scripts", self._call.scripts + 1))
        return self

    def __exit__(self, *_: object) -> None:
        self._x.soon(self._over)

    def _over(self) -> None:
        """What ended the wait after the script had asked for the last time is not left to the end of the stint."""
        self._call.scripts -= 1
        if self._into_room and self._call.outcome is not None:
            conduct.send_on(self._x, self._call)

    def into_room(self) -> None:
        """The script has named the way into the room, and ends."""
        self._into_room = True

    # ---- what a script may do
    @property
    def call_id(self) -> str:
        return self._call.id

    @property
    def caller(self) -> str:
        return self._call.caller

    @property
    def hung_up(self) -> bool:
        return self._call.hung_up

    @property
    def outgoing(self) -> bool:
        """Has a flow called this citizen?"""
        return self._call.outgoing

    def picked_up(self) -> None:
        """The citizen whom we call has answered."""
        self._ask(lambda: calling_out.picked_up(self._x, self._call))

    def note(self, kind: Kind, **data: Any) -> None:
        self._ask(lambda: conduct.note(self._x, self._call, kind, **data))

    def at_node(self, node: str, flow: str, way: str = "") -> None:
        def work() -> None:
            self._call.node = node
            conduct.note(self._x, self._call, Kind.NODE_ENTERED, node=node, flow=flow, way=way)

        self._ask(work)

    def keep_session(self, session: dict[str, Any]) -> None:
        """Remember where the citizen stands in the flow. A disk that refuses costs the memory, never the call."""

        def work() -> None:
            if not self._call.closed:
                self._x.spool.keep_session(self._call.id, session)

        try:
            self._ask(work)
        except OSError as error:
            log.error("call %s: cannot keep its place in the flow (%s)", self._call.id, error.strerror)

    def session(self) -> dict[str, Any] | None:
        return self._x.spool.session(self._call.id)

    def set_recording(self, state: str) -> None:
        """The flow switches the recording on, off, or pauses it. It begins when the citizen enters a room."""
        chosen = {"on": RecordingState.ON, "pause": RecordingState.PAUSED}.get(state, RecordingState.OFF)

        def work() -> None:
            self._call.recording = chosen
            self._x.legs.pause_recording(self._call.leg, chosen is not RecordingState.ON)

        self._ask(work)

    def record_path(self, leg: str | None = None) -> str | None:
        """The file, below the recordings folder, for this citizen's voice. None when the room is not recorded."""
        if self._call.recording is RecordingState.OFF and leg is None:
            return None
        return recording_path(self._call, leg or self._call.leg)

    def message_path(self) -> str:
        """A new file for each message that the citizen leaves in this call."""
        before = sum(e.kind is Kind.RECORDING_STARTED and e.data.get("what") == "message" for e in self._call.events)
        return recording_path(self._call, f"{self._call.leg}-message{before + 1 if before else ''}")

    def ear(self, phrases: Sequence[str], listen: Listen) -> Ear:
        """To listen to what the citizen answers to a question. Without phrases it hears nothing."""
        return Ear(self._x, self._call, phrases, listen)

    def wake(self) -> None:
        """End what the script waits for, from another thread."""
        self._x.soon(lambda: self._x.legs.wake(self._call.leg))

    def wait_in_line(self, wait: JoinLine) -> LineEnded | None:
        """Take a place in the line and a room to wait in. An answer means: do not even wait."""

        def work() -> LineEnded | None:
            now = self._x.clock()
            entry = waiting_line.Waiting(self._call.id, self._call.caller, now, wait.priority, wait.max_wait or None,
                                         **self._place())  # fmt: skip
            joined = waiting_line.join(self._x.line, entry, now)
            if isinstance(joined, str):
                return LineEnded("full" if joined == "full" else "no_operators")
            opening.room(self._x, self._call)
            self._call.wait, self._call.announced_at = wait, now
            conduct.note(self._x, self._call, Kind.LINE_JOINED, priority=wait.priority)
            self._record_started()
            conduct.settle_line(self._x, *joined)
            return None

        return self._ask(work)

    def dial(self, wanted: DialDepartment, briefing: Briefing | None = None) -> DialEnded | None:
        """Call a department into a room of the citizen's own. An answer means: it could not even be tried."""

        def work() -> DialEnded | None:
            before, room = self._call.room, opening.room(self._x, self._call)
            self._call.wait = None
            try:
                requests.invite(self._x, room.id, department=wanted.code, by="flow", seconds=wanted.timeout,
                                briefing=briefing)  # fmt: skip
            except Refused:
                self._call.room = before
                return DialEnded("failed")
            self._record_started()
            return None

        return self._ask(work)

    def book_callback(self, wanted: BookCallback, session: dict[str, Any]) -> CallbackEnded:
        """Keep the citizen's place without the line. `session` is where the callback goes on in the flow."""
        return self._ask(lambda: calling_back.book(self._x, self._call, wanted, session))

    def came_back(self) -> Back:
        """The citizen is back from the room: what has become of the wait?"""

        def work() -> Back:
            call = self._call
            if call.outcome is not None:
                return self._done()
            place = next((p for p in self._x.line.places() if p.call_id == call.id), None)
            if place is not None:
                return StillWaiting(self._announce(place.position))
            if _somebody_else(call):  # it rings, or somebody came at the very moment the citizen's stint was over
                return StillWaiting(None)
            return LineEnded("talked") if call.wait else DialEnded("joined")

        return self._ask(work)

    def may_go_back(self) -> LineEnded | DialEnded | None:
        """After an announcement: an outcome when the wait has ended meanwhile, None to go back into the room."""
        return self._ask(lambda: self._done() if self._call.outcome is not None else None)

    def stint(self) -> int:
        """Seconds in the room until the position is announced, or until our process is looked for again."""
        wait = self._call.wait
        return min(wait.announce_every, STINT_SECONDS) if wait and wait.announce_every else STINT_SECONDS

    def ending(self, reason: str, node: str) -> None:
        """The flow itself ends the call."""

        def work() -> None:
            self._call.because, self._call.node = reason, node

        self._ask(work)

    # ---- parts; in the exchange's thread
    def _done(self) -> LineEnded | DialEnded:
        outcome: LineEnded | DialEnded = self._call.outcome
        self._call.outcome, self._call.wait = None, None
        return outcome

    def _place(self) -> dict[str, Any]:
        """Whoever has booked a callback has the place it keeps; whom a flow has called leaves operators for others."""
        kept = calling_back.kept_place(self._x, self._call.caller)
        spare = self._x.rules.calls.spare_operators if self._call.outgoing else 0
        return {"kept_since": kept.since if kept else None, "spare": spare}

    def _announce(self, position: int) -> int | None:
        wait, now = self._call.wait, self._x.clock()
        since = (now - (self._call.announced_at or now)).total_seconds()
        if not (wait and wait.announce_position and wait.announce_every) or since < wait.announce_every - 1:
            return None
        self._call.announced_at = now
        conduct.note(self._x, self._call, Kind.LINE_ANNOUNCED, position=position)
        return position

    def _record_started(self) -> None:
        if self._call.recording is RecordingState.OFF:
            return
        path = opening.recordings_folder(self._x, self._call)
        if not any(e.kind is Kind.RECORDING_STARTED and e.data["leg"] == self._call.leg for e in self._call.events):
            conduct.note(self._x, self._call, Kind.RECORDING_STARTED, leg=self._call.leg, path=path, what="leg")

    def _ask(self, work: Callable[[], T]) -> T:
        return self._x.ask(work)
