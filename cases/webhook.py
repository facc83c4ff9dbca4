"""Standard Webhooks 1.0: what we send is signed with every live key, what we get must be signed with one of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from cases import signing_keys as keys

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE = timedelta(minutes=5)
_MOST_SIGNATURES = 10


def signed_headers(message_id: str, at: datetime, body: bytes, live: Sequence[str]) -> dict[str, str]:
    """The headers that prove a message ours. `message_id` is the same at every attempt, `at` is new at each."""
    signatures = [
        Webhook(key).sign(message_id, at.astimezone(UTC), body.decode()) for key in keys.of_kind(live, keys.SECRET)
    ]
    said = _signed_text(message_id, str(int(at.timestamp())), body)
    for key in keys.of_kind(live, keys.PRIVATE):
        signatures.append("v1a," + base64.b64encode(keys.private_key(key).sign(said)).decode())
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def is_genuine(body: bytes, headers: Mapping[str, str], live: Sequence[str]) -> bool:
    """Signed with one of these keys, at most five minutes ago?"""
    wanted = {name: headers.get(name, "") for name in HEADERS}
    return any(_by_secret(body, wanted, key) for key in keys.of_kind(live, keys.SECRET)) or any(
        _by_public_key(body, wanted, key) for key in keys.of_kind(live, keys.PUBLIC)
    )


def _by_secret(body: bytes, headers: dict[str, str], secret: str) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _by_public_key(body: bytes, headers: dict[str, str], key: str) -> bool:
    if not _recent(headers["webhook-timestamp"]):
        return False
    said = _signed_text(headers["webhook-id"], headers["webhook-timestamp"], body)
    return any(_signed(key, said, each) for each in headers["webhook-signature"].split(" ")[:_MOST_SIGNATURES])


def _signed(key: str, said: bytes, signature: str) -> bool:
    version, _comma, value = signature.partition(",")
    try:
        keys.public_key(key).verify(base64.b64decode(value, validate=True), said)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return version == "v1a"


def _signed_text(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _recent(timestamp: str) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    return abs(datetime.now(UTC) - datetime.fromtimestamp(int(timestamp), UTC)) <= TOLERANCE
