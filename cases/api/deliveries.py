"""Deliveries: what was sent to whom, how it went, what people must look at, and sending a dead letter again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Select, select

from cases import outbox, switchboard
from cases.actor import FRONT, Actor
from cases.api import answers
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.model import Delivery
from cases.refusal import NotFound
from cases.words import Channel, Role, Sending


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
        channel: Channel | None = None,
        department: Annotated[str | None, Query(max_length=100)] = None,
        case: Annotated[str | None, Query(max_length=100)] = None,
        alarm: bool = False,
        actor: Actor = readers,
    ) -> dict[str, Any]:
        """`alarm`: only those people must look at: failed three times, dead, or half an hour old and to be done at
        once."""
        own = department if actor.sees_all else actor.department
        chosen = _chosen({"state": state, "channel": channel, "department": own, "case_number": case})
        if alarm:
            chosen = chosen.where(outbox.alarming(setting.clock()))
        with setting.database.session() as session:
            rows = list(session.scalars(page(chosen, Delivery.created_at, Delivery.id, cursor, limit)))
        more = cursor_after(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [answers.delivery(row) for row in rows[:limit]], "next": more}

    @router.get("/deliveries/departments", summary="How the ways to departments are: open, broken, disabled, behind")
    def list_lines(_actor: Actor = senders) -> dict[str, Any]:
        with setting.database.session() as session:
            lines = switchboard.lines(session, now=setting.clock())
        return {"items": [_line(each) for each in lines], "next": None}

    @router.post("/deliveries/{key}/replay", summary="Send a dead letter again")
    def replay(key: str, _actor: Actor = senders) -> dict[str, Any]:
        with setting.database.session() as session:
            row = session.get(Delivery, key, with_for_update=True)
            if row is None:
                raise NotFound("没有这次推送")
            outbox.replay(session, row, now=setting.clock())
            return answers.delivery(row)

    return router


def _line(line: switchboard.Line) -> dict[str, Any]:
    return {
        "department": line.department,
        "channel": line.channel.value,
        "channel_label": line.channel.label,
        "disabled_because": line.disabled_because or None,
        "breaker": line.mode.value,
        "breaker_label": line.mode.label,
        "failures": line.failures,
        "failing_since": answers.moment(line.failing_since),
        "asked_again_at": answers.moment(line.open_until),
        "waiting": line.waiting,
        "dead": line.dead,
        "oldest_waiting_at": answers.moment(line.oldest),
        "not_followed": line.not_followed,
    }


def _chosen(wanted: dict[str, Any]) -> Select[Any]:
    chosen = select(Delivery)
    for column, value in wanted.items():
        if value is not None:
            chosen = chosen.where(getattr(Delivery, column) == value)
    return chosen
