"""A link by which the citizen answers the return visit alone, once, within seven days.

The secret stands in the message to the citizen; the table keeps its hash. Whoever holds it may answer and see what the
answer is about: the matter as it was summed up, and the reply; neither name nor number. An answer that comes after the
case was closed as not reached still counts: who is unhappy gets the case reopened.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cases import tries, visits
from cases.actor import THE_CITIZEN, Actor
from cases.model import CaseRow, ReturnVisit, VisitLink
from cases.reasons import Way
from cases.refusal import NotFound
from cases.return_visit import Answers, VisitState
from config.city import City
from config.database import Database

LIVES = timedelta(days=7)
TRIES, SPAN = 30, timedelta(minutes=5)  # wrong links from one address
GONE = "这个链接无效、已过期，或者已经用过。如需反映情况，请拨打 12345。"


def new(session: Session, visit: ReturnVisit, by: Actor, *, link_base: str, now: datetime) -> str:
    """A new address for this visit; earlier ones stay good until one is used."""
    secret = secrets.token_urlsafe(24)
    link = VisitLink(digest=_digest(secret), visit_id=visit.id, made_by=by.title, made_at=now, expires_at=now + LIVES)
    session.add(link)
    session.flush()
    return f"{link_base}/visits/{secret}"


def opened(session: Session, secret: str, *, now: datetime, lock: bool = False) -> tuple[ReturnVisit, CaseRow]:
    """What this link asks about. Raises NotFound for whatever is no live link, without saying which."""
    link = session.get(VisitLink, _digest(secret))
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise NotFound(GONE)
    visit, case = visits.find(session, link.visit_id, lock=lock)
    if visit.state not in (VisitState.WAITING, VisitState.UNREACHED):
        raise NotFound(GONE)
    return visit, case


def answer(session: Session, secret: str, said: Answers, *, city: City, now: datetime) -> ReturnVisit:
    """The citizen's answer. A second time there is no such link any more."""
    visit, case = opened(session, secret, now=now, lock=True)
    link = session.get_one(VisitLink, _digest(secret), with_for_update=True, populate_existing=True)
    if link.used_at is not None:
        raise NotFound(GONE)
    visits.answered(session, visit, case, said, THE_CITIZEN, Way.WEB, city=city, now=now)
    link.used_at = now
    return visit


@contextmanager
def limited(database: Database, address: str, now: datetime) -> Iterator[Session]:
    """A transaction for whoever comes with a link. The try is counted against the address before it is judged; only a
    wrong link stays counted. Raises TooManyTries."""
    key = f"visit\0{address}"
    with database.session() as session:
        tries.count(session, key, TRIES, SPAN, now)
    try:
        with database.session() as session:
            yield session
    except NotFound:
        raise
    except BaseException:
        _forgive(database, key)
        raise
    else:
        _forgive(database, key)


def _forgive(database: Database, key: str) -> None:
    with database.session() as session:
        tries.forgive(session, key)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
