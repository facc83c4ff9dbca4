"""The audit: who did or saw what, written in the transaction that does it, in one chain that cannot be changed quietly.

Entries are noted during a transaction and written as its last thing, one transaction at a time, because each entry
contains the digest of the one before. On PostgreSQL a lock holds that order. It is taken after every other lock (the
feed's just before it, always in this order, because the feed registers first), so whoever holds it waits for nothing
but the disk, and no two transactions wait for each other.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from cases import feed
from cases.audit_chain import FIRST, Action, Entry, canonical, instant
from cases.model import AuditRow, CaseEventRow, CaseSalt

__all__ = ["Action", "entry_of", "note", "step", "written_after"]

assert feed  # noqa: S101 - imported first, so that its lock is always taken first
_LOCK = 12345_07
_WAITING = "hotline.audit"


def note(
    session: Session, action: Action, actor: str, *, now: datetime, case: str | None = None, **data: str | int | None
) -> None:
    """Write this down, if and when this transaction commits. `data` never holds a citizen's name, number or words."""
    waiting: list[Entry] = session.info.setdefault(_WAITING, [])
    waiting.append(Entry(0, now, action.value, actor, case, data, ""))


def step(session: Session, line: CaseEventRow) -> None:
    """One more line of a case's history. Its words stay there; the chain holds a digest that nobody can guess from."""
    salt = session.get(CaseSalt, line.case_number)
    if salt is None:
        salt = CaseSalt(case_number=line.case_number, salt=secrets.token_hex(16))
        session.add(salt)
    note(session, Action.STEP, line.actor, now=line.at, case=line.case_number, step=line.step, line=line.seq,
         digest=line_digest(line, salt.salt))  # fmt: skip


def line_digest(line: CaseEventRow, salt: str) -> str:
    covered = {"case": line.case_number, "seq": line.seq, "at": instant(line.at), "step": line.step,
               "actor": line.actor, "data": line.data}  # fmt: skip
    return hmac.digest(bytes.fromhex(salt), canonical(covered), "sha256").hex()


def entry_of(row: AuditRow) -> Entry:
    return Entry(row.seq, row.at, row.action, row.actor, row.case_number, row.data, row.previous, row.digest)


def written_after(session: Session, seq: int, limit: int) -> list[Entry]:
    rows = session.scalars(select(AuditRow).where(AuditRow.seq > seq).order_by(AuditRow.seq).limit(limit))
    return [entry_of(row) for row in rows]


def last(session: Session) -> tuple[int, str]:
    """Number and digest of the newest entry."""
    row = session.execute(select(AuditRow.seq, AuditRow.digest).order_by(AuditRow.seq.desc()).limit(1)).first()
    return (row[0], row[1]) if row else (0, FIRST)


def _chained(waiting: Iterable[Entry], seq: int, previous: str) -> Iterable[dict[str, Any]]:
    for seq, each in enumerate(waiting, seq + 1):  # noqa: B020 - counts on from the last one
        entry = Entry(seq, each.at, each.action, each.actor, each.case, each.data, previous)
        previous = entry.computed()
        yield {"seq": seq, "at": entry.at, "action": entry.action, "actor": entry.actor, "case_number": entry.case,
               "data": dict(entry.data), "previous": entry.previous, "digest": previous}  # fmt: skip


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    waiting = session.info.pop(_WAITING, None)
    if not waiting:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    session.execute(AuditRow.__table__.insert(), list(_chained(waiting, *last(session))))  # type: ignore[attr-defined]


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)
