"""Logging in and out, and who one is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from cases import people
from cases.actor import Actor
from cases.api.access import address_of
from cases.api.answers import moment
from cases.api.bodies import Login
from cases.api.setting import Setting


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["people"])
    anybody = setting.access.anybody()

    @router.post("/tokens", status_code=201, summary="Log in")
    def log_in(body: Login, request: Request) -> dict[str, Any]:
        """A bearer token that expires. A wrong name and a wrong password get the same answer."""
        address = address_of(request)
        now = setting.clock()
        person = people.log_in(setting.database, body.name, body.password, address, now=now)
        if person is None:
            raise HTTPException(401, "登录名或密码不对", {"WWW-Authenticate": "Bearer"})
        with setting.database.session() as session:
            hours = setting.settings.token_hours
            token, expires_at = people.new_token(session, person, "api", hours=hours, now=now)
        return {"token": token, "token_type": "bearer", "expires_at": moment(expires_at), "name": person.name,
                "role": person.role}  # fmt: skip

    @router.delete("/tokens/current", status_code=204, summary="Log out")
    def log_out(request: Request, _actor: Actor = anybody) -> Response:
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        with setting.database.session() as session:
            people.end_token(session, token)
        return Response(status_code=204)

    @router.get("/users/me", summary="Who am I?")
    def me(actor: Actor = anybody) -> dict[str, Any]:
        role = actor.role.value if actor.role else None
        return {"name": actor.name, "role": role, "department": actor.department}

    return router
