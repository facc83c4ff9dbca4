"""Who gave a tip-off (encrypted), who asked to see a name or number, what must be kept and what has been erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, new_id


class IdentityRow(Base):
    """Name and number behind a tip-off. `wrapped_key`: the case's own key, encrypted with one outside the database."""

    __tablename__ = "identities"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    sealed: Mapped[str]
    wrapped_key: Mapped[str]
    sealed_at: Mapped[datetime]


class RevealRow(Base):
    """Somebody wants to see a name or number, and why. A tip-off's is granted by a second person first."""

    __tablename__ = "reveals"
    __table_args__ = (
        CheckConstraint("field IN ('phone', 'caller_name')", name="field_word"),
        CheckConstraint("(granted_by IS NULL) = (granted_at IS NULL)", name="granted_has_time"),
        CheckConstraint("granted_by IS NULL OR granted_by <> asked_by", name="two_persons"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    field: Mapped[str]
    purpose: Mapped[str]
    asked_by: Mapped[str]
    department: Mapped[str | None]
    needs_second: Mapped[bool]
    asked_at: Mapped[datetime]
    granted_by: Mapped[str | None]
    granted_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]


class LegalHold(Base):
    """This case is needed (a lawsuit, an inspection): nothing of it is erased until the hold is lifted."""

    __tablename__ = "legal_holds"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Erasure(Base):
    """What has been erased of a case, by which class of `retention.yaml`."""

    __tablename__ = "erasures"
    __table_args__ = (CheckConstraint("what IN ('identity', 'words', 'recording')", name="what_word"),)

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
