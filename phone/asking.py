"""Requests of ours (client transactions, RFC 3261 17.1): repeated until answered, with a password when asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from phone import digest
from phone.datagrams import GIVE_UP, T1, T2, Datagrams, Place
from phone.loop import Timer
from phone.sip import Request, Response, answer, serialise

NOBODY = "Nobody Answered"  # the phrase of a 408 that no one sent: we gave up waiting


class Asking:
    """One request of ours on its way (a client transaction)."""

    def __init__(self, request: Request, to: Place, answered: Callable[[Response], None]) -> None:
        self.request, self.to, self.answered = request, to, answered
        self.timer: Timer | None = None
        self.patience: Timer | None = None
        self.ack: Request | None = None  # of a refused INVITE, for its repetitions
        self.done = False
        self.retried: Asking | None = None  # the same with a password

    @property
    def latest(self) -> Asking:
        return self.retried.latest if self.retried else self


class Asks:
    """All that one phone has asked."""

    def __init__(self, wire: Datagrams) -> None:
        self.user, self.password = "", ""
        self._wire = wire
        self._open: dict[tuple[str, str], Asking] = {}

    @property
    def waits(self) -> bool:
        """Is a request still without its answer?"""
        return any(not asking.done for asking in self._open.values())

    def ask(self, request: Request, to: Place, answered: Callable[[Response], None], *, retry: bool = True) -> Asking:
        """Send a request until it is answered. Silence comes as a 408 made by ourselves. Answers a challenge once."""

        def heard(response: Response) -> None:
            again = self._with_password(request, response) if retry and response.status in (401, 407) else None
            if again:
                asking.retried = self.ask(again, to, answered, retry=False)
            else:
                answered(response)

        serialise(request)  # refuses what must not be sent, before anything is remembered of it
        asking = Asking(request, to, heard)
        self._open[request.branch, request.method] = asking
        self._repeat(asking, T1)
        asking.patience = self._wire.loop.after(GIVE_UP, self._wire.locked(lambda: self._give_up(asking)))
        return asking

    def forget(self, asking: Asking) -> None:
        """Stop asking: nobody wants to know any more."""
        asking = asking.latest
        asking.done = True
        for timer in (asking.timer, asking.patience):
            if timer:
                timer.cancel()

    def _repeat(self, asking: Asking, interval: float) -> None:
        self._wire.send(asking.request, asking.to)
        longer = interval * 2 if asking.request.method == "INVITE" else min(interval * 2, T2)
        asking.timer = self._wire.loop.after(interval, self._wire.locked(lambda: self._repeat(asking, longer)))

    def _give_up(self, asking: Asking) -> None:
        if not asking.done:
            self._finish(asking, replace(answer(asking.request, 408), phrase=NOBODY))
        self._open.pop((asking.request.branch, asking.request.method), None)

    def _finish(self, asking: Asking, response: Response) -> None:
        asking.done = True
        if asking.timer:
            asking.timer.cancel()
        asking.answered(response)
        self._wire.lock.notify_all()

    def _with_password(self, request: Request, response: Response) -> Request | None:
        """The same request again with an answer to the challenge, or None when we have none."""
        asks, says = ("WWW-Authenticate", "Authorization")
        if response.status == 407:
            asks, says = ("Proxy-Authenticate", "Proxy-Authorization")
        challenge = digest.choose(value for name, value in response.headers if name.lower() == asks.lower())
        if challenge is None or not self.password:
            return None
        proof = digest.answer(challenge, user=self.user, password=self.password, method=request.method,
                              uri=request.uri, cnonce=secrets.token_hex(8))  # fmt: skip
        number, method = request.cseq
        again = request.with_header("Via", self._wire.via()).with_header("CSeq", f"{number + 1} {method}")
        return again.with_header(says, proof)

    def hear(self, response: Response) -> None:
        asking = self._open.get((response.branch, response.cseq[1]))
        if asking is None:
            return
        if response.status < 200:
            self._hear_provisional(asking, response)
        elif asking.done:
            self._acknowledge_again(asking, response)
        else:
            if asking.request.method == "INVITE" and response.status >= 300:
                asking.ack = _ack_of_refusal(asking.request, response)
                self._wire.send(asking.ack, asking.to)
            self._forget_later(asking)
            self._finish(asking, response)

    def _hear_provisional(self, asking: Asking, response: Response) -> None:
        """An INVITE that is being looked after is not repeated, and may ring for ever."""
        if asking.done:
            return
        if asking.request.method == "INVITE":
            for timer in (asking.timer, asking.patience):
                if timer:
                    timer.cancel()
        asking.answered(response)

    def _acknowledge_again(self, asking: Asking, response: Response) -> None:
        if asking.ack:
            self._wire.send(asking.ack, asking.to)
        elif asking.request.method == "INVITE":
            asking.answered(response)  # a repeated 200: the call repeats its ACK

    def _forget_later(self, asking: Asking) -> None:
        if asking.patience:
            asking.patience.cancel()
        key = asking.request.branch, asking.request.method
        self._wire.loop.after(GIVE_UP, self._wire.locked(lambda: self._open.pop(key, None)))


def _ack_of_refusal(request: Request, response: Response) -> Request:
    """RFC 3261 17.1.1.3: the INVITE's own Via and Route, the response's To."""
    keep = [("Via", request.header("Via")), ("Max-Forwards", "70"), ("From", request.header("From"))]
    keep += [("To", response.header("To")), ("Call-ID", request.call_id), ("CSeq", f"{request.cseq[0]} ACK")]
    routes = [h for h in request.headers if h[0].lower() == "route"]
    return Request((*keep, *routes), b"", "ACK", request.uri)
