"""The page behind the link of an e-mail: read the order, sign for it with one press (签收). No login, works once.

Opening it changes nothing, because mail filters open links. It is complete without JavaScript.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from cases import signing_links
from cases.lifecycle import Impossible
from cases.refusal import Refusal
from cases.sheet import Sheet, sheet_of
from config.city import City
from config.database import Database
from console.pages.render import page


def routes(database: Database, city: City, now: Callable[[], datetime]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/sign/{secret}")
    def read(secret: str) -> Response:
        try:
            with database.session() as session:
                case, share = signing_links.opened(session, secret, now=now())
        except Refusal as refused:
            return _page(refused.status, error=refused.detail)
        return _page(sheet=sheet_of(case, share, city))

    @router.post("/sign/{secret}")
    def sign(secret: str) -> Response:
        try:
            with database.session() as session:
                return _page(signed=signing_links.sign(session, secret, now=now()))
        except (Refusal, Impossible) as refused:
            return _page(404 if isinstance(refused, Refusal) else 409, error=str(refused))

    return router


def _page(status: int = 200, *, sheet: Sheet | None = None, signed: str = "", error: str = "") -> Response:
    return page("signing.html", status, sheet=sheet, signed=signed, error=error)
