"""Does the way to a department work? A test message, and the question whether it wants any."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cases import by_email, by_open311, post, webhook
from cases.model import Endpoint, new_id
from cases.words import Channel
from config.settings import Settings

TEST = "endpoint.test"


def trial(target: Endpoint, settings: Settings) -> dict[str, Any]:
    """Send it now, wait for the answer, and say what came of it."""
    began = time.monotonic()
    outcome = _send(target, settings)
    return {
        "ok": outcome.arrived,
        "channel": target.channel,
        "status": outcome.status or None,
        "problem": outcome.problem or None,
        "seconds": round(time.monotonic() - began, 3),
    }


def handshake(url: str, networks: list[str], settings: Settings) -> str:
    """CloudEvents' abuse protection: does this receiver want messages of ours? Empty: yes; else what is wrong."""
    origin = urlsplit(settings.link_base).hostname or "localhost"
    headers = {"webhook-request-origin": origin}
    answer = post.call(url, networks, settings, method="OPTIONS", headers=headers)
    if not answer.outcome.arrived:
        return f"对方没有应答 OPTIONS 握手：{answer.outcome.problem}"
    if answer.headers.get("webhook-allowed-origin", "").strip() not in ("*", origin):
        return f"对方没有同意接收：WebHook-Allowed-Origin 应为 {origin} 或 *"
    return ""


def _send(target: Endpoint, settings: Settings) -> post.Outcome:
    match Channel(target.channel):
        case Channel.OPEN311:
            return by_open311.trial(target, settings)
        case Channel.EMAIL:
            return by_email.trial(target.email, settings)
        case _:
            return _by_webhook(target, settings)


def _by_webhook(target: Endpoint, settings: Settings) -> post.Outcome:
    now = datetime.now(UTC)
    told = {"type": TEST, "timestamp": now.isoformat(), "data": {"department": target.department}}
    body = json.dumps(told, separators=(",", ":")).encode()
    headers = webhook.signed_headers(f"test_{new_id()}", now, body, target.secrets)
    return post.call(target.url or "", target.networks, settings, body=body, headers=headers).outcome
