"""`Idempotency-Key`: the same POST twice, or twenty times at once, has one effect and one answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cases.model import IdempotencyKey, insert_new
from cases.refusal import Refusal

KEPT = timedelta(hours=72)
_LONGEST = 255


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    title = "幂等键已用于另一个请求"


def once(
    session: Session, client: str, key: str | None, request: Any, now: datetime, act: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What `act` answers, or what it answered when this client first sent this key. All in one transaction."""
    if not key:
        return act()
    if len(key) > _LONGEST:
        raise Refusal(f"Idempotency-Key 最多 {_LONGEST} 个字符")
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
    fresh = {"client": client, "key": key, "request_digest": digest, "status": 201, "answer": {}, "created_at": now}
    first = insert_new(session, IdempotencyKey, [fresh])  # a second sender waits here until the first has committed
    row = session.get_one(IdempotencyKey, (client, key))
    if row.request_digest != digest:
        raise KeyReused("这个 Idempotency-Key 已经用于内容不同的请求；新的请求请换一个新的键")
    if first:
        row.answer = act()
    return dict(row.answer)
