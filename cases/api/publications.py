"""Making a case public over HTTP: what everybody may read of it, written by a person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from cases import case, publication
from cases.actor import Actor
from cases.api.setting import Setting
from cases.words import Role

Text = Annotated[str, Field(max_length=publication.LONGEST)]


class Public(BaseModel):
    """Words that name nobody: no names, numbers or addresses of citizens."""

    model_config = ConfigDict(extra="forbid")
    summary: Text
    place: Annotated[str, Field(max_length=200)] = ""
    answer: Text = ""


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["publications"])
    leading = setting.access.some(Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR)

    @router.put("/cases/{number}/publication", summary="Make a case public")
    def publish(number: str, body: Public, actor: Actor = leading) -> dict[str, Any]:
        """公开. Again: what stood there is replaced. A protected case (保密, 举报) is refused with 409."""
        with setting.database.session() as session:
            row = case.find(session, number, actor, lock=True)
            words = body.model_dump()
            made = publication.publish(session, row, **words, by=actor.title, now=setting.clock())
            return {"number": made.case_number, **words, "published_at": made.published_at}

    @router.delete("/cases/{number}/publication", status_code=204, summary="Take a case back from the public")
    def withdraw(number: str, actor: Actor = leading) -> None:
        with setting.database.session() as session:
            publication.withdraw(session, case.find(session, number, actor, lock=True))

    return router
