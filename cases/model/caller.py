"""Callers whom the telephone treats in their own way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, new_id, one_of
from cases.words import CallerList


class ListedCaller(Base):
    """A number on one of the city's lists. Nobody is blocked for ever: that has an end."""

    __tablename__ = "listed_callers"
    __table_args__ = (
        one_of("list", CallerList),
        CheckConstraint("list <> 'blocked' OR until IS NOT NULL", name="blocked_has_an_end"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    phone: Mapped[str] = mapped_column(unique=True)
    list: Mapped[str]
    reason: Mapped[str]
    added_by: Mapped[str]
    added_at: Mapped[datetime]
    until: Mapped[datetime | None]
