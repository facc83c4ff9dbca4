"""Replies before and after they are submitted: kept while they are written, and looked at. Nothing here decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import assignment, case, reply_facts
from cases.actor import FRONT, Actor
from cases.api.answers import moment
from cases.api.bodies import Line, Text
from cases.api.cases import IfMatch, etag, version_of
from cases.api.setting import Setting
from cases.finding import Checked, Point
from cases.model import AssignmentRow, CaseRow, ReplyDraftRow, insert_new, new_id
from cases.reasons import Solved
from cases.refusal import Conflict, NotFound, Stale
from cases.words import Kind


class Ticked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Line
    answered: bool = False


class Draft(BaseModel):
    """What has been written so far. `text` is for the citizen and the public, `internal` for the hotline only;
    `points`: the citizen's demands, ticked; left out, they are looked for in the text."""

    model_config = ConfigDict(extra="forbid")
    text: Text
    internal: Text = ""
    measures: Text = ""
    solved: Solved | None = None
    kind: Kind | None = None
    evidence: Annotated[int, Field(ge=0, le=1000)] = 0
    points: Annotated[list[Ticked], Field(max_length=50)] | None = None


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["replies"])
    departments = setting.access.some(departments=True)
    front = setting.access.some(*FRONT)

    @router.post(
        "/cases/{number}/reply-drafts", status_code=201, summary="Keep what is written of a reply, and check it"
    )
    def save(
        number: str, body: Draft, response: Response, if_match: IfMatch = None, actor: Actor = departments
    ) -> dict[str, Any]:
        """One draft to a person and case; sent again, it is replaced. Nobody else's step loses it."""
        with setting.database.session() as session:
            row = case.find(session, number, actor)
            draft = _saved(session, row, body, actor, version_of(if_match), setting)
            answer = _view(session, row, draft, actor, setting)
        response.headers["ETag"] = etag(draft.version)
        response.headers["Location"] = f"/api/v1/cases/{row.number}/reply-drafts"
        return answer

    @router.get("/cases/{number}/reply-drafts", summary="My draft of a reply to this case")
    def mine(number: str, actor: Actor = departments) -> dict[str, Any]:
        with setting.database.session() as session:
            row = case.find(session, number, actor)
            found = session.scalars(select(ReplyDraftRow).where(*_own(row.number, actor)))
            return {"items": [_view(session, row, each, actor, setting) for each in found], "next": None}

    @router.post("/reply-drafts/{key}/check", summary="Check a draft that is kept, as the case stands now")
    def check(key: str, actor: Actor = departments) -> dict[str, Any]:
        with setting.database.session() as session:
            draft = session.get(ReplyDraftRow, key)
            if draft is None or draft.author != actor.title:
                raise NotFound("没有这份答复草稿")
            return _checked(session, case.find(session, draft.case_number, actor), draft, actor, setting)

    @router.get("/assignments/{key}/reply-check", summary="Check a reply that was submitted: for the reviewer")
    def review(key: str, actor: Actor = front) -> dict[str, Any]:
        """Findings are reasons to look twice, never a verdict."""
        with setting.database.session() as session:
            share = session.get(AssignmentRow, key)
            if share is None:
                raise NotFound("没有这件承办任务")
            if share.replied_at is None:
                raise Conflict("承办单位还没有答复")
            row = case.find(session, share.case_number, actor)
            written = reply_facts.submitted(session, share)
            found = reply_facts.look_at(session, row, share, written, city=setting.city, now=share.replied_at)
            return _told(row, share, found)

    return router


def _saved(
    session: Session, row: CaseRow, body: Draft, actor: Actor, version: int | None, setting: Setting
) -> ReplyDraftRow:
    share, content, now = assignment.own(session, row, actor), body.model_dump(mode="json"), setting.clock()
    fresh = {"id": new_id(), "case_number": row.number, "author": actor.title, "department": share.department,
             "content": content, "saved_at": now, "version": 1}  # fmt: skip
    if insert_new(session, ReplyDraftRow, [fresh]):
        return session.get_one(ReplyDraftRow, fresh["id"])
    draft = session.scalars(select(ReplyDraftRow).where(*_own(row.number, actor)).with_for_update()).one()
    if version is not None and version != draft.version:
        raise Stale("这份草稿在别的窗口里改过；请先取回，核对后再保存")
    draft.content, draft.saved_at, draft.version = content, now, draft.version + 1
    return draft


def _own(number: str, actor: Actor) -> tuple[Any, ...]:
    return ReplyDraftRow.case_number == number, ReplyDraftRow.author == actor.title


def _view(session: Session, row: CaseRow, draft: ReplyDraftRow, actor: Actor, setting: Setting) -> dict[str, Any]:
    known = {"id": draft.id, "case": row.number, "content": draft.content, "saved_at": moment(draft.saved_at),
             "version": draft.version}  # fmt: skip
    return known | {"check": _checked(session, row, draft, actor, setting)}


def _checked(session: Session, row: CaseRow, draft: ReplyDraftRow, actor: Actor, setting: Setting) -> dict[str, Any]:
    body = Draft.model_validate(draft.content)
    ticked = None if body.points is None else tuple(Point(each.text, each.answered) for each in body.points)
    written = reply_facts.Written(body.text, body.kind, body.solved, body.measures, body.evidence, ticked)
    share = assignment.own(session, row, actor)
    found = reply_facts.look_at(session, row, share, written, city=setting.city, now=setting.clock())
    return _told(row, share, found)


def _told(row: CaseRow, share: AssignmentRow, found: Checked) -> dict[str, Any]:
    return found.to_json() | {"points": [each.text for each in reply_facts.demands(row, share)]}
