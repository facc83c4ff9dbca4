"""What a request may be: at most 1 MB (a file 11 MB), all of it within 20 s (60 s), no NUL in its address.

Asked before any route is.
Whoever sends more, or one byte a second, holds no memory and no place; and no text comes in that a database refuses.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cases.problem_details import problem

LONGEST_BODY = 1_000_000
LONGEST_FILE = 11_000_000  # a file of 10 MB and its envelope, where files are taken
BODY_SECONDS = 20.0


class Limits:
    """ASGI, so that it sees a body piece by piece and leaves event streams alone."""

    def __init__(self, app: ASGIApp, body_seconds: float = BODY_SECONDS) -> None:
        self.app, self.body_seconds = app, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if refused := _refused(scope):
            return await refused(scope, receive, send)
        seconds = self.body_seconds * (3 if longest(scope) > LONGEST_BODY else 1)
        return await self.app(scope, _Body(receive, seconds, longest(scope)).next, send)


class _Body:
    """Counts what comes. What follows a whole body is the end of the connection, and may take as long as it likes."""

    def __init__(
        self, receive: Receive, seconds: float, longest: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._receive, self._longest, self._clock, self._until = receive, longest, clock, clock() + seconds
        self._size, self._whole = 0, False

    async def next(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - self._clock()))
        except TimeoutError:
            raise HTTPException(408) from None
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._size > self._longest:
            raise HTTPException(413, f"内容最多 {self._longest} 字节")
        return message


def _refused(scope: Scope) -> Response | None:
    if b"%00" in scope["query_string"] or "\0" in scope["path"]:
        return problem(400, detail="网址里有不能保存的字符")
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not length.isdigit() or int(length[:20]) > longest(scope):
        return problem(413, detail=f"内容最多 {longest(scope)} 字节")
    return None


def longest(scope: Scope) -> int:
    """How many bytes this request may have."""
    return LONGEST_FILE if scope["path"].endswith("/attachments") else LONGEST_BODY


def install(app: FastAPI, body_seconds: float = BODY_SECONDS) -> None:
    app.add_middleware(Limits, body_seconds=body_seconds)
