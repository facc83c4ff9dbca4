"""Return visits over HTTP: the queue, what to say, what was said; and the citizen's own answer by a link."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import audit, case, visit_links, visits
from cases.actor import FRONT, Actor
from cases.api import visit_answers as answers
from cases.api.access import address_of
from cases.api.bodies import Text
from cases.api.cases import IfMatch, Key, etag, version_of
from cases.api.idempotency import once
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.audit import Action
from cases.model import CaseRow, ReturnVisit
from cases.reasons import Satisfied, Solved, Way
from cases.refusal import Conflict
from cases.return_visit import Answers, Outcome, VisitState
from cases.words import Role


class Said(BaseModel):
    """What the citizen said."""

    model_config = ConfigDict(extra="forbid")
    solved: Solved | None = None
    satisfied: Satisfied | None = None
    contacted: bool | None = None
    true: bool | None = None
    words: Text = ""

    def answers(self) -> Answers:
        return Answers(self.solved, self.satisfied, self.contacted, self.true, self.words)


class Result(Said):
    """What came of a call: the citizen's answers, or an `outcome` when there are none; then `again_at` may say when
    the citizen wishes to be called."""

    outcome: Outcome = Outcome.REACHED
    way: Way = Way.CALL
    again_at: AwareDatetime | None = None


class Promised(BaseModel):
    model_config = ConfigDict(extra="forbid")
    due_at: AwareDatetime


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["return visits"])
    _reading(router, setting)
    _visiting(router, setting)
    _by_link(router, setting)
    return router


def _reading(router: APIRouter, setting: Setting) -> None:
    front = setting.access.some(*FRONT)

    @router.get("/return-visits", summary="The queue of return visits, the most due first")
    def queue(
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        state: VisitState = VisitState.WAITING,
        due_before: AwareDatetime | None = None,
        mine: Annotated[bool, Field(description="Only those that I may make")] = False,
        actor: Actor = front,
    ) -> dict[str, Any]:
        chosen = select(ReturnVisit).where(ReturnVisit.state == state.value)
        if due_before:
            chosen = chosen.where(ReturnVisit.due_at <= due_before)
        if mine:
            chosen = chosen.where(ReturnVisit.not_by != actor.title)
            chosen = chosen if actor.role is Role.SUPERVISOR else chosen.where(ReturnVisit.instruction.is_(False))
        with setting.database.session() as session:
            queued = page(chosen, ReturnVisit.due_at, ReturnVisit.id, cursor, limit, oldest_first=True)
            rows = list(session.scalars(queued))
            cases = session.scalars(select(CaseRow).where(CaseRow.number.in_([each.case_number for each in rows])))
            about = {each.number: each for each in cases}
        more = cursor_after(rows[limit - 1].due_at, rows[limit - 1].id) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [answers.line(each, about[each.case_number], actor) for each in rows[:limit]], "next": more}

    @router.get("/return-visits/{key}", summary="One return visit: whom to call, what to say, what was tried")
    def read(key: str, response: Response, actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            visit, about = visits.find(session, key)
            audit.note(session, Action.READ, actor.title, now=setting.clock(), case=about.number)
            response.headers["ETag"] = etag(visit.version)
            return answers.view(session, visit, about, actor, setting.city)


def _visiting(router: APIRouter, setting: Setting) -> None:
    talks = setting.access.some(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)

    @router.post("/cases/{number}/return-visits", status_code=201, summary="The return visit that this case waits for")
    def begin(number: str, response: Response, actor: Actor = talks) -> dict[str, Any]:
        """The worker opens it anyway; this is for whoever does not want to wait. Asked twice, it is the same one."""
        with setting.database.session() as session:
            row = case.find(session, number, actor, lock=True)
            visit = visits.open_for(session, row, now=setting.clock())
            if visit is None:
                raise Conflict("这件工单现在不需要回访")
            response.headers["ETag"] = etag(visit.version)
            response.headers["Location"] = f"/api/v1/return-visits/{visit.id}"
            return answers.view(session, visit, row, actor, setting.city)

    @router.post("/return-visits/{key}/result", summary="Note the citizen's answers, or that nobody was reached")
    def result(
        key: str,
        body: Result,
        response: Response,
        if_match: IfMatch = None,
        idempotency: Key = None,
        actor: Actor = talks,
    ) -> dict[str, Any]:
        """Unhappy or unsolved: the case goes back to its departments with a new deadline. Not reached: tried again at
        another time; the third time, on the second day, the case is closed, and nobody counts as satisfied."""
        with setting.database.session() as session:
            answer = once(session, actor.title, idempotency, [key, body.model_dump(mode="json")], setting.clock(),
                          lambda: _noted(session, key, body, version_of(if_match), actor, setting))  # fmt: skip
        response.headers["ETag"] = etag(answer["version"])
        return answer

    @router.patch("/return-visits/{key}", summary="Promise another time")
    def put_off(
        key: str, body: Promised, response: Response, if_match: IfMatch = None, actor: Actor = talks
    ) -> dict[str, Any]:
        with setting.database.session() as session:
            visit, about = visits.find(session, key, version=version_of(if_match), lock=True)
            visits.put_off(session, visit, body.due_at, actor, now=setting.clock())
            response.headers["ETag"] = etag(visit.version)
            return answers.view(session, visit, about, actor, setting.city)

    @router.post("/return-visits/{key}/links", status_code=201, summary="A link for the citizen, to be sent to them")
    def link(key: str, response: Response, actor: Actor = talks) -> dict[str, Any]:
        """Shown this once. It is good for seven days and one answer."""
        now = setting.clock()
        with setting.database.session() as session:
            visit, _about = visits.find(session, key, lock=True)
            visits.may_visit(visit, actor)
            url = visit_links.new(session, visit, actor, link_base=setting.settings.link_base, now=now)
        response.headers["Cache-Control"] = "no-store"
        return {"url": url, "expires_at": answers.moment(now + visit_links.LIVES)}


def _by_link(router: APIRouter, setting: Setting) -> None:
    @router.get("/public/visits/{secret}", summary="What a link for a return visit asks")
    def asked(secret: str, request: Request, response: Response) -> dict[str, Any]:
        """Without a login. Neither name nor number is shown. Wrong links are counted by address."""
        response.headers["Cache-Control"] = "private, no-store"
        with visit_links.limited(setting.database, address_of(request), setting.clock()) as session:
            visit, about = visit_links.opened(session, secret, now=setting.clock())
            return answers.for_citizen(session, visit, about, setting.city)

    @router.post("/public/visits/{secret}", summary="Answer by the link, once")
    def say(secret: str, body: Said, request: Request) -> dict[str, Any]:
        with visit_links.limited(setting.database, address_of(request), setting.clock()) as session:
            visit_links.answer(session, secret, body.answers(), city=setting.city, now=setting.clock())
        return {"thanks": "感谢您的评价。"}


def _noted(
    session: Session, key: str, body: Result, version: int | None, actor: Actor, setting: Setting
) -> dict[str, Any]:
    now = setting.clock()
    visit, about = visits.find(session, key, version=version, lock=True)
    if body.outcome is Outcome.REACHED:
        visits.answered(session, visit, about, body.answers(), actor, body.way, city=setting.city, now=now)
    else:
        visits.tried(session, visit, about, body.outcome, actor, body.way, now=now, again_at=body.again_at)
    return answers.view(session, visit, about, actor, setting.city)
