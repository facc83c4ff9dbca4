"""Departments: who there is, by which way each hears of its cases, and whether that works.

An administrator decides where a department listens. The department's own system (its API key) may move within that: to
another path or port of the host an administrator has set, or to an address within the networks an administrator has
listed for it. So a stolen key cannot send a city's cases to a stranger. A clerk changes nothing here.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from cases import addresses, audit, endpoints, outbox, trials
from cases.actor import Actor
from cases.addresses import BadAddress, Rules
from cases.api import answers
from cases.api.department_bodies import NewEndpoint, NewKey
from cases.api.setting import Setting
from cases.audit_chain import Action
from cases.model import Endpoint
from cases.refusal import NotFound, Refusal
from cases.words import Channel, Event, Role

ONLY_ADMINISTRATORS = "只有管理员可以设置这些项目：{}"
ELSEWHERE = "承办单位自己只能在管理员设定的主机或允许的网段内更换地址；要换到别处，请联系热线管理员"


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["departments"])
    anybody, readers = setting.access.anybody(), setting.access.some(Role.ADMINISTRATOR, departments=True)

    def _may_change(actor: Actor = readers) -> Actor:
        if actor.role is Role.CLERK:
            raise HTTPException(403, "经办人不能更改接收地址，请联系热线管理员")
        return actor

    changers = Depends(_may_change)

    @router.get("/departments", summary="All departments")
    def list_departments(_actor: Actor = anybody) -> dict[str, Any]:
        each = [{"code": d.code, "name": d.name, "level": d.level.value, "categories": list(d.categories)}
                for d in setting.city.departments]  # fmt: skip
        return {"items": each, "next": None}

    @router.get("/departments/{code}/endpoint", summary="By which way and where a department hears of its cases")
    def read(code: str, actor: Actor = readers) -> dict[str, Any]:
        _check(code, actor, setting)
        with setting.database.session() as session:
            return answers.endpoint(endpoints.endpoint(session, code), code)

    @router.put("/departments/{code}/endpoint", summary="Set by which way and where a department hears of its cases")
    def change(code: str, body: NewEndpoint, actor: Actor = changers) -> dict[str, Any]:
        """Without any secret so far, one is made and returned this once. A department's key moves its address only
        within what an administrator has allowed."""
        _check(code, actor, setting)
        if actor.role is not Role.ADMINISTRATOR and (named := body.for_administrators()):
            raise HTTPException(403, ONLY_ADMINISTRATORS.format("、".join(named)))
        known = _known(code, setting)
        _vet(body, known, actor, setting)
        with setting.database.session() as session:
            answer = _change(session, code, body, actor, setting)
        with setting.database.session() as session:  # of its own: it locks deliveries, and others lock those first
            outbox.hurry(session, code, now=setting.clock())
        return answer

    @router.post("/departments/{code}/endpoint/test", summary="Send a test message to a department")
    def test(code: str, actor: Actor = changers) -> dict[str, Any]:
        """To the address that is set, at once. It counts for nothing, and a receiver should answer 2xx to it."""
        _check(code, actor, setting)
        known = _known(code, setting)
        if known is None or known.channel == Channel.PAGE:
            raise Refusal("这个单位没有设置接收地址；它在网页上办理，无需测试")
        return trials.trial(known, setting.settings)

    @router.post("/departments/{code}/endpoint/keys", status_code=201, summary="Make a new signing key")
    def new_key(code: str, body: NewKey, actor: Actor = changers) -> dict[str, Any]:
        """The key before stays good beside it, until there is a third. A `secret` is shown this once."""
        _check(code, actor, setting)
        with setting.database.session() as session:
            audit.note(session, Action.KEY_MADE, actor.title, now=setting.clock(), department=code, key=body.version)
            if body.version == "v1":
                return {"version": "v1", "secret": endpoints.new_secret(session, code, now=setting.clock())}
            return {"version": "v1a", "public_key": endpoints.new_key_pair(session, code, now=setting.clock())}

    return router


def _check(code: str, actor: Actor, setting: Setting) -> None:
    if setting.city.department(code) is None or (not actor.sees_all and actor.department != code):
        raise NotFound("没有这个承办单位，或者不归您管理")


def _known(code: str, setting: Setting) -> Endpoint | None:
    """In a transaction of its own: a slow name server asked within one would hold everybody up."""
    with setting.database.session() as session:
        return endpoints.endpoint(session, code)


def _vet(body: NewEndpoint, known: Endpoint | None, actor: Actor, setting: Setting) -> None:
    """A bad address is refused here already; a name that does not resolve now may do so later."""
    networks = body.networks if body.networks is not None else list(known.networks) if known else []
    try:
        rules = addresses.rules(setting.settings, networks)
    except BadAddress as problem:
        raise Refusal(str(problem), field="networks") from None
    if body.url is None:
        return
    try:
        target = addresses.parse(body.url)
        found = addresses.resolve(target)
        if found:
            addresses.choose(target, found, rules)
    except BadAddress as problem:
        raise Refusal(str(problem), field="url") from None
    _stays_inside(target, found, known, actor, rules)
    if body.handshake and (refused := trials.handshake(body.url, networks, setting.settings)):
        raise Refusal(refused, field="handshake")


def _stays_inside(
    target: addresses.Target, found: list[addresses.Address], known: Endpoint | None, actor: Actor, rules: Rules
) -> None:
    if actor.role is Role.ADMINISTRATOR or addresses.is_inside(found, rules):
        return
    if not (known and known.approved_host == target.host and target.scheme == "https"):
        raise HTTPException(403, ELSEWHERE)


def _change(session: Session, code: str, body: NewEndpoint, actor: Actor, setting: Setting) -> dict[str, Any]:
    known, now = endpoints.endpoint(session, code), setting.clock()
    networks = body.networks if body.networks is not None else list(known.networks) if known else []
    host, channel = addresses.parse(body.url).host if body.url else "", _channel(body, known)
    approved = host if actor.role is Role.ADMINISTRATOR else None
    given = {"email": body.email, "full_body": body.full_body, "options": _options(body), "approved_host": approved}
    more = {name: value for name, value in given.items() if value is not None}
    # the host alone is noted: a path may hold a secret
    audit.note(session, Action.ENDPOINT, actor.title, now=now, department=code, channel=channel.value, host=host)
    row = endpoints.set_endpoint(session, code, body.url, networks, now=now, channel=channel, **more)
    if endpoints.channel_for(row, Event.DISPATCHED) is not channel:
        raise Refusal("webhook 和 open311 需要 url，email 需要 email", field="channel")
    fresh = ""
    if body.secret:
        endpoints.add_secret(session, code, body.secret, now=now)
    elif not row.secrets and channel is Channel.WEBHOOK:
        fresh = endpoints.new_secret(session, code, now=now)
    return answers.endpoint(row, code) | ({"secret": fresh} if fresh else {})


def _channel(body: NewEndpoint, known: Endpoint | None) -> Channel:
    """As given; else by what there is: the same kind of system at a new URL, an e-mail address, the page."""
    if body.channel is not None:
        return body.channel
    if body.url is not None:
        return Channel.OPEN311 if known and known.channel == Channel.OPEN311 else Channel.WEBHOOK
    return Channel.EMAIL if body.email else Channel.PAGE


def _options(body: NewEndpoint) -> dict[str, Any] | None:
    return body.open311.model_dump() if body.open311 is not None else None
