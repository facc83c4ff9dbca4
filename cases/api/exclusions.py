"""Exclusions (剔除) and appeals (考核申诉), and rankings as they were published, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from cases import case, exclusions, ranking_publication, report_facts
from cases.actor import Actor
from cases.api import report_answers as answers
from cases.api.idempotency import once
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.report_asked import asked_period
from cases.api.reports import LEADING
from cases.api.setting import Setting
from cases.figures.period import Period
from cases.model import ExclusionRow
from cases.ranking import ranking
from cases.words import Role

Words = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class NewExclusion(BaseModel):
    """`figure` left out: the case should count in none."""

    model_config = ConfigDict(extra="forbid")
    case: Name
    figure: Name = ""
    reason: Words


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid")
    granted: bool
    because: Words


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["reports"])
    deciding = setting.access.some(Role.SUPERVISOR, Role.ADMINISTRATOR)
    concerned, period = setting.access.some(*LEADING, departments=True), asked_period(setting.clock)

    @router.post("/reports/exclusions", status_code=201, summary="Ask for a case not to count")
    def ask(
        body: NewExclusion,
        actor: Actor = concerned,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """剔除申请; of a department about its own case: 考核申诉. Somebody else decides."""
        now = setting.clock()
        with setting.database.session() as session:

            def make() -> dict[str, Any]:
                row = case.find(session, body.case, actor, lock=True)
                return answers.exclusion(exclusions.ask(session, row, body.figure, body.reason, actor, now=now))

            return once(session, actor.title, idempotency_key, body.model_dump(), now, make)

    @router.get("/reports/exclusions", summary="What was asked not to count, newest first")
    def list_exclusions(
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        decided: Annotated[bool | None, Query(description="false: waiting for a decision")] = None,
        actor: Actor = concerned,
    ) -> dict[str, Any]:
        chosen = select(ExclusionRow)
        if not actor.sees_all:
            chosen = chosen.where(ExclusionRow.department == actor.department)
        if decided is not None:
            chosen = chosen.where(ExclusionRow.granted.is_not(None) if decided else ExclusionRow.granted.is_(None))
        with setting.database.session() as session:
            rows = list(session.scalars(page(chosen, ExclusionRow.asked_at, ExclusionRow.id, cursor, limit)))
        more = cursor_after(rows[limit - 1].asked_at, rows[limit - 1].id) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [answers.exclusion(row) for row in rows[:limit]], "next": more}

    @router.post("/reports/exclusions/{key}/decision", summary="Decide what another person has asked for")
    def decide(key: str, body: Decision, actor: Actor = deciding) -> dict[str, Any]:
        with setting.database.session() as session:
            row = exclusions.decide(session, key, body.granted, body.because, actor, now=setting.clock())
            return answers.exclusion(row)

    @router.post("/reports/ranking/publication", status_code=201, summary="Publish the ranking of a time that is over")
    def publish(within: Period = period, actor: Actor = deciding) -> dict[str, Any]:
        """It is kept as it is now. Afterwards nobody can appeal about that time."""
        rules, now = setting.city.figures, setting.clock()
        with setting.database.session() as session:
            found = report_facts.read(session, within, now=now)
            groups = ranking(found.facts(setting.city), within, found.excluded, setting.city.departments, rules)
            content = answers.ranking(groups, within, rules.weights, rules.smallest_ranked)
            return answers.published(ranking_publication.publish(session, within, content, actor, now=now))

    @router.get("/reports/ranking/publication/{name}", summary="A ranking as it was published")
    def read(name: str, _actor: Actor = concerned) -> dict[str, Any]:
        """`name`: 2026-W10, 2026-03, or 2026-03-01..2026-03-15."""
        with setting.database.session() as session:
            return answers.published(ranking_publication.find(session, name))

    return router
