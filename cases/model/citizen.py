"""What citizens add to their cases by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, new_id


class Supplement(Base):
    """Something the citizen has added (补充). Never in the case's history: these are their own words."""

    __tablename__ = "supplements"
    __table_args__ = (Index("ix_supplements_case_number_at", "case_number", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
