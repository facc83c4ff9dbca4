"""Verifies the whole audit: chain, signed heads, the guards of the table, and the histories it vouches for.

Entries are read a thousand at a time, each in a transaction of its own, so that nobody waits for the verification.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from cases import audit, audit_heads
from cases.audit_chain import Action, Check, Entry, Finding, Trouble
from cases.audit_heads import Head, Signer
from cases.model import AuditHead, AuditRow, CaseEventRow, CaseSalt, Erasure
from config.database import Database
from config.settings import Settings

UNSIGNED_AFTER = timedelta(hours=2)  # a worker that has not signed for so long does not run
_AT_ONCE = 1000
_GUARDS = {
    "sqlite": ("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entries'",
               {"audit_entries_no_update", "audit_entries_no_delete"}),
    "postgresql": ("SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_entries'::regclass AND tgenabled <> 'D'",
                   {"audit_entries_no_update", "audit_entries_no_delete", "audit_entries_no_truncate"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """`signed_until`: the last entry that a sound head vouches for."""

    entries: int
    heads: int
    signed_until: int
    findings: tuple[Finding, ...]
    at: datetime

    @property
    def ok(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        return {"ok": self.ok, "entries": self.entries, "heads": self.heads, "signed_until": self.signed_until,
                "findings": [each.to_json() for each in self.findings], "at": self.at.isoformat()}  # fmt: skip


def verify(database: Database, settings: Settings, now: datetime) -> Report:
    """Reads everything there is. Finds edits, deletions, cut tails, rewrites, lost heads, and changed histories."""
    heads, found = _heads(database, settings)
    checked = Check({head.seq: head.digest for head in heads})
    checked.findings += found
    while True:
        with database.session() as session:
            entries = audit.written_after(session, checked.last, _AT_ONCE)
            for entry in entries:
                checked.take(entry)
            _histories(session, [each for each in entries if each.action == Action.STEP], checked)
            if len(entries) < _AT_ONCE:
                _extra_lines(session, checked)
                _unsigned(session, checked, now)
                _guards(session, checked)
                break
    checked.end()
    return Report(checked.entries, len(heads), checked.good_until, tuple(checked.findings), now)


def _heads(database: Database, settings: Settings) -> tuple[list[Head], list[Finding]]:
    """All genuine heads, of the file and of the database."""
    signer, path = Signer(settings.keys_folder), settings.audit_heads_file
    with database.session() as session:
        rows = session.execute(select(AuditHead.seq, AuditHead.digest).order_by(AuditHead.seq)).all()
    good, found = [], []
    for number, head in audit_heads.lines(path):
        if head is None or not signer.is_genuine(head):
            found.append(Finding(Trouble.FORGED, 0, f"{path.name} 第 {number} 行的签名不符，或读不出来"))
        else:
            good.append(head)
    gone = audit_heads.missing([(seq, digest) for seq, digest in rows], path)
    if gone:
        lost = f"{path.name} 里缺少第 {gone[0]} 条等 {len(gone)} 个签名" + ("" if path.exists() else "：文件不见了")
        found.append(Finding(Trouble.HEADS_MISSING, gone[0], lost))
    elif signer.has_signed and not path.exists():
        found.append(Finding(Trouble.HEADS_MISSING, 0, f"签名文件 {path.name} 不见了，数据库里也没有签名的记录"))
    return good, found


def _histories(session: Session, steps: Sequence[Entry], checked: Check) -> None:
    """The lines that these entries vouch for must be as they were written."""
    wanted = {(str(each.case), int(each.data["line"])): each for each in steps}
    if not wanted:
        return
    named = {number for number, _seq in wanted}
    salts = {
        row.case_number: row.salt for row in session.scalars(select(CaseSalt).where(CaseSalt.case_number.in_(named)))
    }
    words = Erasure.case_number.in_(named), Erasure.what == "words"
    erased = set(session.scalars(select(Erasure.case_number).where(*words)))
    chosen = select(CaseEventRow).where(tuple_(CaseEventRow.case_number, CaseEventRow.seq).in_(list(wanted)))
    lines = {(line.case_number, line.seq): line for line in session.scalars(chosen)}
    for (number, seq), entry in wanted.items():
        line, salt = lines.get((number, seq)), salts.get(number)
        if line is None or (salt is None and number not in erased):
            gone = f"工单 {number} 历史第 {seq} 条" if line is None else f"工单 {number} 的校验盐"
            checked.found(Trouble.HISTORY_MISSING, entry.seq, f"{gone}不见了", number)
        elif salt is not None and audit.line_digest(line, salt) != entry.data["digest"]:
            checked.found(Trouble.HISTORY_CHANGED, entry.seq, f"工单 {number} 历史第 {seq} 条被改动过", number)


def _extra_lines(session: Session, checked: Check) -> None:
    """A line that nobody vouches for was put in past the hotline."""
    vouched = select(func.count()).select_from(AuditRow).where(AuditRow.action == Action.STEP.value)
    there = select(func.count()).select_from(CaseEventRow)
    lines, entries = session.execute(select(there.scalar_subquery(), vouched.scalar_subquery())).one()
    if lines <= entries:
        return
    counted = select(AuditRow.case_number, func.count().label("n")).where(AuditRow.action == Action.STEP.value)
    known = counted.group_by(AuditRow.case_number).subquery()
    joined = select(CaseEventRow.case_number).outerjoin(known, known.c.case_number == CaseEventRow.case_number)
    more = joined.group_by(CaseEventRow.case_number, known.c.n).having(func.count() > func.coalesce(known.c.n, 0))
    for number in session.scalars(more.order_by(CaseEventRow.case_number).limit(20)):
        checked.found(Trouble.HISTORY_ADDED, 0, f"工单 {number} 的历史里有审计没有记过的行", number)


def _unsigned(session: Session, checked: Check, now: datetime) -> None:
    last = max((seq for seq in checked.heads if seq <= checked.last), default=0)
    since = session.scalar(select(AuditRow.at).where(AuditRow.seq > last).order_by(AuditRow.seq).limit(1))
    if since and since < now - UNSIGNED_AFTER:
        hint = f"第 {last + 1} 条起两小时以上没有签名：请检查 hotline worker 是否在运行，或运行 hotline audit sign"
        checked.found(Trouble.UNSIGNED, last + 1, hint)


def _guards(session: Session, checked: Check) -> None:
    question, wanted = _GUARDS[session.get_bind().dialect.name]
    if gone := wanted - set(session.scalars(text(question))):
        checked.found(Trouble.GUARD_MISSING, 0, f"审计表的防改触发器不见了：{'、'.join(sorted(gone))}")
