"""Cases over HTTP: register, list, read, correct, take the next step."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from sqlalchemy.orm import Session

from cases import assignment, audit, case, intake
from cases.actor import FRONT, Actor
from cases.api.answers import case_view, timeline
from cases.api.bodies import Correction, NewCase, confidentiality
from cases.api.calls import events_of, live_events
from cases.api.idempotency import once
from cases.api.setting import Setting
from cases.api.step_bodies import Transition
from cases.api.steps import take
from cases.audit_chain import Action
from cases.refusal import NotFound, Refusal

Key = Annotated[str | None, Header(alias="Idempotency-Key")]
IfMatch = Annotated[str | None, Header(alias="If-Match")]


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["cases"])
    front, all_roles = setting.access.some(*FRONT), setting.access.some(*FRONT, departments=True)

    @router.post("/cases", status_code=201, summary="Register a case")
    def register(body: NewCase, response: Response, key: Key = None, actor: Actor = front) -> dict[str, Any]:
        """登记. `code` is for the citizen: with number and code they may ask how far it is."""
        with setting.database.session() as session:
            answer = once(session, actor.title, key, body.model_dump(mode="json"), setting.clock(),
                          lambda: _register(session, body, actor, setting))  # fmt: skip
        response.headers["Location"] = f"/api/v1/cases/{answer['number']}"
        response.headers["ETag"] = etag(answer["version"])
        return answer

    @router.get("/cases/{number}", summary="One case, with its history and receipts")
    def read(number: str, response: Response, actor: Actor = all_roles) -> dict[str, Any]:
        """A department's first look at a case is its receipt 送达."""
        with setting.database.session() as session:
            row = case.find(session, number, actor, lock=not actor.sees_all)
            if not actor.sees_all:
                assignment.arrived(session, row, assignment.own(session, row, actor), now=setting.clock())
            audit.note(session, Action.READ, actor.title, now=setting.clock(), case=number)
            response.headers["ETag"] = etag(row.version)
            return case_view(session, row, actor, setting.city, setting.clock())

    @router.patch("/cases/{number}", summary="Correct a case")
    def correct(
        number: str, body: Correction, response: Response, if_match: IfMatch = None, actor: Actor = front
    ) -> dict[str, Any]:
        """更正, before the case is dispatched or answered. Send the ETag as If-Match, not to undo others' work."""
        changes = body.model_dump(exclude_none=True)
        if (given := changes.pop("confidential", None)) is not None:
            changes["confidentiality"] = confidentiality(given)
        with setting.database.session() as session:
            row = case.find(session, number, actor, version=version_of(if_match), lock=True)
            case.correct(session, row, changes, actor, city=setting.city, now=setting.clock())
            response.headers["ETag"] = etag(row.version)
            return case_view(session, row, actor, setting.city, setting.clock())

    @router.post("/cases/{number}/transitions", summary="Take the next step")
    def step(
        number: str, body: Transition, response: Response, if_match: IfMatch = None, actor: Actor = all_roles
    ) -> dict[str, Any]:
        with setting.database.session() as session:
            row = case.find(session, number, actor, version=version_of(if_match), lock=True)
            take(session, row, body, actor, city=setting.city, now=setting.clock())
            response.headers["ETag"] = etag(row.version)
            return case_view(session, row, actor, setting.city, setting.clock())

    @router.get("/cases/{number}/transitions", summary="What may be done with this case now, by whoever asks")
    def possible(number: str, actor: Actor = all_roles) -> dict[str, Any]:
        with setting.database.session() as session:
            view = case_view(session, case.find(session, number, actor), actor, setting.city, setting.clock())
        shares = {each["id"]: each["possible"] for each in view["assignments"]}
        return {"state": view["state"], "possible": view["possible"], "assignments": shares}

    @router.get("/cases/{number}/timeline", summary="The way of a case in plain words, and where it is now")
    def read_timeline(number: str, actor: Actor = all_roles) -> dict[str, Any]:
        """Two clocks: `citizen_days` runs from the registration and is never stopped; `due_at` is the department's."""
        with setting.database.session() as session:
            return timeline(session, case.find(session, number, actor), actor, setting.city, setting.clock())

    return router


def etag(version: int) -> str:
    return f'"{version}"'


def version_of(if_match: str | None) -> int | None:
    """The version a client has seen; None for `*` or nothing."""
    text = (if_match or "*").removeprefix("W/").strip('" ')
    if text == "*":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal('If-Match 应原样取自 ETag，例如 "3"')
    return int(text)


def _register(session: Session, body: NewCase, actor: Actor, setting: Setting) -> dict[str, Any]:
    now = setting.clock()
    if body.call:
        _check_call(session, body.call, actor, setting)
    names = ("kind", "category", "urgency", "place", "phone", "caller_name", "summary", "text", "accused")
    given = {name: getattr(body, name) for name in names} | {"confidentiality": confidentiality(body.confidential)}
    row = case.register(session, case.Fields(**given), actor, city=setting.city, now=now, call_id=body.call)
    return case_view(session, row, actor, setting.city, setting.clock())


def _check_call(session: Session, call_id: str, actor: Actor, setting: Setting) -> None:
    """The call must be one that this person may know. It may still be going on, and then it is taken in as it is."""
    try:
        events_of(session, call_id, actor, setting)
    except NotFound:
        raise Refusal("没有这通电话的记录；不是来电登记的工单请不要填 call", field="call") from None
    if live := live_events(call_id, setting):
        intake.import_call(session, live)
