"""One call as a script sees it: do something, wait for something, ask what was heard. Knows no SIP message."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from threading import Condition
from types import TracebackType
from typing import Any, Self

from phone import hearing
from phone.callee import CalleeSession
from phone.caller import CallerSession
from phone.datagrams import masked
from phone.rtp import Stream
from phone.session import Session
from phone.voice import read_wav, write_wav

STATES = ("calling", "ringing", "up", "ended")
_WINDOW = 0.4  # seconds of sound that `hears` looks at
_LOOK = 0.05  # and how often


class PhoneError(Exception):
    """The phone could not do what the script asked. Tells what was awaited and the last SIP lines; numbers masked."""


class PhoneCall:
    """`dialled`, `caller` and `display` are users and names as they stand in To/Request-URI and From."""

    def __init__(self, lock: Condition, seen: Iterable[str], direction: str) -> None:
        self.direction = direction  # "out" or "in"
        self.state = "calling" if direction == "out" else "ringing"
        self.dialled = self.caller = self.display = ""
        self.headers: Mapping[str, str] = {}
        self.started_at = time.monotonic()
        self.ringing_at: float | None = None
        self.up_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by = ""  # "us", "them", or "nobody": no answer from the network
        self.status = 0  # the final SIP code; 200 once the call was up
        self.reason = ""  # the Reason header as it came
        self.cause = ""  # the Q.850 cause in it: "17" is busy
        self.when_up: Callable[[PhoneCall], None] | None = None
        self._lock, self._seen = lock, seen
        self._session: Session
        self._stream: Stream
        self._answer_to_hold = 0

    def __repr__(self) -> str:
        return f"<PhoneCall {self.direction} {self.state} {self.status or ''}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def carry(self, session: Session) -> None:
        """What this call is carried by; given by the phone before anything happens."""
        self._session, self._stream = session, session.stream

    # -- what becomes of it (told by the session, under the lock) ----------------------------------------------------

    def rang(self) -> None:
        self.ringing_at = self.ringing_at or time.monotonic()
        self.state = "ringing" if self.state == "calling" else self.state
        self._lock.notify_all()

    def came_up(self) -> None:
        self.state, self.status, self.up_at = "up", 200, time.monotonic()
        self._lock.notify_all()
        if self.when_up:
            self.when_up(self)

    def ended(self, by: str, status: int, reason: str = "", cause: str = "") -> None:
        self.state, self.ended_by, self.ended_at = "ended", by, time.monotonic()
        self.status, self.reason, self.cause = status, reason, cause
        self._lock.notify_all()

    def changed(self, status: int) -> None:
        self._answer_to_hold = status or self._answer_to_hold
        self._lock.notify_all()

    # -- signalling --------------------------------------------------------------------------------------------------

    def answer(self) -> Self:
        with self._lock:
            self._incoming.answer()
        return self

    def ring(self) -> None:
        with self._lock:
            self._incoming.ring()

    def reject(self, status: int = 603, *, reason: str = "") -> None:
        """Say no: 486 busy, 603 refused, 480, 404 … `reason` is a whole Reason header."""
        with self._lock:
            self._incoming.reject(status, reason)

    @property
    def _incoming(self) -> CalleeSession:
        if not isinstance(self._session, CalleeSession):
            raise PhoneError("only a call that came in can be answered or refused")
        return self._session

    def hang_up(self) -> None:
        """BYE, CANCEL or 603, as fits the moment. Nothing when it is over already."""
        with self._lock:
            self._session.hang_up()

    def cancel(self) -> None:
        if not isinstance(self._session, CallerSession):
            raise PhoneError("only a call that went out can be cancelled")
        with self._lock:
            self._session.cancel()

    def abandon(self) -> None:
        """Vanish without a word, as a phone does that loses its network."""
        with self._lock:
            self._session.abandon()

    def hold(self, within: float = 5.0) -> None:
        """Put the other side on hold by re-INVITE sendonly."""
        self._reinvite("sendonly", within)

    def unhold(self, within: float = 5.0) -> None:
        self._reinvite("sendrecv", within)

    @property
    def held_by_them(self) -> bool:
        return self._session.held_by_them

    def _reinvite(self, direction: str, within: float) -> None:
        with self._lock:
            self._answer_to_hold = 0
            self._session.reinvite(direction)
            self._wait(lambda: self._answer_to_hold, within, f"an answer to a re-INVITE {direction}")
            if self._answer_to_hold >= 300:
                raise PhoneError(self._told(f"the re-INVITE was refused with {self._answer_to_hold}"))

    # -- waiting -----------------------------------------------------------------------------------------------------

    def wait_ringing(self, timeout: float = 10.0) -> Self:
        """Until the other side says that it rings (or is up already)."""
        self._await(lambda: self.ringing_at or self.up_at, timeout, "ringing")
        return self

    def wait_up(self, timeout: float = 10.0) -> Self:
        self._await(lambda: self.up_at, timeout, "up")
        return self

    def wait_ended(self, timeout: float = 10.0) -> Self:
        with self._lock:
            self._wait(lambda: self.state == "ended", timeout, "the call to end")
        return self

    def wait_played(self, timeout: float = 60.0) -> None:
        """Until a sound played once has come to its end (or the call is over)."""
        self._wait_or_over(lambda: self._stream.voice.played, timeout, "the sound to end")

    def wait_keys(self, keys: str, timeout: float = 5.0) -> None:
        """Until the keys pressed at the other side contain these."""
        self._wait_or_over(lambda: keys in self.keys, timeout, f"{len(keys)} keys")

    def _await(self, is_true: Callable[[], Any], timeout: float, what: str) -> None:
        """Like `_wait`, but a call that ends instead is an error at once."""
        self._wait_or_over(is_true, timeout, what)
        if not is_true():
            raise PhoneError(self._told(f"the call ended ({self.status}, by {self.ended_by}) while awaiting: {what}"))

    def _wait_or_over(self, is_true: Callable[[], Any], timeout: float, what: str) -> None:
        with self._lock:
            self._wait(lambda: is_true() or self.state == "ended", timeout, what)

    def _wait(self, is_true: Callable[[], Any], timeout: float, what: str) -> None:
        if self._session.wire.loop.is_here:
            raise PhoneError(f"waiting for {what} inside a phone's own callback would stop all phones")
        if not self._lock.wait_for(is_true, timeout):
            raise PhoneError(self._told(f"waited {timeout:g} s in vain for: {what}"))

    def _told(self, problem: str) -> str:
        lines = "\n  ".join(list(self._seen)[-8:])
        return masked(f"{problem}; the call is {self.state}. Last messages:") + f"\n  {lines}"

    # -- speaking ----------------------------------------------------------------------------------------------------

    def play_tone(self, hz: float, level: float = 0.2) -> Self:
        """A tone without end."""
        self._stream.say_tone(hz, level)
        return self

    def play(self, sound: Iterable[int] | str | Path, loop: bool = False) -> Self:
        """Samples, or a WAV file with 8 kHz, 16 bit, one channel."""
        self._stream.say(read_wav(sound) if isinstance(sound, str | Path) else sound, loop=loop)
        return self

    def silence(self) -> Self:
        self._stream.say(())
        return self

    def echo(self) -> Self:
        """Say what is heard."""
        self._stream.echo()
        return self

    def press(self, keys: str, *, wait: bool = True) -> Self:
        """Press keys (RFC 4733), each 120 ms and 100 ms apart; returns when they are sent."""
        self._stream.press(keys)
        if wait and not self._session.wire.loop.is_here:
            self._wait_or_over(lambda: self._stream.voice.pressed, 5 + 0.3 * len(keys), "keys to be sent")
        return self

    # -- hearing -----------------------------------------------------------------------------------------------------

    @staticmethod
    def now() -> float:
        """A mark for `heard_since`."""
        return time.monotonic()

    @property
    def keys(self) -> str:
        """All keys the other side has pressed."""
        return self._stream.keys.keys

    @property
    def heard(self) -> array[int]:
        """All samples since `heard_from`."""
        return self._stream.heard.samples()

    @property
    def heard_from(self) -> float | None:
        """The monotonic time of the first sample."""
        return self._stream.heard.started_at

    def heard_between(self, start: float, end: float) -> array[int]:
        return self._stream.heard.between(start, end)

    def heard_since(self, mark: float) -> array[int]:
        return self._stream.heard.between(mark, time.monotonic())

    def save_heard(self, path: str | Path) -> None:
        write_wav(path, self.heard)

    def hears(
        self, expected: Collection[int], *, within: float = 3.0, among: Collection[int] = hearing.PARTIES
    ) -> bool:
        """Does the call come to hear exactly these tones of all candidates (for 0.4 s on end)?"""
        candidates = set(among) | set(expected)
        return self.comes_to_hear(lambda heard: hearing.tones(heard, candidates) == set(expected), within=within)

    def comes_to_hear(self, is_true: Callable[[array[int]], bool], *, within: float = 3.0) -> bool:
        """Is this true of the last 0.4 s at some moment from now on?"""
        deadline = time.monotonic() + within
        while not is_true(self.heard_since(time.monotonic() - _WINDOW)):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK)
        return True

    def hears_now(self, among: Collection[int] = hearing.PARTIES) -> set[int]:
        """The tones of the last 0.4 s, for messages of failed tests."""
        return hearing.tones(self.heard_since(time.monotonic() - _WINDOW), among)
