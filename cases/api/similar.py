"""Beside a case: which are like it, merging, and whom to send it to. For those who register and dispatch."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from cases import akin, case, merging, repeating
from cases.actor import FRONT, Actor
from cases.api.answers import case_line, case_view
from cases.api.bodies import Line, Number, Text
from cases.api.cases import IfMatch, etag, version_of
from cases.api.setting import Setting
from cases.dispatch_help import Help, dispatch_help
from cases.model import CaseRow
from cases.refusal import Refusal
from cases.similar import Likeness, Matter, matter
from cases.words import Role
from config.city import City

AtMost = Annotated[int, Query(ge=1, le=50, description="How many at most")]


class Typed(BaseModel):
    """What stands in the form so far."""

    category: Line = ""
    place: Line = ""
    summary: Line = ""
    text: Text = ""
    phone: Number = ""


class Merge(BaseModel):
    """`into`: the number of the case that is worked on."""

    into: Number


class Repeat(BaseModel):
    """`number`: the earlier case; null: it repeats none."""

    number: Number | None


class Unmerge(BaseModel):
    reason: Line


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["cases"])
    front, decides = setting.access.some(*FRONT), setting.access.some(Role.DISPATCHER, Role.SUPERVISOR)

    @router.post("/cases/similar", summary="Cases like what is being typed")
    def like_typed(body: Typed, limit: AtMost = 5, actor: Actor = front) -> dict[str, Any]:
        """Creates nothing. Send it again whenever the form has changed."""
        if not any((body.place, body.summary, body.text, body.phone)):
            raise Refusal("请至少填一项：place、summary、text 或 phone", field="summary")
        new = matter(setting.city, **body.model_dump(), at=setting.clock())
        with setting.database.session() as session:
            return _similar(session, new, setting.city, actor, limit)

    @router.get("/cases/{number}/similar", summary="Cases like this one, the most alike first")
    def like_case(number: str, limit: AtMost = 10, actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            row = case.find(session, number, actor)
            found = _similar(session, akin.matter_of(row, setting.city), setting.city, actor, limit, but=number)
            return found | {"repeat_of": repeating.earlier_of(session, number)}

    @router.put("/cases/{number}/repeat-of", summary="Say which earlier case this one repeats")
    def repeat_of(number: str, body: Repeat, actor: Actor = front) -> dict[str, Any]:
        """重复投诉. `GET /cases/{number}/similar` proposes; a person decides."""
        with setting.database.session() as session:
            repeating.link(session, number, body.number, actor, now=setting.clock())
        return {"number": number, "repeat_of": body.number}

    @router.get("/cases/{number}/suggestions", summary="Which departments should lead and assist, and why")
    def suggestions(number: str, actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            row = case.find(session, number, actor)
            return _help(dispatch_help(session, row, setting.city, setting.clock()), setting.city)

    @router.get("/cases/{number}/merged", summary="The cases that were merged into this one")
    def merged(number: str, actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            case.find(session, number, actor)
            rows = [session.get_one(CaseRow, each) for each in merging.followers(session, number)]
        return {"items": [case_line(row, actor) for row in rows], "next": None}

    @router.post("/cases/{number}/merge", summary="Merge this case into another")
    def merge(
        number: str, body: Merge, response: Response, if_match: IfMatch = None, actor: Actor = decides
    ) -> dict[str, Any]:
        """并单. Its citizen keeps the number, is told, and is called for a return visit like the other."""
        with setting.database.session() as session:
            version, now = version_of(if_match), setting.clock()
            row, _ = merging.merge(session, number, body.into, actor, now=now, version=version)
            response.headers["ETag"] = etag(row.version)
            return case_view(session, row, actor, setting.city, now)

    @router.post("/cases/{number}/unmerge", summary="Let this case stand by itself again")
    def unmerge(
        number: str, body: Unmerge, response: Response, if_match: IfMatch = None, actor: Actor = decides
    ) -> dict[str, Any]:
        with setting.database.session() as session:
            version, now = version_of(if_match), setting.clock()
            row, _ = merging.unmerge(session, number, body.reason, actor, now=now, version=version)
            response.headers["ETag"] = etag(row.version)
            return case_view(session, row, actor, setting.city, now)

    return router


def _similar(session: Session, new: Matter, city: City, actor: Actor, limit: int, *, but: str = "") -> dict[str, Any]:
    found = akin.akin(session, new, city, but=but, limit=limit)
    return {"items": [case_line(row, actor) | _how(how) for row, how in found], "next": None}


def _how(how: Likeness) -> dict[str, Any]:
    return {"relation": how.relation.value, "relation_label": how.relation.label, "score": how.score,
            "reasons": list(how.reasons)}  # fmt: skip


def _help(found: Help, city: City) -> dict[str, Any]:
    def name(code: str) -> str:
        return getattr(city.department(code), "name", code)

    items = [
        {
            "department": each.department,
            "department_name": name(each.department),
            "part": each.part.value,
            "part_label": each.part.label,
            "score": each.score,
            "reasons": [{"why": c.why.value, "why_label": c.why.label, "reason": c.reason} for c in each.claims],
        }
        for each in found.suggested
    ]
    excluded = [{"department": c, "department_name": name(c), "reason": why} for c, why in found.excluded.items()]
    return {"items": items, "excluded": excluded, "doubts": list(found.doubts), "next": None}
