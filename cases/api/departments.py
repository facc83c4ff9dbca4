"""Departments: who there is, and where their own systems listen."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from cases import addresses, endpoints
from cases.actor import Actor
from cases.api import answers
from cases.api.bodies import NewEndpoint
from cases.api.setting import Setting
from cases.refusal import NotFound, Refusal
from cases.words import Role


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["departments"])
    anybody, theirs = setting.access.anybody(), setting.access.some(Role.ADMINISTRATOR, departments=True)

    @router.get("/departments", summary="All departments")
    def list_departments(_actor: Actor = anybody) -> dict[str, Any]:
        each = [{"code": d.code, "name": d.name, "level": d.level.value, "categories": list(d.categories)}
                for d in setting.city.departments]  # fmt: skip
        return {"items": each, "next": None}

    @router.get("/departments/{code}/endpoint", summary="Where a department's system listens")
    def read(code: str, actor: Actor = theirs) -> dict[str, Any]:
        _check(code, actor, setting)
        with setting.database.session() as session:
            return answers.endpoint(endpoints.endpoint(session, code), code)

    @router.put("/departments/{code}/endpoint", summary="Set where a department's system listens")
    def change(code: str, body: NewEndpoint, actor: Actor = theirs) -> dict[str, Any]:
        """Without any secret so far, one is made and returned this once. Only administrators open private networks."""
        _check(code, actor, setting)
        if body.networks is not None and actor.role is not Role.ADMINISTRATOR:
            raise HTTPException(403, "只有管理员可以设置 networks（允许的内部网段）")
        _vet(body.url, [*_networks(code, body, setting), *setting.settings.reachable_networks])
        with setting.database.session() as session:
            return _change(session, code, body, setting)

    return router


def _check(code: str, actor: Actor, setting: Setting) -> None:
    if setting.city.department(code) is None or (not actor.sees_all and actor.department != code):
        raise NotFound("没有这个承办单位，或者不归您管理")


def _networks(code: str, body: NewEndpoint, setting: Setting) -> list[str]:
    """Those that were sent, else those that are known. In a transaction of its own: a slow name server asked within
    one would hold everybody up."""
    if body.networks is not None:
        return body.networks
    with setting.database.session() as session:
        known = endpoints.endpoint(session, code)
        return list(known.networks) if known else []


def _change(session: Session, code: str, body: NewEndpoint, setting: Setting) -> dict[str, Any]:
    known, now = endpoints.endpoint(session, code), setting.clock()
    networks = body.networks if body.networks is not None else list(known.networks) if known else []
    row = endpoints.set_endpoint(session, code, body.url, networks, now=now)
    fresh = ""
    if body.secret:
        endpoints.add_secret(session, code, body.secret, now=now)
    elif not row.secrets:
        fresh = endpoints.new_secret(session, code, now=now)
    return answers.endpoint(row, code) | ({"secret": fresh} if fresh else {})


def _vet(url: str | None, networks: list[str]) -> None:
    """A bad address is refused here already; a name that does not resolve now may do so later."""
    try:
        allowed = addresses.networks(networks)
    except addresses.BadAddress as problem:
        raise Refusal(str(problem), field="networks") from None
    if url is None:
        return
    try:
        target = addresses.parse(url)
        if found := addresses.resolve(target):
            addresses.choose(target, found, allowed)
    except addresses.BadAddress as problem:
        raise Refusal(str(problem), field="url") from None
