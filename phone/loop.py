"""The one thread that serves all phones of a process: sockets that have something to read, and moments that have come.

A load test holds a hundred legs; a thread for each would spend its time changing threads. Whatever runs here must be
quick and must never wait.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)


class Timer:
    """A moment at which something is to be done, unless cancelled before."""

    __slots__ = ("action", "when")

    def __init__(self, when: float, action: Callable[[], None] | None) -> None:
        self.when = when
        self.action = action

    def cancel(self) -> None:
        self.action = None


class Loop:
    """Sleeps in one `select` until a datagram, a timer or another thread needs it."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self._drain_bell)
        self._soon: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = itertools.count()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="phones", daemon=True)
        self._thread.start()

    @property
    def is_here(self) -> bool:
        """Is the caller running inside the loop? Then it must not wait for it."""
        return threading.current_thread() is self._thread

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def soon(self, action: Callable[[], None]) -> None:
        self._soon.append(action)
        self._ring()

    def at(self, when: float, action: Callable[[], None]) -> Timer:
        """Do it at this monotonic time."""
        timer = Timer(when, action)
        with self._lock:
            heapq.heappush(self._timers, (when, next(self._count), timer))
            first = self._timers[0][2] is timer
        if first and not self.is_here:
            self._ring()
        return timer

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        return self.at(time.monotonic() + seconds, action)

    def watch(self, sock: socket.socket, readable: Callable[[], None]) -> None:
        self.soon(lambda: self._register(sock, readable))

    def close(self, sock: socket.socket) -> None:
        """Stop watching a socket and close it."""
        self.soon(lambda: self._close(sock))

    def _register(self, sock: socket.socket, readable: Callable[[], None]) -> None:
        if sock.fileno() >= 0:
            self._selector.register(sock, selectors.EVENT_READ, readable)

    def _close(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0 and sock.fileno() in self._selector.get_map():
            self._selector.unregister(sock)
        sock.close()

    def _ring(self) -> None:
        if not self.is_here:
            with contextlib.suppress(BlockingIOError):  # full of rings already
                self._rope.send(b"!")

    def _drain_bell(self) -> None:
        self._bell.recv(4096)

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(self._patience()):
                _safely(key.data)
            while self._soon:
                _safely(self._soon.popleft())
            self._fire(time.monotonic())

    def _patience(self) -> float | None:
        """How long nothing will be due."""
        if self._soon:
            return 0
        with self._lock:
            return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _fire(self, now: float) -> None:
        while True:
            with self._lock:
                if not self._timers or self._timers[0][0] > now:
                    return
                timer = heapq.heappop(self._timers)[2]
            action, timer.action = timer.action, None
            if action:
                _safely(action)


def _safely(action: Callable[[], None]) -> None:
    """One phone's mistake must not silence all the others."""
    try:
        action()
    except Exception:
        log.exception("a phone failed in the shared loop")


_shared: Loop | None = None
_shared_lock = threading.Lock()


def shared() -> Loop:
    """The loop of this process, started by the first phone."""
    global _shared
    with _shared_lock:
        if _shared is None or not _shared.is_alive:  # a forked child has no threads
            _shared = Loop()
        return _shared
