"""The pages of the hotline, one small file for each screen. Everything they need comes in as `Ports`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, PlainTextResponse, Response

from console.pages import actions, citizen, desk, door, guard, login, register, reveal, stream, visit, work
from console.pages.ports import Ports
from console.pages.presence import GRACE_SECONDS, Presence
from console.pages.render import DIST

_BUILT = re.compile(r"\w[\w.-]{0,99}", re.ASCII)  # a name that esbuild gives
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}  # a built file's name carries its hash


def router(ports: Ports, *, grace_seconds: float = GRACE_SECONDS) -> APIRouter:
    """Every page, the desk's stream and `/api/v1/events`. Its lifespan runs the hub and watches over lost desks."""
    presence = Presence(ports.exchange, grace_seconds)

    @contextlib.asynccontextmanager
    async def life(_app: object) -> AsyncIterator[None]:
        leave = ports.exchange.subscribe(ports.hub.changed)
        ports.hub.start()
        try:
            async with presence.watching():
                yield
        finally:
            leave()
            ports.hub.stop()

    entrance = door.Door(ports)
    all_pages = APIRouter(lifespan=life)
    for one in (
        login.routes(ports, entrance),
        desk.routes(ports, entrance),
        actions.routes(ports, entrance),
        register.routes(ports, entrance),
        work.routes(ports, entrance),
        reveal.routes(ports, entrance),
        stream.routes(ports, entrance, presence),
        citizen.routes(ports),
        visit.routes(ports),
        static(),
    ):
        all_pages.include_router(one)
    return all_pages


def static() -> APIRouter:
    """The built files. Not a mount: the folder may appear only after the server has started."""
    files = APIRouter(include_in_schema=False)

    @files.get("/static/{name}")
    def file(name: str) -> Response:
        path = DIST / name
        if not _BUILT.fullmatch(name) or not path.is_file():
            return PlainTextResponse("没有这个文件。", 404)
        return FileResponse(path, headers=FOREVER)

    return files


def install(app: FastAPI, ports: Ports, *, grace_seconds: float = GRACE_SECONDS) -> None:
    """The pages on an application: routes, refusals, content policy and cross-site guard."""
    app.include_router(router(ports, grace_seconds=grace_seconds))
    app.add_exception_handler(door.Closed, door.closed)
    guard.install(app, ports.public_url)
