"""What has changed, for other processes to follow: the page's process polls this table.

Notes are written as the last thing before the commit. On PostgreSQL they are written one transaction at a time, so that
ids become visible in their order and a reader who has seen id 7 never misses a late 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, event, func, select, text
from sqlalchemy.orm import Session

from cases.model import FeedItem

KEPT = timedelta(days=1)
_LOCK = 12345_04
_TIDY_EVERY = 200
_WAITING = "hotline.feed"


@dataclass(frozen=True, slots=True)
class Change:
    """`kind`: call, transcript, draft, case or delivery; `ref`: the call's id, the case's number, the delivery's id."""

    id: int
    kind: str
    ref: str
    at: datetime


def note(session: Session, kind: str, ref: str) -> None:
    """Tell the others about this, if and when this transaction commits. Twice in one transaction is once."""
    session.info.setdefault(_WAITING, {})[kind, ref] = None


def latest(session: Session) -> int:
    """The newest id: where a follower starts."""
    return session.scalar(select(func.max(FeedItem.id))) or 0


def since(session: Session, after: int, limit: int = 500) -> list[Change]:
    rows = session.scalars(select(FeedItem).where(FeedItem.id > after).order_by(FeedItem.id).limit(limit))
    return [Change(row.id, row.kind, row.ref, row.at) for row in rows]


def forget_old(session: Session, now: datetime) -> None:
    session.execute(delete(FeedItem).where(FeedItem.at < now - KEPT))


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    waiting = session.info.pop(_WAITING, None)
    if not waiting:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    now = datetime.now(UTC)
    items = [FeedItem(kind=kind, ref=ref, at=now) for kind, ref in waiting]
    session.add_all(items)
    session.flush()
    if items[-1].id % _TIDY_EVERY == 0:
        forget_old(session, now)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)
