"""The task `sign-audit`: every hundred entries, and ten minutes after any entry, a head is signed.

What was written since the last head can be cut off unseen, so this is kept short; a head costs a signature and an
fsync. Before that the entries since the last head are read once more: a head never covers up what somebody has changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import audit, audit_heads
from cases.audit_chain import FIRST, Check
from cases.audit_heads import Head, Signer
from cases.model import AuditHead, AuditRow, insert_new
from config import work
from config.database import Database
from config.settings import Settings

log = logging.getLogger("hotline.worker")

SIGN = "sign-audit"
EVERY = timedelta(minutes=10)
EVERY_ENTRIES = 100
_QUIET = timedelta(hours=1)  # an audit that was changed is complained about once an hour
_AT_ONCE = 1000


class Unsound(Exception):
    """The chain does not continue the last head: `hotline audit verify` tells where."""


class AuditSigning:
    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._settings = database, settings
        self._clock = clock or (lambda: datetime.now(UTC))
        self._quiet_until: datetime | None = None

    def task(self) -> work.Task:
        return work.Task(SIGN, self.run, self.due, at_once=1)

    def due(self, session: Session, now: datetime) -> Iterable[tuple[str, int]]:
        if self._quiet_until and now < self._quiet_until:
            return []
        signed = _signed_until(session)[0]
        newest = session.scalar(select(func.max(AuditRow.seq))) or 0
        if newest <= signed:
            return []
        since = session.scalar(select(AuditRow.at).where(AuditRow.seq > signed).order_by(AuditRow.seq).limit(1))
        return [("head", 0)] if newest - signed >= EVERY_ENTRIES or (since and since <= now - EVERY) else []

    def run(self, _ref: str) -> None:
        now = self._clock()
        try:
            sign(self._database, self._settings, now)
        except Unsound:
            self._quiet_until = now + _QUIET
            log.error("the audit is not signed: it has been changed since the last head; run `hotline audit verify`")


def sign(database: Database, settings: Settings, now: datetime) -> Head | None:
    """A head over everything there is, or None when that is signed already. Raises Unsound."""
    with database.session() as session:
        signed, digest = _signed_until(session)
    seq, digest = _read_on(database, signed, digest)
    if seq == signed:
        return None
    head = Signer(settings.keys_folder).sign(seq, digest, now)
    audit_heads.append(settings.audit_heads_file, head)
    with database.session() as session:
        insert_new(session, AuditHead, [asdict(head) | {"at": now}])
    return head


def _signed_until(session: Session) -> tuple[int, str]:
    row = session.execute(select(AuditHead.seq, AuditHead.digest).order_by(AuditHead.seq.desc()).limit(1)).first()
    return (row[0], row[1]) if row else (0, FIRST)


def _read_on(database: Database, seq: int, digest: str) -> tuple[int, str]:
    """From one head to the newest entry, if the chain between them is sound."""
    checked = Check({}, last=seq, digest=digest)
    while True:
        with database.session() as session:
            entries = audit.written_after(session, checked.last, _AT_ONCE)
        for entry in entries:
            checked.take(entry)
        if checked.findings:
            raise Unsound
        if len(entries) < _AT_ONCE:
            return checked.last, checked.digest
