"""An operator whose desk has gone must not be sent calls: the line withdraws them, and takes them back on return.

A desk is there while its stream is open and its page answers the ticks (a hung computer keeps a connection open for
minutes). Only operators whom the desk itself made ready are touched: READY with the reason DESK is its mark, which
outlives a restart because the exchange keeps it. Whoever works with a desk telephone or the API alone is left alone,
and whoever comes back the next morning is not sent calls unasked.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator

from console.pages.ports import Exchange, Refused
from ivr.board import Status

DESK = "话务台"
DESK_LOST = "话务台断开"
GRACE_SECONDS = 15.0
RETURN_WITHIN_SECONDS = 1800.0


class Presence:
    """Belongs to the event loop; the exchange is called in a thread."""

    def __init__(
        self, exchange: Exchange, grace_seconds: float = GRACE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._exchange, self._grace, self._clock = exchange, grace_seconds, clock
        self._streams: Counter[str] = Counter()
        self._seen: dict[str, float] = {}
        self._started = clock()
        self._withdrawn: dict[str, float] = {}

    @contextlib.contextmanager
    def desk(self, name: str) -> Iterator[None]:
        """While an operator's stream is open."""
        self._streams[name] += 1
        self.pulse(name)
        try:
            yield
        finally:
            self._streams[name] -= 1
            self.pulse(name)

    def pulse(self, name: str) -> None:
        """The page has just shown that it is alive."""
        self._seen[name] = self._clock()

    def here(self, name: str) -> bool:
        """Heard of within the grace time. After our own start everybody gets the grace time to come back."""
        return self._clock() - self._seen.get(name, self._started) <= self._grace

    def open(self, name: str) -> bool:
        return self._streams[name] > 0 and self.here(name)

    def sweep(self) -> None:
        """Withdraw the operators whose desks are gone, take back those whose desks have come again."""
        for operator in self._exchange.board().operators:
            says = (operator.status, operator.reason)
            with contextlib.suppress(Refused, TimeoutError):
                if says == (Status.READY, DESK) and not self.here(operator.name):
                    self._withdrawn[operator.name] = self._clock()
                    self._exchange.set_operator(operator.name, Status.PAUSED, DESK_LOST)
                elif says == (Status.PAUSED, DESK_LOST) and self.open(operator.name) and self._lately(operator.name):
                    self._exchange.set_operator(operator.name, Status.READY, DESK)

    def _lately(self, name: str) -> bool:
        return self._clock() - self._withdrawn.get(name, self._started) <= RETURN_WITHIN_SECONDS

    async def watch(self, every_seconds: float = 1.0) -> None:
        while True:
            await asyncio.sleep(every_seconds)
            await asyncio.to_thread(self.sweep)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.watch(min(1.0, self._grace / 3)))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
