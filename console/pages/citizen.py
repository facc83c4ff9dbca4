"""What a citizen sees: one box for the number of a case and its code. Complete without JavaScript."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from console.pages.login import local_path
from console.pages.ports import Ports, Refused
from console.pages.render import page

NOT_FOUND = "没有找到这个工单。请核对工单号和查询码，或拨 12345。"


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def start() -> Response:
        return page("citizen.html", no="", error="", city=ports.city.name)

    @router.get("/cases")
    def find(no: str = "", code: str = "") -> Response:
        """The form's way to the address of the case."""
        plain = "".join(c for c in no if c.isalnum() or c == "-")
        if not plain:
            return page("citizen.html", 404, no=no, error=NOT_FOUND, city=ports.city.name)
        return RedirectResponse(local_path(f"/cases/{plain}?code={code.strip()[:20]}") or "/", 303)

    @router.get("/cases/{no}")
    def progress(request: Request, no: str, code: str = "") -> Response:
        """An unknown number and a wrong code look alike, so that nobody can try numbers out; nor codes, for long."""
        try:
            case = ports.cases.for_citizen(no, code, request.client.host if request.client else "")
        except Refused as refused:
            return page("citizen.html", 429, no=no, error=str(refused), city=ports.city.name)
        if case is None:
            return page("citizen.html", 404, no=no, error=NOT_FOUND, city=ports.city.name)
        return page("progress.html", case=case)

    return router
