"""Cases that were merged: which stand together, and which of them is worked on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base


class MergeMember(Base):
    """A case of a group. The primary's own row names itself, and every case has one row at most.

    So whatever writes, from however many sides at once: nobody is in two groups, nobody both primary and merged.
    """

    __tablename__ = "merge_members"

    number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    primary_number: Mapped[str] = mapped_column(ForeignKey("merge_members.number"), index=True)
    since: Mapped[datetime]
