"""What a clerk has written so far of a reply, kept here, so that nobody else's step makes them lose it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, new_id


class ReplyDraftRow(Base):
    """One to a person and case. `content` is what they sent, as they sent it."""

    __tablename__ = "reply_drafts"
    __table_args__ = (UniqueConstraint("case_number", "author"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    author: Mapped[str]
    department: Mapped[str]
    content: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
