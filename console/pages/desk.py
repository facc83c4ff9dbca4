"""The desk page itself, the department picker, and the pages of single calls."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from console.pages.desk_draft import draft_of, draft_pane, may_see
from console.pages.door import Closed, Door
from console.pages.ports import Ports
from console.pages.render import html, page
from console.pages.suggest import department_reasons

FOUND_SHOWN = 12


def routes(ports: Ports, door: Door) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/desk")
    def desk(request: Request) -> Response:
        """An empty frame: the stream's first message is the whole state, so nothing is rendered twice."""
        viewer = door.staff(request)
        return page("desk.html", viewer=viewer, found=picker(ports, "", ""), departments=ports.city.departments)

    @router.get("/desk/departments")
    def departments(request: Request, q: str = "", room: str = "") -> Response:
        viewer = door.staff(request)
        return HTMLResponse(picker(ports, q[:50], room if may_see(ports, viewer, room) else ""))

    @router.get("/desk/calls/{call_id}/draft")
    def draft(request: Request, call_id: str) -> Response:
        """The draft of an earlier call, back into the pane."""
        if not may_see(ports, door.staff(request), call_id):
            raise Closed(403)
        return HTMLResponse(draft_pane(ports, call_id, ports.cases.of_call(call_id)))

    return router


def picker(ports: Ports, words: str, room_id: str) -> str:
    """Departments as typed; with nothing typed, those that the draft suggests come first, with the reason."""
    reasons = department_reasons(draft_of(ports, room_id), ports.city) if room_id else {}
    found = ports.city.search(words)
    if not words.strip():
        best = list(reasons)
        found = sorted(found, key=lambda d: best.index(d.name) if d.name in reasons else len(best))
    return html("desk/_departments.html", departments=found[:FOUND_SHOWN], more=max(0, len(found) - FOUND_SHOWN),
                q=words, reasons=reasons, room=room_id)  # fmt: skip
