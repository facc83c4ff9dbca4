"""The audit's chain: what an entry's digest covers, and how tampering is found. Pure.

Each entry's digest is the SHA-256 of its canonical JSON, which contains the digest of the entry before it. Canonical is
RFC 8785 (sorted keys, no blanks, shortest escapes, UTF-8) for what entries are made of: ASCII keys, texts, whole
numbers, true, false, null, lists and mappings of these; there are no fractions, whose spelling is the RFC's hard part.

A chain alone finds edits and deletions. A tail cut off, or a chain computed anew after an edit, is as sound as before:
these are found by heads (number and digest of a last entry) that were signed with a key outside the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cases.words import Labelled

FIRST = "0" * 64  # what stands before the first entry
MOST_FINDINGS = 100


class Action(Labelled):
    """What was done. Entries hold no personal data: no names, numbers or words of citizens."""

    STEP = "case.step", "工单步骤"
    READ = "case.read", "查看工单"
    CALL_READ = "call.read", "查看通话"
    HEARD = "recording.heard", "收听录音"
    SEARCHED = "cases.searched", "按号码查工单"
    REVEAL_ASKED = "reveal.asked", "申请查看身份"
    REVEAL_GRANTED = "reveal.granted", "同意查看身份"
    REVEALED = "reveal.shown", "查看身份信息"
    LOOKED_UP = "citizen.looked", "市民查询工单"
    LOGIN = "login", "登录"
    LOGIN_FAILED = "login.failed", "登录失败"
    PEOPLE = "people.changed", "人员变更"
    KEY_MADE = "key.made", "发放密钥"
    ENDPOINT = "endpoint.changed", "更改接收地址"
    EXPORTED = "exported", "导出"
    HELD = "hold.set", "设置保全"
    RELEASED = "hold.lifted", "解除保全"
    ERASED = "erased", "到期清除"


class Trouble(Labelled):
    """A kind of finding."""

    CHANGED = "changed", "内容被改动"
    MISSING = "missing", "记录被删除"
    BROKEN = "broken", "前后不相接"
    CUT = "cut", "末尾被截断"
    REWRITTEN = "rewritten", "整段被重写"
    HEADS_MISSING = "heads_missing", "签名文件缺失"
    FORGED = "forged", "签名不符"
    UNSIGNED = "unsigned", "长时间没有签名"
    GUARD_MISSING = "guard_missing", "防改触发器缺失"
    HISTORY_CHANGED = "history_changed", "工单历史被改动"
    HISTORY_MISSING = "history_missing", "工单历史被删除"
    HISTORY_ADDED = "history_added", "工单历史多出记录"


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    at: datetime
    action: str
    actor: str
    case: str | None
    data: Mapping[str, Any]
    previous: str
    digest: str = ""

    def computed(self) -> str:
        """What the digest must be."""
        covered = {"seq": self.seq, "at": instant(self.at), "action": self.action, "actor": self.actor,
                   "case": self.case, "data": dict(self.data), "previous": self.previous}  # fmt: skip
        return hashlib.sha256(canonical(covered)).hexdigest()


@dataclass(frozen=True, slots=True)
class Finding:
    """`seq`: the entry it was found at, or the first of several. `detail` says what is wrong and where."""

    trouble: Trouble
    seq: int
    detail: str
    case: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"code": self.trouble.value, "label": self.trouble.label, "seq": self.seq, "case": self.case,
                "detail": self.detail}  # fmt: skip


def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass
class Check:
    """Takes the entries in their order, and knows at the end what is wrong. `heads`: seq -> digest, as signed.

    With `last` and `digest` of a head it goes on from there.
    """

    heads: Mapping[int, str]
    entries: int = 0
    last: int = 0
    good_until: int = 0  # the last signed head that agrees
    findings: list[Finding] = field(default_factory=list)
    digest: str = FIRST
    _disagrees: bool = False

    def take(self, entry: Entry) -> None:
        self._order(entry)
        if entry.computed() != entry.digest:
            self.found(Trouble.CHANGED, entry.seq, f"第 {entry.seq} 条的内容与摘要不符：有人改动过这一条", entry.case)
        self._head(entry)
        self.entries, self.last, self.digest = self.entries + 1, entry.seq, entry.digest

    def end(self) -> None:
        beyond = sorted(seq for seq in self.heads if seq > self.last)
        if beyond:
            cut = f"从第 {self.last + 1} 条起被截断：签名证明曾有第 {beyond[-1]} 条"
            self.found(Trouble.CUT, self.last + 1, cut)

    def found(self, trouble: Trouble, seq: int, detail: str, case: str | None = None) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(trouble, seq, detail, case))

    def _order(self, entry: Entry) -> None:
        if entry.seq != self.last + 1:
            gone = (
                f"第 {self.last + 1} 条" if entry.seq == self.last + 2 else f"第 {self.last + 1} 至 {entry.seq - 1} 条"
            )
            self.found(Trouble.MISSING, self.last + 1, f"{gone}不见了：记录被删除")
        elif entry.previous != self.digest:
            where = f"第 {entry.seq} 条接不上第 {self.last} 条：第 {self.last} 条被换过，或这一条是插进来的"
            self.found(Trouble.BROKEN, entry.seq, where, entry.case)

    def _head(self, entry: Entry) -> None:
        signed = self.heads.get(entry.seq)
        if signed == entry.digest:
            self.good_until = entry.seq
        elif signed is not None and not self._disagrees:
            self._disagrees = True
            span = f"第 {self.good_until + 1} 至 {entry.seq} 条"
            self.found(Trouble.REWRITTEN, self.good_until + 1, f"{span}与当时的签名不符：这一段被重写过")


def check(entries: Iterable[Entry], heads: Mapping[int, str]) -> Check:
    checked = Check(heads)
    for entry in entries:
        checked.take(entry)
    checked.end()
    return checked
