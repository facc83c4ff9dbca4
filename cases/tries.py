"""Tries that somebody may make so often and no more: wrong passwords, wrong codes.

They are counted in the database, so that a restart or a second process gives nobody new ones, and before anything is
judged, so that many at once do not slip through. Keys are digests: the table lists no names, numbers or addresses.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from cases.model import LoginTries, insert_new

_KEPT = timedelta(hours=2)


class TooManyTries(Exception):
    """Wrong too often. `seconds`: when to come back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries; wait {seconds} s")
        self.seconds = seconds


def count(session: Session, key: str, limit: int, span: timedelta, now: datetime) -> None:
    """One more try. Raises TooManyTries, and then it is not counted: waiting is always enough."""
    insert_new(session, LoginTries, [{"digest": _digest(key), "since": now, "failures": 0}])
    row = session.get_one(LoginTries, _digest(key), with_for_update=True)
    left = (row.since + span - now).total_seconds()
    if left <= 0:
        row.since, row.failures = now, 0
    elif row.failures >= limit:
        raise TooManyTries(int(left) + 1)
    row.failures += 1


def forgive(session: Session, *keys: str) -> None:
    """This try was right: it is not counted. Others' wrong ones stay counted."""
    mine = LoginTries.digest.in_([_digest(key) for key in keys]), LoginTries.failures > 0
    session.execute(update(LoginTries).where(*mine).values(failures=LoginTries.failures - 1))


def forget(session: Session, *keys: str) -> None:
    session.execute(delete(LoginTries).where(LoginTries.digest.in_([_digest(key) for key in keys])))


def forget_old(session: Session, now: datetime) -> None:
    session.execute(delete(LoginTries).where(LoginTries.since <= now - _KEPT))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
