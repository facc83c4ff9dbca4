"""The draft of a call: kept while it is typed, and registered as a case."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from console.hub import Viewer
from console.pages import form as forms
from console.pages.desk_draft import draft_pane, may_see, refused_pane
from console.pages.door import Closed, Door
from console.pages.ports import Ports, Refused
from console.pages.render import html, partial


def routes(ports: Ports, door: Door) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/desk/calls/{call_id}/draft")
    async def save(request: Request, call_id: str) -> Response:
        viewer = await run_in_threadpool(door.staff, request)
        sent = forms.read(dict(await request.form()))
        await run_in_threadpool(keep, ports, viewer, call_id, sent)
        return HTMLResponse(html("desk/_saved.html", at=ports.now()))

    @router.post("/desk/calls/{call_id}/case")
    async def case(request: Request, call_id: str) -> Response:
        viewer = await run_in_threadpool(door.staff, request)
        sent = forms.read(dict(await request.form()))
        status, pane = await run_in_threadpool(register, ports, viewer, call_id, sent)
        saved = html("desk/_saved.html", at=ports.now()) if status != 200 and sent.touched else ""
        return HTMLResponse(pane + partial("#saved", saved), status)

    return router


def keep(ports: Ports, viewer: Viewer, call_id: str, sent: forms.Sent) -> None:
    """What was typed, for as long as the call has no case."""
    if not may_see(ports, viewer, call_id):
        raise Closed(403)
    if sent.touched:
        ports.notepad.write(call_id, sent.typed, viewer.name)


def register(ports: Ports, viewer: Viewer, call_id: str, sent: forms.Sent) -> tuple[int, str]:
    """The pane afterwards: the case, or the form with what is missing. What was typed is kept either way."""
    keep(ports, viewer, call_id, sent)
    errors = forms.problems(sent, ports.city)
    if errors:
        return 422, refused_pane(ports, call_id, sent, errors)
    try:
        case = ports.cases.register(forms.new_case(call_id, sent, ports.city), viewer)
    except Refused as refused:
        return 409, refused_pane(ports, call_id, sent, {"summary": str(refused)})
    ports.hub.case(case.no, call_id)
    return 200, draft_pane(ports, call_id, case)
