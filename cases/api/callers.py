"""The lists of callers over HTTP. A number stands in bodies only, never in an address: addresses are logged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cases import callers
from cases.actor import Actor
from cases.api.answers import moment
from cases.api.setting import Setting
from cases.model import ListedCaller
from cases.words import CallerList, Role


class NewListed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    phone: Annotated[str, Field(max_length=40)]
    list: CallerList
    reason: Annotated[str, Field(max_length=500)]
    until: AwareDatetime | None = None


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["callers"])
    leading = setting.access.some(Role.SUPERVISOR, Role.ADMINISTRATOR)

    @router.post("/callers", status_code=201, summary="Put a caller on a list")
    def put(body: NewListed, actor: Actor = leading) -> dict[str, Any]:
        """blocked 拦截 needs `until`, at most 30 days ahead. Who is on a list already changes over."""
        until: datetime | None = body.until
        with setting.database.session() as session:
            made = callers.put(
                session, body.phone, body.list, body.reason, actor.title, until=until, now=setting.clock()
            )
            return _shown(made)

    @router.get("/callers", summary="Callers on a list now")
    def read(_actor: Actor = leading) -> dict[str, Any]:
        with setting.database.session() as session:
            return {"items": [_shown(each) for each in callers.listed(session, setting.clock())], "next": None}

    @router.delete("/callers/{key}", status_code=204, summary="Take a caller off the list")
    def remove(key: str, _actor: Actor = leading) -> None:
        with setting.database.session() as session:
            callers.remove(session, key)

    return router


def _shown(row: ListedCaller) -> dict[str, Any]:
    return {
        "id": row.id,
        "phone": row.phone,
        "list": row.list,
        "list_label": CallerList(row.list).label,
        "reason": row.reason,
        "added_by": row.added_by,
        "added_at": moment(row.added_at),
        "until": moment(row.until),
    }
