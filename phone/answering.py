"""Requests of theirs (server transactions, RFC 3261 17.2): each is handed up once, however often it arrives."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from phone.address import split_params
from phone.datagrams import GIVE_UP, T1, T2, Datagrams, Place
from phone.loop import Timer
from phone.sip import Request, Response, SipError, answer


@dataclass(slots=True)
class Answering:
    """One request of theirs and the last thing we said to it (a server transaction)."""

    request: Request
    source: Place
    said: Response | None = None
    timer: Timer | None = None


class Answers:
    """All that one phone has been asked. `on_request` gets every new request."""

    def __init__(self, wire: Datagrams, on_request: Callable[[Answering], None]) -> None:
        self._wire, self._on_request = wire, on_request
        self._open: dict[tuple[str, ...], Answering] = {}

    @property
    def waits(self) -> bool:
        """Is a final answer to an INVITE still without its ACK?"""
        return any(asked.timer for asked in self._open.values())

    def answer(self, asked: Answering, response: Response) -> None:
        """Say this to a request, and again whenever it is repeated. A final answer to INVITE is repeated until ACK."""
        asked.said = response
        self._wire.send(response, asked.source)
        if asked.request.method == "INVITE" and response.status >= 200:
            self._insist(asked, T1, GIVE_UP)

    def settle(self, asked: Answering) -> None:
        """The ACK has come."""
        if asked.timer:
            asked.timer.cancel()
            asked.timer = None
            self._wire.lock.notify_all()

    def _insist(self, asked: Answering, interval: float, left: float) -> None:
        def again() -> None:
            asked.timer = None
            if asked.said and left > 0:
                self._wire.send(asked.said, asked.source)
                self._insist(asked, min(interval * 2, T2), left - interval)

        asked.timer = self._wire.loop.after(interval, self._wire.locked(again))

    def hear(self, request: Request, came_from: Place) -> None:
        key, source = _key(request), _reply_place(request, came_from)
        known = self._open.get(key)
        if request.method == "ACK":
            if known and known.said and known.said.status >= 300:
                self.settle(known)
            else:
                with contextlib.suppress(SipError):
                    self._on_request(Answering(request, source))
        elif known:
            if known.said:
                self._wire.send(known.said, known.source)
        else:
            self._open[key] = asked = Answering(request, source)
            self._wire.loop.after(2 * GIVE_UP, self._wire.locked(lambda: self._forget(key)))
            self._hand_up(asked)

    def _hand_up(self, asked: Answering) -> None:
        try:
            self._on_request(asked)
        except SipError:
            if asked.said is None:
                self.answer(asked, answer(asked.request, 400, to_tag="bad"))

    def _forget(self, key: tuple[str, ...]) -> None:
        """Old requests are forgotten once they are decided; a call may ring for long."""
        asked = self._open.get(key)
        if asked and (asked.said is None or asked.said.status >= 200):
            del self._open[key]
        elif asked:
            self._wire.loop.after(GIVE_UP, self._wire.locked(lambda: self._forget(key)))


def _reply_place(request: Request, source: Place) -> Place:
    """RFC 3261 18.2.2 and RFC 3581: back to where it came from, at the port the sender named unless it said rport."""
    vias = request.every("Via")
    head, params = split_params(vias[0]) if vias else ("", {})
    port = head.rpartition(":")[2]
    named = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0
    return (source[0], named) if "rport" not in params and 0 < named < 65536 else source


def _key(request: Request) -> tuple[str, ...]:
    """What makes a repetition recognisable (RFC 3261 17.2.3)."""
    number, method = request.cseq
    return request.branch, request.call_id, str(number), "INVITE" if method == "ACK" else method
