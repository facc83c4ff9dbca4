"""The knowledge base over HTTP: everybody at the hotline searches it, those who lead write it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from cases import knowledge
from cases.actor import FRONT, Actor
from cases.api.answers import moment
from cases.api.bodies import NO_NUL, Line, Text
from cases.api.cases import IfMatch, Key, etag, version_of
from cases.api.idempotency import once
from cases.api.setting import Setting
from cases.deadlines import CITY_TIME
from cases.model import KnowledgeEntry
from cases.words import Role


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: Line
    answer: Text
    category: Line
    owner: Annotated[str, Field(max_length=200, pattern=NO_NUL, description="The department that answers for it")]
    review_on: Annotated[date, Field(description="By when somebody has to look at it again")]
    legal_basis: Line = ""

    @property
    def content(self) -> knowledge.Content:
        return knowledge.Content(**self.model_dump())


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["knowledge"])
    front = setting.access.some(*FRONT)
    writers = setting.access.some(Role.SUPERVISOR, Role.ADMINISTRATOR)

    @router.get("/knowledge", summary="Find answers")
    def search(
        q: Annotated[str, Query(max_length=100, description="Words, two characters are enough")] = "",
        past_review: Annotated[bool, Query(description="Only what should have been looked at again")] = False,
        _actor: Actor = front,
    ) -> dict[str, Any]:
        today = setting.clock().astimezone(CITY_TIME).date()
        with setting.database.session() as session:
            found = knowledge.search(session, q, past_review=today if past_review else None)
            return {"items": [_shown(each, today) for each in found], "next": None}

    @router.get("/knowledge/{key}", summary="One answer")
    def read(key: str, response: Response, _actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            return _told(knowledge.find(session, key), response)

    @router.post("/knowledge", status_code=201, summary="Write an answer down")
    def add(body: Entry, response: Response, key: Key = None, actor: Actor = writers) -> dict[str, Any]:
        def make() -> dict[str, Any]:
            made = knowledge.add(session, body.content, actor.title, city=setting.city, now=setting.clock())
            return _told(made, response)

        with setting.database.session() as session:
            return once(session, actor.title, key, body.model_dump(mode="json"), setting.clock(), make)

    @router.put("/knowledge/{key}", summary="Change an answer, or bring a withdrawn one back")
    def change(
        key: str, body: Entry, response: Response, if_match: IfMatch = None, actor: Actor = writers
    ) -> dict[str, Any]:
        with setting.database.session() as session:
            changed = knowledge.change(session, key, body.content, actor.title, version=version_of(if_match),
                                       city=setting.city, now=setting.clock())  # fmt: skip
            return _told(changed, response)

    @router.delete("/knowledge/{key}", status_code=204, summary="Withdraw an answer")
    def withdraw(key: str, actor: Actor = writers) -> None:
        with setting.database.session() as session:
            knowledge.withdraw(session, key, actor.title, now=setting.clock())

    @router.post("/knowledge/{key}/unhelpful", summary="Say that an answer did not help")
    def unhelpful(key: str, response: Response, _actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            return _told(knowledge.unhelpful(session, key), response)

    def _told(row: KnowledgeEntry, response: Response) -> dict[str, Any]:
        response.headers["ETag"] = etag(row.version)
        return _shown(row, setting.clock().astimezone(CITY_TIME).date())

    return router


def _shown(row: KnowledgeEntry, today: date) -> dict[str, Any]:
    names = ("id", "title", "answer", "category", "owner", "legal_basis", "used", "unhelpful", "withdrawn", "version")
    return {name: getattr(row, name) for name in names} | {
        "review_on": row.review_on.isoformat(),
        "past_review": row.review_on < today,
        "changed_by": row.changed_by,
        "changed_at": moment(row.changed_at),
    }
