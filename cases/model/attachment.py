"""Files that belong to a case: photos and documents of citizens, evidence of departments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, new_id


class Attachment(Base):
    """One file (附件). It lies in the attachments folder under its id; `digest` is the SHA-256 of what lies there."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("size > 0", name="size_counts"),
        Index("ix_attachments_case_number_at", "case_number", "at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
