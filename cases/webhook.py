"""Standard Webhooks 1.0: what we send is signed with every live secret, what we get must be signed with one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers that prove a message ours. `message_id` is the same at every attempt, `at` is new at each."""
    signatures = [Webhook(secret).sign(message_id, at.astimezone(UTC), body.decode()) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def is_genuine(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Signed with one of these secrets, at most five minutes ago?"""
    wanted = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    for secret in secrets:
        try:
            Webhook(secret).verify(body, wanted, json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return True
    return False
