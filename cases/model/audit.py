"""The audit: entries that are only ever added (triggers of migration 0007 hold this), and their signed heads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base


class AuditRow(Base):
    """One entry of the chain (`audit_chain.py`). No foreign keys: an entry outlives whatever it tells of."""

    __tablename__ = "audit_entries"
    __table_args__ = (CheckConstraint("seq >= 1", name="seq_counts_from_one"),)

    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    action: Mapped[str]
    actor: Mapped[str] = mapped_column(index=True)
    case_number: Mapped[str | None] = mapped_column(index=True)
    data: Mapped[dict[str, Any]]
    previous: Mapped[str]
    digest: Mapped[str]


class AuditHead(Base):
    """A head that was signed: the same stands in `audit/heads.jsonl`, so that neither can vanish unnoticed."""

    __tablename__ = "audit_heads"

    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    digest: Mapped[str]
    at: Mapped[datetime]
    key: Mapped[str]
    signature: Mapped[str]


class CaseSalt(Base):
    """What a case's history lines are digested with. Erasing a case destroys it: then no text can be guessed at."""

    __tablename__ = "case_salts"

    case_number: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[str]
