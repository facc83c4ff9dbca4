"""SIP over one UDP socket: transactions with their retransmissions (RFC 3261 17), and passwords when asked for one.

A request is answered once by us, however often it arrives; our own requests are repeated until answered.
All state is touched under one lock, shared with the phone above.
"""

from __future__ import annotations

import re
import secrets
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from phone import digest
from phone.loop import Loop, Timer
from phone.sip import COOKIE, MAX_DATAGRAM, Request, Response, SipError, Uri, answer, parse, serialise, split_params

Place = tuple[str, int]
T1, T2, GIVE_UP = 0.5, 4.0, 32.0  # RFC 3261's timers, in seconds

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


@dataclass(slots=True)
class Answering:
    """One request of theirs and the last thing we said to it (a server transaction)."""

    request: Request
    source: Place
    said: Response | None = None
    timer: Timer | None = None


class Wire:
    """The socket of one phone. `on_request` gets every new request, under the lock, in the shared loop."""

    def __init__(
        self, loop: Loop, place: Place, lock: threading.Condition, on_request: Callable[[Answering], None]
    ) -> None:
        self.loop, self.lock, self._on_request = loop, lock, on_request
        self.user, self.password = "", ""
        self.dead = False  # vanished: hears nothing, says nothing
        self.seen: deque[str] = deque(maxlen=30)
        self._asking: dict[tuple[str, str], Asking] = {}
        self._answering: dict[tuple[str, ...], Answering] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(place)
        self._socket.setblocking(False)
        self.host, self.port = self._socket.getsockname()[:2]
        loop.watch(self._socket, self._readable)

    def close(self) -> None:
        self.dead = True
        self.loop.close(self._socket)

    # -- our requests ------------------------------------------------------------------------------------------------

    def via(self) -> str:
        """A Via with a new branch: a new transaction."""
        return f"SIP/2.0/UDP {self.host}:{self.port};branch={COOKIE}{secrets.token_hex(8)};rport"

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
        self._asking[request.branch, request.method] = asking
        self._repeat(asking, T1)
        asking.patience = self.loop.after(GIVE_UP, self.locked(lambda: self._give_up(asking)))
        return asking

    def send(self, message: Request | Response, to: Place) -> None:
        """Once, and no more. UDP may lose it."""
        if self.dead:
            return
        data = serialise(message)
        self._note("->", message)
        try:
            self._socket.sendto(data, to)
        except OSError as problem:
            self.seen.append(f"-> failed: {problem.strerror}")

    def forget(self, asking: Asking) -> None:
        """Stop asking: nobody wants to know any more."""
        asking = asking.latest
        asking.done = True
        for timer in (asking.timer, asking.patience):
            if timer:
                timer.cancel()

    @property
    def waits(self) -> bool:
        """Is a request of ours still without its answer, or an answer of ours without its ACK?"""
        open_answers = any(asked.timer for asked in self._answering.values())
        return open_answers or any(not asking.done for asking in self._asking.values())

    def _repeat(self, asking: Asking, interval: float) -> None:
        self.send(asking.request, asking.to)
        longer = interval * 2 if asking.request.method == "INVITE" else min(interval * 2, T2)
        asking.timer = self.loop.after(interval, self.locked(lambda: self._repeat(asking, longer)))

    def _give_up(self, asking: Asking) -> None:
        if not asking.done:
            self._finish(asking, replace(answer(asking.request, 408), phrase=NOBODY))
        self._asking.pop((asking.request.branch, asking.request.method), None)

    def _finish(self, asking: Asking, response: Response) -> None:
        asking.done = True
        if asking.timer:
            asking.timer.cancel()
        asking.answered(response)
        self.lock.notify_all()

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
        again = request.with_header("Via", self.via()).with_header("CSeq", f"{number + 1} {method}")
        return again.with_header(says, proof)

    def _hear_response(self, response: Response) -> None:
        asking = self._asking.get((response.branch, response.cseq[1]))
        if asking is None:
            return
        if response.status < 200:
            self._hear_provisional(asking, response)
        elif asking.done:
            self._acknowledge_again(asking, response)
        else:
            if asking.request.method == "INVITE" and response.status >= 300:
                asking.ack = _ack_of_refusal(asking.request, response)
                self.send(asking.ack, asking.to)
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
            self.send(asking.ack, asking.to)
        elif asking.request.method == "INVITE":
            asking.answered(response)  # a repeated 200: the call repeats its ACK

    def _forget_later(self, asking: Asking) -> None:
        if asking.patience:
            asking.patience.cancel()
        key = asking.request.branch, asking.request.method
        self.loop.after(GIVE_UP, self.locked(lambda: self._asking.pop(key, None)))

    # -- their requests ----------------------------------------------------------------------------------------------

    def answer(self, asked: Answering, response: Response) -> None:
        """Say this to a request, and again whenever it is repeated. A final answer to INVITE is repeated until ACK."""
        asked.said = response
        self.send(response, asked.source)
        if asked.request.method == "INVITE" and response.status >= 200:
            self._insist(asked, T1, GIVE_UP)

    def settle(self, asked: Answering) -> None:
        """The ACK has come."""
        if asked.timer:
            asked.timer.cancel()
            asked.timer = None
            self.lock.notify_all()

    def _insist(self, asked: Answering, interval: float, left: float) -> None:
        def again() -> None:
            asked.timer = None
            if asked.said and left > 0:
                self.send(asked.said, asked.source)
                self._insist(asked, min(interval * 2, T2), left - interval)

        asked.timer = self.loop.after(interval, self.locked(again))

    def _hear_request(self, request: Request, source: Place) -> None:
        key = _key(request)
        known = self._answering.get(key)
        if request.method == "ACK":
            if known and known.said and known.said.status >= 300:
                self.settle(known)
            else:
                self._on_request(Answering(request, source))
        elif known:
            if known.said:
                self.send(known.said, known.source)
        else:
            self._answering[key] = asked = Answering(request, source)
            self.loop.after(2 * GIVE_UP, self.locked(lambda: self._forget(key)))
            self._hand_up(asked)

    def _hand_up(self, asked: Answering) -> None:
        try:
            self._on_request(asked)
        except SipError:
            if asked.said is None:
                self.answer(asked, answer(asked.request, 400, to_tag="bad"))

    def _forget(self, key: tuple[str, ...]) -> None:
        """Old requests are forgotten once they are decided; a call may ring for long."""
        asked = self._answering.get(key)
        if asked and (asked.said is None or asked.said.status >= 200):
            del self._answering[key]
        elif asked:
            self.loop.after(GIVE_UP, self.locked(lambda: self._forget(key)))

    # -- the socket --------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            data, source = self._socket.recvfrom(MAX_DATAGRAM)
            message = parse(data)
        except (OSError, SipError):
            return  # keep-alives, garbage, or an ICMP error of something sent before
        with self.lock:
            if self.dead:
                return
            self._note("<-", message)
            if isinstance(message, Response):
                self._hear_response(message)
            else:
                self._hear_request(message, _reply_place(message, source))

    def locked(self, action: Callable[[], object]) -> Callable[[], None]:
        """The same action under the lock, and not at all once the phone is gone."""

        def run() -> None:
            with self.lock:
                if not self.dead:
                    action()

        return run

    def _note(self, arrow: str, message: Request | Response) -> None:
        self.seen.append(masked(f"{arrow} {message.first_line} ({message.header('CSeq')})"))


def masked(text: str) -> str:
    """Telephone numbers made unreadable: these lines end up in error messages."""
    return re.sub(r"\d{6,}", "***", text)


def place_of(uri: str) -> Place:
    """Where a request for this URI goes."""
    parsed = Uri.parse(uri)
    try:
        return socket.gethostbyname(parsed.host), parsed.port or 5060
    except (OSError, UnicodeError):
        raise SipError("the URI to send to names no host that is known here") from None


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


def _ack_of_refusal(request: Request, response: Response) -> Request:
    """RFC 3261 17.1.1.3: the INVITE's own Via and Route, the response's To."""
    keep = [("Via", request.header("Via")), ("Max-Forwards", "70"), ("From", request.header("From"))]
    keep += [("To", response.header("To")), ("Call-ID", request.call_id), ("CSeq", f"{request.cseq[0]} ACK")]
    routes = [h for h in request.headers if h[0].lower() == "route"]
    return Request((*keep, *routes), b"", "ACK", request.uri)
