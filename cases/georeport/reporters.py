"""Programs that may report over Open311, each with a key of its own: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.model import Reporter
from cases.refusal import Conflict, NotFound, Refusal

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_KEY = re.compile(r"rk_([0-9a-f]{8})_([\w-]{43})", re.ASCII)


def add(session: Session, name: str, *, now: datetime) -> str:
    """The key of a new reporter, to be shown once."""
    if not _NAME.fullmatch(name):
        raise Refusal("名称由 1 到 40 个字母、数字和 . _ - 组成", field="name")
    if session.get(Reporter, name):
        raise Conflict(f"已经有名为 {name} 的程序；要换密钥，请先停用它，再用新的名称添加")
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    session.add(Reporter(name=name, prefix=prefix, digest=_digest(secret), disabled=False, created_at=now))
    return f"rk_{prefix}_{secret}"


def disable(session: Session, name: str) -> None:
    found = session.get(Reporter, name)
    if found is None:
        raise NotFound(f"没有名为 {name} 的程序")
    found.disabled = True


def of_key(session: Session, key: str) -> Reporter | None:
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    found = session.scalar(select(Reporter).where(Reporter.prefix == match[1], Reporter.disabled.is_(False)))
    return found if found and hmac.compare_digest(found.digest, _digest(match[2])) else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
