"""Signing in and out. Works without JavaScript; a name, a password, nothing to puzzle over."""

from __future__ import annotations

import contextlib
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from cases.api.access import address_of
from console.pages.door import Closed, Door
from console.pages.ports import Ports, Refused
from console.pages.presence import DESK
from console.pages.render import page
from ivr.board import Status

WRONG = "姓名或密码不对，请重新输入。忘记密码请找管理员重设。"
HOMES = {"clerk": "/department", "supervisor": "/desk", "administrator": "/desk"}


def routes(ports: Ports, door: Door) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def form(next: str = "") -> Response:
        return page("login.html", next=next, name="", error="")

    @router.post("/login")
    def sign_in(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "",
    ) -> Response:
        client = address_of(request)
        try:
            signed_in = ports.people.sign_in(name.strip(), password, client)
        except Refused as refused:
            return page("login.html", 429, next=next, name=name, error=str(refused))
        if signed_in is None:
            return page("login.html", 401, next=next, name=name, error=WRONG)
        home = HOMES.get(signed_in.viewer.role, "/desk")
        answer = RedirectResponse(local_path(next) or home, 303)
        door.let_in(request, answer, signed_in)
        return answer

    @router.post("/logout")
    def sign_out(request: Request) -> Response:
        answer = RedirectResponse("/login", 303)
        leave_the_line(ports, door, request)
        door.let_out(request, answer)
        return answer

    return router


def leave_the_line(ports: Ports, door: Door, request: Request) -> None:
    """Whoever goes home is not sent another call in the seconds until their desk is missed."""
    with contextlib.suppress(Closed, Refused, TimeoutError):
        here = ports.exchange.board().operator(door.anyone(request).name)
        if here and (here.status, here.reason) == (Status.READY, DESK):
            ports.exchange.set_operator(here.name, Status.AWAY)


def local_path(text: str) -> str:
    """Only a path of ours: nobody is to be sent to another site after signing in."""
    ours = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if ours and text.isprintable() else ""
