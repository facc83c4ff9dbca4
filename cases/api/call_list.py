"""Calls as a list, newest first: above all those that became no case yet, such as messages left at night."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from cases.actor import FRONT, Actor
from cases.api.answers import moment
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.missed import still_missed
from cases.model import CallRow, CaseRow, LegRow, RecordingRow
from cases.words import Role


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["calls"])
    front = setting.access.some(*FRONT)

    @router.get("/calls", summary="List calls that are over, newest first")
    def list_calls(
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        answered: Annotated[bool | None, Query(description="false: nobody could answer")] = None,
        registered: Annotated[bool | None, Query(description="false: became no case yet")] = None,
        what: Annotated[
            str | None,
            Query(
                pattern="^(message|callback)$",
                description="message: one was left; callback: one was promised, and the citizen not reached yet",
            ),
        ] = None,
        actor: Actor = front,
    ) -> dict[str, Any]:
        chosen = _chosen(actor, answered, registered, what)
        with setting.database.session() as session:
            rows = list(session.scalars(page(chosen, CallRow.started_at, CallRow.id, cursor, limit)))
        more = cursor_after(rows[limit - 1].started_at, rows[limit - 1].id) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [_line(row) for row in rows[:limit]], "next": more}

    return router


def _chosen(actor: Actor, answered: bool | None, registered: bool | None, what: str | None) -> Select[Any]:
    """Operators see the calls they were in, and those that nobody answered; those who lead see all."""
    chosen = select(CallRow)
    if actor.role is Role.OPERATOR:
        mine = _has(LegRow.call_id).where(LegRow.name == actor.name, LegRow.joined_at.is_not(None))
        mine = mine.where(LegRow.role != "department")
        chosen = chosen.where(or_(CallRow.answered.is_(False), mine.exists()))
    if answered is not None:
        chosen = chosen.where(CallRow.answered.is_(answered))
    if registered is not None:
        case = exists().where(CaseRow.call_id == CallRow.id)
        chosen = chosen.where(case if registered else ~case)
    if what == "callback":
        chosen = chosen.where(still_missed())
    elif what:
        chosen = chosen.where(_has(RecordingRow.call_id).where(RecordingRow.what == what).exists())
    return chosen


def _has(call_id: InstrumentedAttribute[str]) -> Select[Any]:
    return select(call_id).where(call_id == CallRow.id)


def _line(row: CallRow) -> dict[str, Any]:
    return {"id": row.id, "caller": row.caller, "started_at": moment(row.started_at), "ended_at": moment(row.ended_at),
            "ended_because": row.ended_because or None, "answered": row.answered}  # fmt: skip
