"""Something to listen to while the case side looks something up. It ends when there is an answer, or no more time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Timer
from typing import Any

COVER_SECONDS = 0.8  # a shorter silence needs no cover
PAUSE_SECONDS = 2.0  # before it is said again


class _Waker:
    """Wakes whoever is speaking, once, and nobody afterwards: an answer may come minutes too late."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake, self._lock = wake, Lock()
        self._open, self._done = True, False

    def wake(self, _asked: Future[Any] | None = None) -> None:
        with self._lock:
            if self._open and not self._done:
                self._done = True
                self._wake()

    def close(self) -> bool:
        """Has it woken anybody?"""
        with self._lock:
            self._open = False
            return self._done


def cover(asked: Future[Any], seconds: float, say: Callable[[], bool], wake: Callable[[], None]) -> bool:
    """Say it again and again, until `asked` is done or the time is up. `say` tells whether `wake` has cut it short.

    True: a waking is under way that has found nobody speaking.
    """
    until = time.monotonic() + seconds
    if wait([asked], min(COVER_SECONDS, seconds)).done:
        return False
    waker, woken = _Waker(wake), False
    timer = Timer(max(0.0, until - time.monotonic()), waker.wake)
    timer.start()
    asked.add_done_callback(waker.wake)
    try:
        while not (woken or asked.done()) and (left := until - time.monotonic()) > 0:
            woken = say()
            if not woken:
                wait([asked], min(PAUSE_SECONDS, left))
    finally:  # also when the citizen hangs up
        timer.cancel()
        waking = waker.close()
    return waking and not woken
