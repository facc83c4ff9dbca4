"""Asterisk's manager interface (AMI): a parser without I/O, and one connection that mends itself.

A small client of ours, not panoramisk or pyst2's manager: the exchange is one plain thread, so a reader thread and a
socket are all it needs; the answer to an action is matched by ActionID and handed on as what it is, a message.
CR, LF and NUL are stripped from every value: a line break inside a value would be a second action.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

Message = dict[str, str]
_UNSAFE = str.maketrans("", "", "\r\n\0")
LARGEST_MESSAGE = 1 << 20
QUIET_SECONDS = 5.0  # then a Ping is sent; as long again without a word, and the connection is dead


def encode(action: str, headers: list[tuple[str, str]]) -> bytes:
    """One action as bytes. Several headers of one name are allowed (`Variable`)."""
    lines = [f"{_clean(name)}: {_clean(value)}" for name, value in (("Action", action), *headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _clean(text: str) -> str:
    return text.translate(_UNSAFE)


class Parser:
    """Bytes in, messages out, however the bytes are cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._greeted = False

    def feed(self, data: bytes) -> Iterator[Message]:
        """Raises ValueError when the peer sends a message without end: it is no Asterisk."""
        self._rest += data
        if not self._greeted:
            greeting, end, after = self._rest.partition(b"\r\n")
            if end:
                self._greeted = True
                if greeting.startswith(b"Asterisk Call Manager"):
                    self._rest = after
        while b"\r\n\r\n" in self._rest:
            block, _, self._rest = self._rest.partition(b"\r\n\r\n")
            yield parse(block)
        if len(self._rest) > LARGEST_MESSAGE:
            raise ValueError("an AMI message of more than 1 MiB")


def parse(block: bytes) -> Message:
    message: Message = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            message[name] = value.strip()
    return message


class Ami:
    """One connection. `on_message` is called from the reader thread with every event and answer, and with
    {"Event": "Connected"} / {"Event": "Disconnected"} of our own."""

    def __init__(
        self,
        address: tuple[str, int],
        user: str,
        secret: str,
        on_message: Callable[[Message], None],
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._address, self._user, self._secret, self._on_message = address, user, secret, on_message
        self._quiet_seconds, self._trouble = quiet_seconds, ""
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, _Answer] = {}
        self._thread = threading.Thread(target=self._run, name="ami", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._close()
        if self._thread.ident is not None:  # it was started
            self._thread.join(5)

    @property
    def connected(self) -> bool:
        return self._socket is not None

    def send(self, action: str, *headers: tuple[str, str], action_id: str | None = None) -> bool:
        """Send without waiting. False when there is no connection: nothing was sent."""
        data = encode(action, [("ActionID", action_id or f"n{next(self._numbers)}"), *headers])
        with self._lock:
            if self._socket is None:
                return False
            try:
                self._socket.sendall(data)
            except OSError:  # perhaps half an action is out: nothing may follow it
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                return False
        return True

    def ask(self, action: str, *headers: tuple[str, str], timeout: float = 5.0) -> list[Message]:
        """Send and wait for the answer, with the events of its list if it has one. Not from the reader thread.

        Raises TimeoutError when nothing came, ConnectionError when nothing could be sent.
        """
        action_id = f"a{next(self._numbers)}"
        answer = self._waiting[action_id] = _Answer()
        try:
            if not self.send(action, *headers, action_id=action_id):
                raise ConnectionError("no connection to Asterisk's manager interface")
            if not answer.done.wait(timeout):
                raise TimeoutError(f"Asterisk did not answer {action} within {timeout:g} s")
        finally:
            del self._waiting[action_id]
        return answer.messages

    # ---- the reader thread
    def _run(self) -> None:
        wait = 0.1
        while not self._stop.is_set():
            try:
                self._connect()
                wait = 0.1
                self._read()
            except (OSError, ValueError) as error:
                if not self._stop.is_set():
                    self._complain(str(error))
            if self._close() and not self._stop.is_set():
                self._on_message({"Event": "Disconnected"})
            self._stop.wait(wait)
            wait = min(wait * 2, 2.0)

    def _complain(self, trouble: str) -> None:
        """Once for each trouble: it is tried again and again."""
        log.log(logging.DEBUG if trouble == self._trouble else logging.WARNING, "Asterisk's manager: %s", trouble)
        self._trouble = trouble

    def _connect(self) -> None:
        connection = socket.create_connection(self._address, timeout=5)
        try:
            self._parser = Parser()
            connection.sendall(
                encode("Login", [("ActionID", "login"), ("Username", self._user), ("Secret", self._secret)])
            )
            if not self._logged_in(connection):
                raise ConnectionError("Asterisk's manager interface refused our login")
            connection.settimeout(self._quiet_seconds)  # for reading, and so that a sender is never stuck
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._socket, self._trouble = connection, ""
        self._on_message({"Event": "Connected"})

    def _logged_in(self, connection: socket.socket) -> bool:
        while data := connection.recv(65536):
            for message in self._parser.feed(data):
                if message.get("ActionID") == "login":
                    return message.get("Response") == "Success"
        return False

    def _read(self) -> None:
        """Until the connection ends. Raises ConnectionError when Asterisk says nothing, not even to a Ping."""
        connection, asked = self._socket, False
        while connection is not None:
            try:
                data = connection.recv(65536)
            except TimeoutError:
                if asked:
                    raise ConnectionError("it does not answer any more") from None
                asked = self.send("Ping")
                continue
            if not data:
                return
            asked = False
            for message in self._parser.feed(data):
                self._hand_on(message)

    def _hand_on(self, message: Message) -> None:
        answer = self._waiting.get(message.get("ActionID", ""))
        if answer is not None:
            answer.take(message)
        else:
            self._on_message(message)

    def _close(self) -> bool:
        with self._lock:
            connection, self._socket = self._socket, None
        if connection is None:
            return False
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)  # wakes the reader; close() alone does not
        connection.close()
        return True


class _Answer:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.done = threading.Event()

    def take(self, message: Message) -> None:
        self.messages.append(message)
        listing = message.get("EventList", "").lower()
        if ("Response" in message and listing != "start") or listing in ("complete", "cancelled"):
            self.done.set()
