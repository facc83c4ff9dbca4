"""Assignments over HTTP: one department's share of a case, its steps, more time for it, and its clock stopped."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import case, extension, pausing
from cases.actor import FRONT, Actor
from cases.api.answers import moment, share_view
from cases.api.cases import IfMatch, Key, etag, version_of
from cases.api.idempotency import once
from cases.api.setting import Setting
from cases.api.step_bodies import Decision, NewExtension, NewPause, Transition
from cases.api.steps import take
from cases.model import AssignmentRow, CaseRow, ExtensionRow
from cases.refusal import NotFound
from cases.words import Role
from config.rules import Limit


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["assignments"])
    everybody = setting.access.some(*FRONT, departments=True)
    theirs = setting.access.some(departments=True)
    deciders = setting.access.some(Role.DISPATCHER, Role.SUPERVISOR)

    def view(session: Session, row: CaseRow, key: str, actor: Actor) -> dict[str, Any]:
        return share_view(session, row, session.get_one(AssignmentRow, key), actor, setting.city, setting.clock())

    @router.get("/assignments/{key}", summary="One department's share of a case")
    def read(key: str, response: Response, actor: Actor = everybody) -> dict[str, Any]:
        with setting.database.session() as session:
            row = _case_of(session, key, actor)
            response.headers["ETag"] = etag(row.version)
            return view(session, row, key, actor)

    @router.get("/assignments/{key}/transitions", summary="What may be done with this share now, by whoever asks")
    def possible(key: str, actor: Actor = everybody) -> dict[str, Any]:
        with setting.database.session() as session:
            share = view(session, _case_of(session, key, actor), key, actor)
        return {"state": share["state"], "possible": share["possible"]}

    @router.post("/assignments/{key}/transitions", summary="Take a step on this share: sign, return, reply, …")
    def step(
        key: str, body: Transition, response: Response, if_match: IfMatch = None, actor: Actor = everybody
    ) -> dict[str, Any]:
        """The ETag is that of the case. The share in the address is the one that is meant."""
        with setting.database.session() as session:
            row = _case_of(session, key, actor, version=version_of(if_match), lock=True)
            take(session, row, body.model_copy(update={"assignment": key}), actor, city=setting.city,
                 now=setting.clock())  # fmt: skip
            response.headers["ETag"] = etag(row.version)
            return view(session, row, key, actor)

    @router.post("/assignments/{key}/extensions", status_code=201, summary="Ask for more time")
    def ask(key: str, body: NewExtension, idempotency: Key = None, actor: Actor = theirs) -> dict[str, Any]:
        """申请延期, before the deadline and within the rule's cap; a dispatcher decides."""
        with setting.database.session() as session:

            def act() -> dict[str, Any]:
                row = _case_of(session, key, actor, lock=True)
                share, more = session.get_one(AssignmentRow, key), Limit(body.amount, body.unit)
                now = setting.clock()
                return _extension(
                    extension.ask(session, row, share, more, body.reason, actor, city=setting.city, now=now)
                )

            return once(session, actor.title, idempotency, [key, body.model_dump(mode="json")], setting.clock(), act)

    @router.get("/extensions", summary="Requests for more time, oldest first")
    def list_extensions(
        open_only: Annotated[bool, Field(description="Only those that wait for a decision")] = True,
        actor: Actor = everybody,
    ) -> dict[str, Any]:
        with setting.database.session() as session:
            return {"items": [_extension(each) for each in extension.listed(session, actor, open_only)], "next": None}

    @router.post("/extensions/{key}/decision", summary="Grant or deny more time")
    def decide(
        key: str, body: Decision, response: Response, if_match: IfMatch = None, actor: Actor = deciders
    ) -> dict[str, Any]:
        """For an instruction (批示件) only its issuer. The citizen sees the new date and the reason."""
        with setting.database.session() as session:
            asked = extension.find(session, key)
            row = case.find(session, asked.case_number, actor, version=version_of(if_match), lock=True)
            extension.decide(session, row, asked, body.granted, body.reason, actor, city=setting.city,
                             now=setting.clock())  # fmt: skip
            response.headers["ETag"] = etag(row.version)
            return _extension(asked) | {"assignment_now": view(session, row, asked.assignment_id, actor)}

    @router.post("/assignments/{key}/pauses", status_code=201, summary="Stop this share's clock until a moment")
    def pause(
        key: str, body: NewPause, response: Response, idempotency: Key = None, actor: Actor = deciders
    ) -> dict[str, Any]:
        """暂停计时. It goes on by itself when that moment comes; the citizen's clock is never stopped."""
        with setting.database.session() as session:

            def act() -> dict[str, Any]:
                row = _case_of(session, key, actor, lock=True)
                share, now = session.get_one(AssignmentRow, key), setting.clock()
                pausing.pause(session, row, share, body.reason, body.until, actor, city=setting.city, now=now)
                return view(session, row, key, actor)

            answer = once(session, actor.title, idempotency, [key, body.model_dump(mode="json")], setting.clock(), act)
        response.headers["ETag"] = etag(answer["version"])
        return answer

    return router


def _case_of(session: Session, key: str, actor: Actor, *, version: int | None = None, lock: bool = False) -> CaseRow:
    """The case of this share, if both are theirs."""
    found = session.execute(
        select(AssignmentRow.case_number, AssignmentRow.department).where(AssignmentRow.id == key)
    ).one_or_none()
    if found is None or (not actor.sees_all and found.department != actor.department):
        raise NotFound("没有这项承办任务，或者它不归您办理")
    return case.find(session, found.case_number, actor, version=version, lock=lock)


def _extension(row: ExtensionRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "case": row.case_number,
        "assignment": row.assignment_id,
        "amount": row.amount,
        "unit": row.unit,
        "reason": row.reason,
        "asked_by": row.asked_by,
        "asked_at": moment(row.asked_at),
        "decision": row.decision,
        "decided_by": row.decided_by,
        "decided_at": moment(row.decided_at),
    }
