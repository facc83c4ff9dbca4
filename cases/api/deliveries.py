"""Deliveries: what was sent to whom, how it went, and sending a dead letter again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Select, select

from cases import outbox
from cases.actor import FRONT, Actor
from cases.api import answers
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.model import Delivery
from cases.refusal import NotFound
from cases.words import Role, Sending


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["deliveries"])
    readers = setting.access.some(*FRONT, departments=True)
    senders = setting.access.some(Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR)

    @router.get("/deliveries", summary="List deliveries, newest first")
    def list_deliveries(
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        state: Sending | None = None,
        department: Annotated[str | None, Query(max_length=100)] = None,
        case: Annotated[str | None, Query(max_length=100)] = None,
        actor: Actor = readers,
    ) -> dict[str, Any]:
        own = department if actor.sees_all else actor.department
        chosen = _chosen({"state": state, "department": own, "case_number": case})
        with setting.database.session() as session:
            rows = list(session.scalars(page(chosen, Delivery.created_at, Delivery.id, cursor, limit)))
        more = cursor_after(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [answers.delivery(row) for row in rows[:limit]], "next": more}

    @router.post("/deliveries/{key}/replay", summary="Send a dead letter again")
    def replay(key: str, _actor: Actor = senders) -> dict[str, Any]:
        with setting.database.session() as session:
            row = session.get(Delivery, key, with_for_update=True)
            if row is None:
                raise NotFound("没有这次推送")
            outbox.replay(session, row, now=setting.clock())
            return answers.delivery(row)

    return router


def _chosen(wanted: dict[str, Any]) -> Select[Any]:
    chosen = select(Delivery)
    for column, value in wanted.items():
        if value is not None:
            chosen = chosen.where(getattr(Delivery, column) == value)
    return chosen
