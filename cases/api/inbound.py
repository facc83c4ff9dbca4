"""What departments' systems tell us by webhook, signed with their secret; a repeated message changes nothing."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from cases import case, endpoints, inbound, webhook
from cases.actor import FRONT, Actor
from cases.api import answers
from cases.api.department_bodies import InboundMessage
from cases.api.setting import Setting
from cases.model import InboundEvent
from cases.refusal import Refusal
from config.rules import Limit

LONGEST_BODY = 100_000
LONGEST_ID = 255
KINDS = tuple(InboundMessage.model_json_schema()["properties"]["type"]["enum"])
_SIGNED = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "description": "Standard Webhooks 1.0",
    }
    for name in webhook.HEADERS
]
_DOCUMENTED = {
    "parameters": _SIGNED,
    "requestBody": {"required": True, "content": {"application/json": {"schema": InboundMessage.model_json_schema()}}},
}


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["departments"])
    readers = setting.access.some(*FRONT, departments=True)

    @router.post(
        "/inbound/{department}/events",
        summary="A department's system reports: received, signed, returned, progress, replied, more time wanted",
        openapi_extra=_DOCUMENTED,
    )
    async def take(department: str, request: Request) -> dict[str, Any]:
        """Standard Webhooks 1.0, v1 or v1a: `{"type": "case.signed", "data": {"number": …, "sequence": 2}}`.

        `case.replied` has `reply` (what the citizen will read), perhaps `internal`, `true`, `solved`; `case.progress`
        has `text`; `case.returned` has `reason`, `basis`, `suggested`; `case.extension_requested` has `amount`, `unit`
        and `text`. A report that is older than what is known (by `sequence`, else by `updated_at`) is kept as a note.
        """
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_BODY:
                raise HTTPException(413, f"内容最多 {LONGEST_BODY} 字节")
        headers = {name: request.headers.get(name, "") for name in webhook.HEADERS}
        return await run_in_threadpool(_take, setting, department, bytes(body), headers)

    @router.get("/cases/{number}/reports", summary="What departments' systems have reported on a case")
    def list_reports(number: str, actor: Actor = readers) -> dict[str, Any]:
        """Also what came too late to change anything, as notes. Departments see their own."""
        with setting.database.session() as session:
            row = case.find(session, number, actor)
            found = inbound.of_case(session, row.number, actor.department)
        return {"items": [_shown(each) for each in found], "next": None}

    return router


def _take(setting: Setting, department: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    with setting.database.session() as session:
        known = endpoints.endpoint(session, department)
        if known is None or not webhook.is_genuine(body, headers, known.secrets):
            raise HTTPException(401, "签名无效，或时间相差超过五分钟")
        if len(headers["webhook-id"]) > LONGEST_ID:
            raise Refusal(f"webhook-id 最多 {LONGEST_ID} 个字符")
        report = _read(body, headers["webhook-id"])
        by = Actor(f"department:{department}", None, department)
        outcome = inbound.take(session, report, by, city=setting.city, now=setting.clock())
    if outcome is None or outcome is inbound.Outcome.APPLIED:
        return {"received": True}
    return {"received": True, "outcome": outcome.value, "outcome_label": outcome.label}


def _read(body: bytes, message_id: str) -> inbound.Report:
    try:
        message = InboundMessage.model_validate(json.loads(body))
    except ValidationError as wrong:
        fields = "、".join(dict.fromkeys("/".join(map(str, each["loc"])) for each in wrong.errors()))
        raise Refusal(f"应为 {{type, data}}，type 为 {'、'.join(KINDS)}；有误的项：{fields}", field="data") from None
    except (ValueError, RecursionError):
        raise Refusal("不是有效的 JSON") from None
    data = message.data
    return inbound.Report(
        message_id,
        message.type,
        data.number,
        sequence=data.sequence,
        updated_at=data.updated_at,
        text=data.reply or data.text,
        internal=data.internal,
        true=data.true,
        solved=data.solved,
        return_reason=data.reason,
        basis=data.basis,
        suggested=data.suggested,
        more_time=Limit(data.amount, data.unit) if data.amount else None,
    )


def _shown(row: InboundEvent) -> dict[str, Any]:
    return {
        "id": row.id,
        "department": row.department,
        "type": row.kind,
        "sequence": row.sequence,
        "updated_at": answers.moment(row.updated_at),
        "received_at": answers.moment(row.received_at),
        "outcome": row.outcome,
        "outcome_label": inbound.Outcome(row.outcome).label,
        "text": row.said or None,
    }
