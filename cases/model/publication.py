"""What the city shows of a case to everybody, and the programs that may report over Open311."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base


class Publication(Base):
    """A case that a person has made public (公开): in words that name nobody, which are not the citizen's own."""

    __tablename__ = "publications"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    summary: Mapped[str]
    place: Mapped[str]
    answer: Mapped[str]
    published_by: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(index=True)


class Reporter(Base):
    """A program through which citizens report over Open311. The prefix of its key is shown, the rest kept as a hash."""

    __tablename__ = "reporters"

    name: Mapped[str] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Reported(Base):
    """A case that came over Open311: by which program, and what it said of who reports beyond a case's own fields."""

    __tablename__ = "reported"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    reporter: Mapped[str] = mapped_column(ForeignKey("reporters.name"), index=True)
    email: Mapped[str]
    account_id: Mapped[str]
    device_id: Mapped[str]
    media_url: Mapped[str]
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
