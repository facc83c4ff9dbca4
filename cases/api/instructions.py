"""The instructions of those who govern the city over HTTP: given, reported on, extended, closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import case, instructions
from cases.actor import FRONT, Actor
from cases.api import supervision_answers as answers
from cases.api.bodies import Line, NewCase, Text, confidentiality
from cases.api.cases import IfMatch, Key, etag, version_of
from cases.api.idempotency import once
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.model import CaseRow, InstructionRow
from cases.refusal import Refusal
from cases.words import Urgency


class NewInstruction(BaseModel):
    """`case` names the case it is about; without one, `new_case` is registered for it, as urgent."""

    model_config = ConfigDict(extra="forbid")
    case: Line = ""
    new_case: NewCase | None = None
    said_by: Line
    said_at: AwareDatetime | None = None
    words: Text
    demand: Text = ""
    issuer: Line = ""
    report_by: AwareDatetime | None = None


class Said(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Text


class MoreTime(BaseModel):
    model_config = ConfigDict(extra="forbid")
    until: AwareDatetime
    reason: Text


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["instructions"])
    front = setting.access.some(*FRONT)
    _reading(router, setting, front)

    @router.post("/instructions", status_code=201, summary="Note an instruction (批示)")
    def give(body: NewInstruction, response: Response, key: Key = None, actor: Actor = front) -> dict[str, Any]:
        """On an existing case, or starting one. `issuer` is the login that alone may close or extend it: whoever sends
        this, if they are a supervisor or administrator, else it must be named."""
        with setting.database.session() as session:
            answer = once(session, actor.title, key, body.model_dump(mode="json"), setting.clock(),
                          lambda: _give(session, body, actor, setting))  # fmt: skip
        response.headers["Location"] = f"/api/v1/instructions/{answer['id']}"
        response.headers["ETag"] = etag(answer["version"])
        return answer

    @router.post("/instructions/{key}/reports", status_code=201, summary="Report back to the issuer (回告)")
    def report(
        key: str, body: Said, response: Response, idempotency: Key = None, actor: Actor = front
    ) -> dict[str, Any]:
        def act() -> dict[str, Any]:
            return _stepped(session, key, None, setting,
                            lambda s, row, now: instructions.report(s, row, body.text, actor, now=now))  # fmt: skip

        with setting.database.session() as session:
            answer = once(session, actor.title, idempotency, [key, body.text], setting.clock(), act)
        response.headers["ETag"] = etag(answer["version"])
        return answer

    @router.post("/instructions/{key}/extend", summary="Give more time: the issuer only")
    def extend(
        key: str, body: MoreTime, response: Response, if_match: IfMatch = None, actor: Actor = front
    ) -> dict[str, Any]:
        with setting.database.session() as session:
            answer = _stepped(session, key, version_of(if_match), setting, lambda s, row, now: instructions.extend(
                s, row, body.until, body.reason, actor, now=now))  # fmt: skip
        response.headers["ETag"] = etag(answer["version"])
        return answer

    @router.post("/instructions/{key}/close", summary="Close it (销号): the issuer only, after a report")
    def close(
        key: str, body: Said, response: Response, if_match: IfMatch = None, actor: Actor = front
    ) -> dict[str, Any]:
        with setting.database.session() as session:
            answer = _stepped(session, key, version_of(if_match), setting,
                              lambda s, row, now: instructions.close(s, row, body.text, actor, now=now))  # fmt: skip
        response.headers["ETag"] = etag(answer["version"])
        return answer

    return router


def _reading(router: APIRouter, setting: Setting, front: Any) -> None:
    @router.get("/instructions", summary="List instructions, newest first")
    def list_instructions(
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        state: Literal["open", "closed"] | None = None,
        case: Annotated[str | None, Query(max_length=100)] = None,
        _actor: Actor = front,
    ) -> dict[str, Any]:
        chosen = select(InstructionRow)
        for column, value in ((InstructionRow.state, state), (InstructionRow.case_number, case)):
            chosen = chosen.where(column == value) if value is not None else chosen
        with setting.database.session() as session:
            rows = list(session.scalars(page(chosen, InstructionRow.made_at, InstructionRow.id, cursor, limit)))
            items = [_view(session, row, setting.clock()) for row in rows[:limit]]
        more = cursor_after(rows[limit - 1].made_at, rows[limit - 1].id) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": items, "next": more}

    @router.get("/instructions/{key}", summary="One instruction, with what was reported")
    def read(key: str, response: Response, _actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            row = instructions.find(session, key)
            response.headers["ETag"] = etag(row.version)
            return _view(session, row, setting.clock())


def _give(session: Session, body: NewInstruction, actor: Actor, setting: Setting) -> dict[str, Any]:
    now = setting.clock()
    row = _case(session, body, actor, setting, now)
    made = instructions.give(
        session, row, actor, said_by=body.said_by, words=body.words, demand=body.demand, issuer=body.issuer,
        said_at=body.said_at, report_by=body.report_by, now=now,
    )  # fmt: skip
    return _view(session, made, now)


def _case(session: Session, body: NewInstruction, actor: Actor, setting: Setting, now: datetime) -> CaseRow:
    if body.case:
        return case.find(session, body.case, actor, lock=True)
    new = body.new_case
    if new is None:
        raise Refusal("请写明批示的工单：case（已有工单的编号）或 new_case（新工单）", field="case")
    urgency = Urgency.URGENT if new.urgency is Urgency.ORDINARY else new.urgency
    given = {each.name: getattr(new, each.name) for each in fields(case.Fields) if hasattr(new, each.name)}
    given |= {"urgency": urgency, "confidentiality": confidentiality(new.confidential)}
    return case.register(session, case.Fields(**given), actor, city=setting.city, now=now)


def _stepped(
    session: Session,
    key: str,
    version: int | None,
    setting: Setting,
    step: Callable[[Session, InstructionRow, datetime], InstructionRow],
) -> dict[str, Any]:
    now = setting.clock()
    return _view(session, step(session, instructions.find(session, key, version=version, lock=True), now), now)


def _view(session: Session, row: InstructionRow, now: datetime) -> dict[str, Any]:
    return answers.instruction(row, instructions.events(session, row.id), now)
