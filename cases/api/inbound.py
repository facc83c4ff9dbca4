"""What departments' systems tell us by webhook, signed with their secret; a repeated message changes nothing."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from cases import assignment, case, endpoints, webhook
from cases.actor import Actor
from cases.api.bodies import InboundMessage
from cases.api.setting import Setting
from cases.model import InboundEvent, insert_new
from cases.refusal import Refusal

LONGEST_BODY = 100_000
LONGEST_ID = 255


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["departments"])

    @router.post("/inbound/{department}/events", summary="A department's system reports: received, signed, replied")
    async def inbound(department: str, request: Request) -> dict[str, Any]:
        """Standard Webhooks 1.0. `{"type": "case.signed", "data": {"number": …}}`; `case.replied` has `data.reply`."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_BODY:
                raise HTTPException(413, f"内容最多 {LONGEST_BODY} 字节")
        headers = {
            name: request.headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        }
        return await run_in_threadpool(_take, setting, department, bytes(body), headers)

    return router


def _take(setting: Setting, department: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    with setting.database.session() as session:
        known = endpoints.endpoint(session, department)
        if known is None or not webhook.is_genuine(body, headers, known.secrets):
            raise HTTPException(401, "签名无效，或时间相差超过五分钟")
        if len(headers["webhook-id"]) > LONGEST_ID:
            raise Refusal(f"webhook-id 最多 {LONGEST_ID} 个字符")
        message = _read(body)
        fresh = {
            "department": department,
            "id": headers["webhook-id"],
            "kind": message.type,
            "received_at": setting.clock(),
        }
        if insert_new(session, InboundEvent, [fresh]):
            _apply(session, message, Actor(f"department:{department}", None, department), setting)
    return {"received": True}


def _read(body: bytes) -> InboundMessage:
    try:
        return InboundMessage.model_validate(json.loads(body))
    except (ValidationError, ValueError, RecursionError):
        raise Refusal("应为 {type, data}，type 为 case.received、case.signed 或 case.replied", field="type") from None


def _apply(session: Session, message: InboundMessage, actor: Actor, setting: Setting) -> None:
    now = setting.clock()
    row = case.find(session, message.data.number, actor, lock=True)
    share = assignment.own(session, row, actor)
    match message.type:
        case "case.received":
            assignment.arrived(session, row, share, now=now)
        case "case.signed":
            assignment.sign(session, row, share, actor, now=now)
        case _:
            assignment.reply(session, row, share, message.data.reply, actor, now=now)
