"""The knowledge base: what operators read answers from."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, new_id


class KnowledgeEntry(Base):
    """One answer (知识条目): whose it is, on which law it stands, and until when it may be trusted unread."""

    __tablename__ = "knowledge"
    __table_args__ = (CheckConstraint("used >= 0 AND unhelpful >= 0", name="counts_count"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str]
    answer: Mapped[str]
    category: Mapped[str]
    legal_basis: Mapped[str]
    owner: Mapped[str]
    review_on: Mapped[date] = mapped_column(Date)
    folded: Mapped[str]
    used: Mapped[int] = mapped_column(default=0)
    unhelpful: Mapped[int] = mapped_column(default=0)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
