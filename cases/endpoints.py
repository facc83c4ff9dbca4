"""Where departments' own systems listen, and the secrets both sides sign with."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases.model import Endpoint, insert_new
from cases.refusal import Refusal

_PREFIX = "whsec_"
LIVE_SECRETS = 2  # the old one goes on working while the department changes over


def endpoint(session: Session, department: str) -> Endpoint | None:
    return session.get(Endpoint, department)


def new_secret(session: Session, department: str, *, now: datetime) -> str:
    """A fresh signing secret, to be shown once."""
    secret = _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    add_secret(session, department, secret, now=now)
    return secret


def add_secret(session: Session, department: str, secret: str, *, now: datetime) -> None:
    secret, row = sound_secret(secret), _row(session, department, now)
    row.secrets = [secret, *(old for old in row.secrets if old != secret)][:LIVE_SECRETS]
    row.changed_at = now


def set_endpoint(session: Session, department: str, url: str | None, networks: list[str], *, now: datetime) -> Endpoint:
    """From now on new cases go to this address; None: the department reads them on the page."""
    row = _row(session, department, now)
    row.url, row.networks, row.disabled_because, row.changed_at = url, networks, "", now
    return row


def sound_secret(secret: str) -> str:
    """The secret as Standard Webhooks writes it: `whsec_` and the base64 of 24 to 64 bytes."""
    plain = secret.removeprefix(_PREFIX)
    try:
        length = len(base64.b64decode(plain, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if not 24 <= length <= 64:
        raise Refusal("签名密钥应为 whsec_ 加 24 至 64 字节的 base64（Standard Webhooks）", field="secret")
    return _PREFIX + plain


def _row(session: Session, department: str, now: datetime) -> Endpoint:
    fresh: dict[str, Any] = {
        "department": department,
        "url": None,
        "secrets": [],
        "networks": [],
        "disabled_because": "",
        "changed_at": now,
    }
    insert_new(session, Endpoint, [fresh])
    return session.get_one(Endpoint, department, with_for_update=True)
