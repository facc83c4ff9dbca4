"""An HTTP server that can be told to behave badly: what networks and other people's software do on a bad day.

How the n-th request is treated is a short text: `ok`; a status with headers (`503 Retry-After=120`, `302 Location=/x`);
`drop` and `hang` before anything was done; `effect then drop`, `effect then hang` after it was done, so that only the
answer is lost; `slow`: done, and answered late; `trickle`: one byte of the answer at a time.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST_BODY = 200_000
REDIRECT = "302 Location=/elsewhere"
FAULTS = {"500": "500", "503": "503", "hang": "hang", "drop": "drop", "redirect": REDIRECT, "slow": "slow",
          "trickle": "trickle", "lost": "effect then drop", "gone": "410"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, the n-th of this server (from 1)."""

    n: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def as_json(value: Any, status: int = 200) -> Reply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, {"Content-Type": "application/json; charset=utf-8"}, body)


def now_and_then(faults: Sequence[str], rate: float, seed: int) -> Callable[[Asked], str]:
    """One of these faults at this rate; the same at every run with the same seed."""
    ways = random.Random(seed)  # noqa: S311 - nobody is to be kept from guessing it
    return lambda _asked: ways.choice(faults) if faults and ways.random() < rate else "ok"


class BadServer:
    """Serves `take` on loopback; `manners` says how each request is treated."""

    def __init__(
        self,
        take: Callable[[Asked], Reply],
        manners: Callable[[Asked], str] = lambda _asked: "ok",
        *,
        port: int = 0,
        hang_seconds: float = 2.0,
    ) -> None:
        self._take, self._manners, self._hang_seconds = take, manners, hang_seconds
        self._count, self._lock = 0, threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="department", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("content-length") or 0)
        if length > LONGEST_BODY:
            handler.send_error(413)
            return
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(length)
        if len(body) < length:
            return  # whoever sent it has died in the middle
        with self._lock:  # whoever chooses sees one request after the other
            self._count += 1
            asked = Asked(self._count, handler.command, handler.path, headers, body)
            how = self._manners(asked)
        self._treat(handler, asked, how)

    def _treat(self, handler: BaseHTTPRequestHandler, asked: Asked, how: str) -> None:
        reply = self._take(asked) if how in ("ok", "slow") or how.startswith("effect") else Reply()
        match how.removeprefix("effect then "):
            case "ok":
                _send(handler, reply)
            case "slow":
                time.sleep(self._hang_seconds)
                _send(handler, reply)
            case "drop":
                handler.connection.shutdown(socket.SHUT_RDWR)
            case "hang":
                time.sleep(self._hang_seconds)
            case "trickle":
                _trickle(handler)
            case _:
                _send(handler, _refusal(how))


def _refusal(how: str) -> Reply:
    status, *headers = how.split()
    return Reply(int(status), dict(header.split("=", 1) for header in headers))


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    with suppress(OSError):  # whoever asked may have gone
        handler.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body)


def _trickle(handler: BaseHTTPRequestHandler) -> None:
    """One byte of the answer's head every 50 ms: a read timeout never fires."""
    with suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 100:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)


def _handler(server: BadServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            server.answer(self)

        do_GET = do_OPTIONS = do_POST

        def log_message(self, *_arguments: object) -> None:
            """What arrives is said by the department itself."""

    return Handler
