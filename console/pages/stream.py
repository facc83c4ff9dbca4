"""The desk's event stream, and the API's: the same changes, as fragments of a page or as JSON."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cases.api.access import BEARER
from cases.problem_details import USUAL, documented
from console.hub import Event, Viewer, room_json
from console.pages.door import Door
from console.pages.ports import Ports
from console.pages.presence import Presence
from console.pages.render import message
from console.pages.screen import Screen
from ivr.board import Board

TICK_SECONDS = 5.0
RETRY_MS = 1000
STREAM_HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


def routes(ports: Ports, door: Door, presence: Presence) -> APIRouter:
    router = APIRouter()

    @router.get("/desk/stream", include_in_schema=False)
    async def desk_stream(request: Request) -> Response:
        viewer = await run_in_threadpool(door.staff, request)  # it may wait for the database
        return _sse(door.while_signed_in(request, desk_messages(ports, viewer, presence)))

    @router.post("/desk/pulse", include_in_schema=False)
    async def pulse(request: Request) -> Response:
        """The page answers each tick with this: only a living page can."""
        presence.pulse((await run_in_threadpool(door.staff, request)).name)
        return Response(status_code=204)

    @router.get(
        "/api/v1/events",
        tags=["rooms"],
        summary="What changes, as server-sent events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}, **documented(*USUAL)},
    )
    async def events(request: Request, _documented: Any = BEARER) -> Response:
        """`state` first, or what was missed since `Last-Event-ID`; then `room`, `caption`, `draft`, `case`, `tick` …"""
        viewer = await run_in_threadpool(door.anyone, request)
        messages = json_messages(ports, viewer, request.headers.get("last-event-id", ""))
        return _sse(door.while_signed_in(request, messages))

    return router


def _sse(messages: AsyncGenerator[bytes, None]) -> Response:
    return StreamingResponse(messages, media_type="text/event-stream", headers=STREAM_HEADERS)


class Ticking:
    """When the next tick of a stream is due."""

    def __init__(self, every_seconds: float | None = None) -> None:
        self._every = every_seconds or TICK_SECONDS
        self._next = time.monotonic() + self._every

    def left(self) -> float:
        return max(0.01, self._next - time.monotonic())

    def due(self) -> bool:
        """True once in every period."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._every
        return True


async def desk_messages(ports: Ports, viewer: Viewer, presence: Presence) -> AsyncGenerator[bytes, None]:
    """First the whole state; then what changes; and a tick every few seconds, however much is going on.

    The page answers a tick to show that it is alive, and takes silence for a broken stream.
    """
    listening = ports.hub.subscribe(viewer)
    try:
        with presence.desk(viewer.name):
            screen = Screen(ports, viewer)
            yield f"retry: {RETRY_MS}\n\n".encode() + message(await asyncio.to_thread(screen.full))
            ticking = Ticking()
            while True:
                batch = await listening.next(ticking.left())
                if fragments := await asyncio.to_thread(screen.update, batch):
                    yield message(fragments)
                if ticking.due():
                    yield message("1", "tick")
    finally:
        ports.hub.unsubscribe(listening)


async def json_messages(ports: Ports, viewer: Viewer, last_id: str) -> AsyncGenerator[bytes, None]:
    """Where the listener left off when that is still known, else `event: state` with everything they may see."""
    listening = ports.hub.subscribe(viewer)
    try:
        missed = ports.hub.since(last_id, viewer) if last_id else None
        yield f"retry: {RETRY_MS}\n\n".encode()
        if missed is None:
            yield message(json.dumps(state_json(ports.exchange.board(), viewer), ensure_ascii=False), "state")
        for event in missed or ():
            yield _as_json(event)
        ticking = Ticking()
        while True:
            batch = await listening.next(ticking.left())
            if batch.lost:
                yield message(json.dumps(state_json(ports.exchange.board(), viewer), ensure_ascii=False), "state")
            for event in batch.events:
                yield _as_json(event)
            if ticking.due():
                yield message("{}", "tick")
    finally:
        ports.hub.unsubscribe(listening)


def _as_json(event: Event) -> bytes:
    return message(json.dumps({"room": event.room, **event.data}, ensure_ascii=False), event.kind, event.id)


def state_json(board: Board, viewer: Viewer) -> dict[str, object]:
    """The rooms a viewer may know of, and how many wait. A clerk learns nothing of calls."""
    if viewer.role == "clerk":
        return {"rooms": [], "waiting": 0}
    mine = [r for r in board.rooms if viewer.role == "supervisor" or any(p.name == viewer.name for p in r.participants)]
    return {"rooms": [room_json(r) for r in mine], "waiting": len(board.places)}
