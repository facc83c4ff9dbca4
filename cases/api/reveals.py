"""Revealing a masked name or number: asked with a purpose, shown once, every look on record."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import AliasChoices, BaseModel, Field

from cases import case, reveals
from cases.actor import FRONT, Actor
from cases.api.answers import moment
from cases.api.bodies import NO_NUL
from cases.api.setting import Setting
from cases.model import RevealRow
from cases.words import Role

_LEADERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)


class NewReveal(BaseModel):
    """What to see, and what for: the citizen will read the purpose."""

    field: Literal["phone", "caller_name", "name"]
    purpose: Annotated[str, Field(max_length=200, pattern=NO_NUL, validation_alias=AliasChoices("purpose", "reason"))]


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["privacy"])
    all_roles, leaders = setting.access.some(*FRONT, departments=True), setting.access.some(*_LEADERS)

    @router.post("/cases/{number}/reveals", status_code=201, summary="See a masked name or number, once")
    def ask(number: str, body: NewReveal, response: Response, actor: Actor = all_roles) -> dict[str, Any]:
        """An ordinary case's value comes at once. A tip-off's waits (`state`: asked) for a second person to grant it.

        There is no Idempotency-Key here: an answer that is kept would be a second copy of the number.
        """
        field = "caller_name" if body.field == "name" else body.field
        _private(response)
        with setting.database.session() as session:
            found = case.find(session, number, actor)
            row, value = reveals.ask(session, found, field, body.purpose, actor, now=setting.clock())
            return _answer(row, setting) | {"value": value}

    @router.get("/reveals", summary="Reveals that wait for a second person")
    def waiting(_actor: Actor = leaders) -> dict[str, Any]:
        with setting.database.session() as session:
            return {"items": [_answer(row, setting) for row in reveals.waiting(session, setting.clock())], "next": None}

    @router.post("/reveals/{reveal}/grant", summary="Let somebody else see a tip-off's name or number")
    def grant(reveal: str, actor: Actor = leaders) -> dict[str, Any]:
        """Not by the one who asked. It then may be opened once, within a day."""
        with setting.database.session() as session:
            return _answer(reveals.grant(session, reveal, actor, now=setting.clock()), setting)

    @router.post("/reveals/{reveal}/open", summary="See what was granted, once")
    def open_granted(reveal: str, response: Response, actor: Actor = leaders) -> dict[str, Any]:
        _private(response)
        with setting.database.session() as session:
            row, value = reveals.open_granted(session, reveal, actor, now=setting.clock())
            return _answer(row, setting) | {"value": value}

    return router


def _private(response: Response) -> None:
    response.headers["Cache-Control"] = "private, no-store"


def _answer(row: RevealRow, setting: Setting) -> dict[str, Any]:
    stage = reveals.stage(row, setting.clock())
    return {
        "id": row.id,
        "case": row.case_number,
        "field": row.field,
        "purpose": row.purpose,
        "state": stage.value,
        "state_label": stage.label,
        "asked_by": row.asked_by,
        "asked_at": moment(row.asked_at),
        "granted_by": row.granted_by,
        "granted_at": moment(row.granted_at),
        "shown_at": moment(row.shown_at),
    }
