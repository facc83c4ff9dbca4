"""Legal holds: what must be kept, however long the city usually keeps it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from cases import case, retention
from cases.actor import Actor
from cases.api.answers import moment
from cases.api.bodies import NO_NUL
from cases.api.setting import Setting
from cases.words import Role


class NewHold(BaseModel):
    """Why this case is kept: a lawsuit, an inspection, and its number."""

    reason: Annotated[str, Field(min_length=2, max_length=200, pattern=NO_NUL)]


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["privacy"])
    leaders = setting.access.some(Role.SUPERVISOR, Role.ADMINISTRATOR)

    @router.put("/cases/{number}/hold", summary="Keep everything of a case (保全)")
    def hold(number: str, body: NewHold, actor: Actor = leaders) -> dict[str, Any]:
        with setting.database.session() as session:
            found = case.find(session, number, actor, lock=True)
            row = retention.hold(session, found, body.reason, actor.title, now=setting.clock())
            return {"case": number, "reason": row.reason, "by": row.by, "at": moment(row.at)}

    @router.delete("/cases/{number}/hold", status_code=204, summary="Lift a hold")
    def lift(number: str, actor: Actor = leaders) -> Response:
        with setting.database.session() as session:
            found = case.find(session, number, actor, lock=True)
            retention.lift(session, found, actor.title, now=setting.clock())
        return Response(status_code=204)

    return router
