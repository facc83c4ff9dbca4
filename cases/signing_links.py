"""A link in an e-mail by which its reader signs for the case (签收), without a login and once.

The secret stands in the e-mail alone; the table keeps its hash. Opening the link signs nothing (mail filters open
links): the page behind it asks.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import assignment
from cases.actor import Actor
from cases.model import AssignmentRow, CaseRow, SigningLink
from cases.refusal import NotFound
from cases.words import Progress

LIVES = timedelta(days=14)
GONE = "这个签收链接无效、已过期，或者已经用过；请登录网页办理，或联系 12345"


def new(session: Session, share: AssignmentRow, *, link_base: str, now: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    link = SigningLink(digest=_digest(secret), assignment_id=share.id, created_at=now, expires_at=now + LIVES)
    session.add(link)
    return f"{link_base}/sign/{secret}"


def opened(session: Session, secret: str, *, now: datetime, lock: bool = False) -> tuple[CaseRow, AssignmentRow]:
    """What this link would sign for. Raises NotFound for whatever is no live link."""
    link = session.get(SigningLink, _digest(secret))
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise NotFound(GONE)
    number = select(AssignmentRow.case_number).where(AssignmentRow.id == link.assignment_id).scalar_subquery()
    chosen = select(CaseRow).where(CaseRow.number == number)
    case = session.scalars(chosen.with_for_update() if lock else chosen).one()
    share = session.get_one(AssignmentRow, link.assignment_id, populate_existing=True)
    if share.progress != Progress.WAITING:
        raise NotFound(GONE)
    return case, share


def sign(session: Session, secret: str, *, now: datetime) -> str:
    """Sign in the department's name; the number of the case. A second time there is no such link any more."""
    case, share = opened(session, secret, now=now, lock=True)
    by = Actor(f"department:{share.department}", None, share.department)
    assignment.sign(session, case, share, by, now=now)
    session.get_one(SigningLink, _digest(secret)).used_at = now
    return case.number


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
