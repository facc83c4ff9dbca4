"""Seeing who called, by page: a purpose first, then the value once; and the second person's page for tip-offs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from console.hub import Viewer
from console.pages.door import STAFF, Closed, Door
from console.pages.ports import Ports, Refused
from console.pages.render import page
from console.pages.work_records import actor_of

LEADERS = frozenset({"supervisor", "administrator"})
Word = Annotated[str, Form(max_length=200)]


def routes(ports: Ports, door: Door) -> APIRouter:
    reveals = ports.work.reveals
    router = APIRouter(include_in_schema=False)

    @router.post("/desk/cases/{no}/reveals")
    @router.post("/department/cases/{no}/reveals")
    def ask(request: Request, no: str, field: Word = "", purpose: Word = "") -> Response:
        viewer = door.anyone(request)
        home = f"{'/desk' if viewer.role in STAFF else '/department'}/cases"
        try:
            asked = reveals.ask(actor_of(viewer), no, field, purpose.replace("\0", ""))
        except Refused as refused:
            return page("reveal.html", 409, viewer=viewer, no=no, home=home, asked=None, refused=refused)
        return page("reveal.html", viewer=viewer, no=no, home=home, asked=asked, refused=None)

    @router.get("/desk/reveals")
    def waiting(request: Request) -> Response:
        viewer = _leader(door, request)
        return page("reveals.html", viewer=viewer, asked=reveals.waiting(actor_of(viewer)), refused=None)

    @router.post("/desk/reveals/{reveal}/grant")
    def grant(request: Request, reveal: str) -> Response:
        viewer = _leader(door, request)
        try:
            reveals.grant(actor_of(viewer), reveal)
        except Refused as refused:
            return page("reveals.html", 409, viewer=viewer, asked=reveals.waiting(actor_of(viewer)), refused=refused)
        return RedirectResponse("/desk/reveals", 303)

    @router.post("/desk/reveals/{reveal}/open")
    def open_granted(request: Request, reveal: str) -> Response:
        viewer = _leader(door, request)
        try:
            asked = reveals.open(actor_of(viewer), reveal)
        except Refused as refused:
            return page("reveals.html", 409, viewer=viewer, asked=reveals.waiting(actor_of(viewer)), refused=refused)
        return page("reveal.html", viewer=viewer, no=asked.case, home="/desk/cases", asked=asked, refused=None)

    return router


def _leader(door: Door, request: Request) -> Viewer:
    viewer = door.staff(request)
    if viewer.role not in LEADERS:
        raise Closed(403)
    return viewer
