"""SIP messages in and out of one UDP socket, with a memory of the last ones for error messages.

All state of a phone is touched under one lock, which is held whenever a message or a moment is handed up from here.
"""

from __future__ import annotations

import re
import secrets
import socket
import threading
from collections import deque
from collections.abc import Callable

from phone.address import Uri
from phone.loop import Loop
from phone.sip import COOKIE, MAX_DATAGRAM, Request, Response, SipError, parse, serialise

Place = tuple[str, int]
Message = Request | Response
T1, T2, GIVE_UP = 0.5, 4.0, 32.0  # RFC 3261's timers, in seconds


class Datagrams:
    """The socket of one phone. `hear` gets every message and where it came from."""

    def __init__(
        self, loop: Loop, place: Place, lock: threading.Condition, hear: Callable[[Message, Place], None]
    ) -> None:
        self.loop, self.lock = loop, lock
        self.dead = False  # vanished: hears nothing, says nothing
        self.seen: deque[str] = deque(maxlen=30)
        self._hear = hear
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(place)
        self._socket.setblocking(False)
        self.host, self.port = self._socket.getsockname()[:2]
        loop.watch(self._socket, self._readable)

    def close(self) -> None:
        self.dead = True
        self.loop.close(self._socket)

    def via(self) -> str:
        """A Via with a new branch: a new transaction."""
        return f"SIP/2.0/UDP {self.host}:{self.port};branch={COOKIE}{secrets.token_hex(8)};rport"

    def send(self, message: Message, to: Place) -> None:
        """Once, and no more. UDP may lose it."""
        if self.dead:
            return
        data = serialise(message)
        self._note("->", message)
        try:
            self._socket.sendto(data, to)
        except OSError as problem:
            self.seen.append(f"-> failed: {problem.strerror}")

    def _readable(self) -> None:
        try:
            data, source = self._socket.recvfrom(MAX_DATAGRAM)
            message = parse(data)
        except (OSError, SipError):
            return  # keep-alives, garbage, or an ICMP error of something sent before
        with self.lock:
            if not self.dead:
                self._note("<-", message)
                self._hear(message, source)

    def locked(self, action: Callable[[], object]) -> Callable[[], None]:
        """The same action under the lock, and not at all once the phone is gone."""

        def run() -> None:
            with self.lock:
                if not self.dead:
                    action()

        return run

    def _note(self, arrow: str, message: Message) -> None:
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
