"""Supervision over HTTP: proposals are issued or dismissed, departments answer, sheets are printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, PlainTextResponse

from cases import case, notice_form, notices
from cases.actor import FRONT, Actor
from cases.api import supervision_answers as answers
from cases.api.bodies import Line, Text
from cases.api.cases import IfMatch, Key, etag, version_of
from cases.api.idempotency import once
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.history import assignments
from cases.lifecycle import GIVEN_UP
from cases.model import CaseRow, SupervisionRow
from cases.refusal import Refusal
from cases.supervision import Level, NoticeState
from cases.words import Part, Progress, Role

_FORM_STYLE = "/api/v1/supervisions/form.css"


class Style(Response):
    media_type = "text/css"


class NewNotice(BaseModel):
    """Supervision started by hand. `department`: the lead when left out."""

    model_config = ConfigDict(extra="forbid")
    case: Line
    department: Line = ""
    level: Level
    reason: Text


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Text


class Answer(BaseModel):
    """`signed_by`: the department's leader who has signed; needed from yellow on."""

    model_config = ConfigDict(extra="forbid")
    answer: Text
    signed_by: Line = ""


class Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ids: Annotated[list[Line], Field(min_length=1, max_length=100)]


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["supervision"])
    _reading(router, setting)
    _deciding(router, setting)
    _printing(router, setting)
    return router


def _reading(router: APIRouter, setting: Setting) -> None:
    readers = setting.access.some(*FRONT, departments=True)

    @router.get("/supervisions", summary="List notices and reminders, newest first")
    def list_notices(
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        level: Level | None = None,
        state: NoticeState | None = None,
        department: Annotated[str | None, Query(max_length=100)] = None,
        case: Annotated[str | None, Query(max_length=100)] = None,
        actor: Actor = readers,
    ) -> dict[str, Any]:
        """A department sees its own, once they are issued."""
        wanted = {"level": level, "state": state, "department": department, "case_number": case}
        chosen, now = _chosen(actor, wanted), setting.clock()
        with setting.database.session() as session:
            rows = list(session.scalars(page(chosen, SupervisionRow.made_at, SupervisionRow.id, cursor, limit)))
        more = cursor_after(rows[limit - 1].made_at, rows[limit - 1].id) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [answers.notice(row, now) for row in rows[:limit]], "next": more}

    @router.get("/supervisions/form.css", response_class=Style, summary="The style of printed notices")
    def style() -> Response:
        return Style(notice_form.STYLE)

    @router.get("/supervisions/{key}", summary="One notice")
    def read(key: str, response: Response, actor: Actor = readers) -> dict[str, Any]:
        with setting.database.session() as session:
            row = notices.find(session, key, actor)
        response.headers["ETag"] = etag(row.version)
        return answers.notice(row, setting.clock())


def _deciding(router: APIRouter, setting: Setting) -> None:
    supervisors = setting.access.some(Role.SUPERVISOR)
    departments = setting.access.some(departments=True)

    @router.post("/supervisions", status_code=201, summary="Start supervision by hand, at any level, with a reason")
    def start(body: NewNotice, response: Response, key: Key = None, actor: Actor = supervisors) -> dict[str, Any]:
        with setting.database.session() as session:
            answer = once(session, actor.title, key, body.model_dump(mode="json"), setting.clock(),
                          lambda: _start(session, body, actor, setting))  # fmt: skip
        response.headers["Location"] = f"/api/v1/supervisions/{answer['id']}"
        response.headers["ETag"] = etag(answer["version"])
        return answer

    @router.post("/supervisions/issue", summary="Sign and issue many proposals at once")
    def issue_many(body: Batch, actor: Actor = supervisors) -> dict[str, Any]:
        """Each by itself: what cannot be issued is told with its reason and holds nothing else up."""
        return {"items": [_issue_one(each, actor, setting) for each in dict.fromkeys(body.ids)], "next": None}

    @router.post("/supervisions/{key}/issue", summary="Sign and issue (签发)")
    def issue(key: str, response: Response, if_match: IfMatch = None, actor: Actor = supervisors) -> dict[str, Any]:
        """Gives the number (文号) and the time for an answer. A censure needs the signatures of two people."""
        return _step(key, if_match, actor, response, setting,
                     lambda s, row: notices.issue(s, row, actor, city=setting.city, now=setting.clock()))  # fmt: skip

    @router.post("/supervisions/{key}/dismiss", summary="Do not issue a proposal, with the reason")
    def dismiss(
        key: str, body: Why, response: Response, if_match: IfMatch = None, actor: Actor = supervisors
    ) -> dict[str, Any]:
        return _step(key, if_match, actor, response, setting,
                     lambda s, row: notices.dismiss(s, row, body.reason, actor, now=setting.clock()))  # fmt: skip

    @router.post("/supervisions/{key}/cancel", summary="Withdraw an issued notice: a second person, with the reason")
    def cancel(
        key: str, body: Why, response: Response, if_match: IfMatch = None, actor: Actor = supervisors
    ) -> dict[str, Any]:
        city, now = setting.city, setting.clock()
        return _step(key, if_match, actor, response, setting,
                     lambda s, row: notices.cancel(s, row, body.reason, actor, city=city, now=now))  # fmt: skip

    @router.post("/supervisions/{key}/answer", summary="The department answers a notice")
    def answer(
        key: str, body: Answer, response: Response, if_match: IfMatch = None, actor: Actor = departments
    ) -> dict[str, Any]:
        now = setting.clock()
        return _step(key, if_match, actor, response, setting,
                     lambda s, row: notices.answer(s, row, body.answer, body.signed_by, actor, now=now))  # fmt: skip


def _printing(router: APIRouter, setting: Setting) -> None:
    readers = setting.access.some(*FRONT, departments=True)

    @router.get(
        "/supervisions/{key}/form",
        summary="The sheet to print and sign",
        response_class=HTMLResponse,
        responses={200: {"content": {"text/plain": {}}}},
    )
    def form(key: str, format: Literal["html", "text"] = "html", actor: Actor = readers) -> Response:
        with setting.database.session() as session:
            row = notices.find(session, key, actor)
            about = session.get_one(CaseRow, row.case_number)
        if format == "text":
            return PlainTextResponse(notice_form.as_text(row, about, setting.city))
        return HTMLResponse(notice_form.as_html(row, about, setting.city, style=_FORM_STYLE, printed_by=actor.title,
                                                now=setting.clock()))  # fmt: skip


def _start(session: Session, body: NewNotice, actor: Actor, setting: Setting) -> dict[str, Any]:
    row = case.find(session, body.case, actor, lock=True)
    mine = [each for each in assignments(session, row.number) if Progress(each.progress) not in GIVEN_UP]
    share = next(
        (s for s in mine if s.department == body.department or (not body.department and s.part == Part.LEAD)), None
    )
    if share is None:
        raise Refusal("这件工单没有派给这个单位；没有派单的工单不能督办", field="department")
    now = setting.clock()
    made = notices.start(session, row, share, body.level, body.reason, actor, city=setting.city, now=now)
    return answers.notice(made, now)


def _issue_one(key: str, actor: Actor, setting: Setting) -> dict[str, Any]:
    try:
        with setting.database.session() as session:
            row = notices.find(session, key, actor, lock=True)
            notices.issue(session, row, actor, city=setting.city, now=setting.clock())
            return {"id": key, "state": row.state, "number": row.number, "problem": None}
    except Refusal as refusal:
        return {"id": key, "state": None, "number": None, "problem": refusal.detail}


def _step(
    key: str,
    if_match: str | None,
    actor: Actor,
    response: Response,
    setting: Setting,
    step: Callable[[Session, SupervisionRow], SupervisionRow],
) -> dict[str, Any]:
    with setting.database.session() as session:
        row = step(session, notices.find(session, key, actor, version=version_of(if_match), lock=True))
        response.headers["ETag"] = etag(row.version)
        return answers.notice(row, setting.clock())


def _chosen(actor: Actor, wanted: dict[str, Any]) -> Select[Any]:
    chosen = select(SupervisionRow)
    if not actor.sees_all:
        seen = SupervisionRow.state.in_(notices.SEEN_BY_DEPARTMENTS)
        chosen = chosen.where(SupervisionRow.department == actor.department, seen)
    for column, value in wanted.items():
        if value is not None:
            chosen = chosen.where(getattr(SupervisionRow, column) == value)
    return chosen
