"""What the operator's desk is told, as a programme hears it: `GET /api/v1/events`, server-sent events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from console.demo.told import DemoFailed

START_SECONDS = 10.0
SILENT_SECONDS = 20.0  # the stream ticks every five


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is monotonic."""

    at: float
    kind: str
    data: dict[str, Any]


@dataclass(slots=True)
class Listening:
    """Keeps every event. `tell` is called for each, from the listener's own thread."""

    api: httpx.Client
    tell: Callable[[Event], None] = lambda _event: None
    events: list[Event] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    def start(self) -> None:
        threading.Thread(target=self._listen, name="listening", daemon=True).start()
        if not self.wait(lambda: self.events, START_SECONDS):
            raise DemoFailed("事件流没有开始 (GET /api/v1/events does not begin)")

    def stop(self) -> None:
        self._stopped = True

    def captions(self, since: float = 0.0) -> list[Event]:
        return [e for e in list(self.events) if e.kind == "caption" and e.at >= since]

    def wait(self, is_true: Callable[[], Any], within: float) -> bool:
        """Does this become true of the events in time?"""
        with self._news:
            return bool(self._news.wait_for(is_true, within))

    def _listen(self) -> None:
        timeout = httpx.Timeout(10, read=SILENT_SECONDS)
        try:
            with self.api.stream("GET", "/events", timeout=timeout) as stream:
                for kind, data in messages(stream.iter_lines()):
                    if self._stopped:
                        return
                    self._take(Event(time.monotonic(), kind, data))
        except (httpx.HTTPError, httpx.StreamError):
            return  # whoever waits for something says what was missing

    def _take(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()
        self.tell(event)


def messages(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(event, data) of a stream of server-sent events, as far as this API writes them."""
    kind, data = "message", ""
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and data:
            yield kind, json.loads(data)
        if not line:
            kind, data = "message", ""
        elif name == "event":
            kind = value
        elif name == "data":
            data += value
