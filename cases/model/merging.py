"""Cases that belong together: those merged into one that is worked on, and those that complain again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
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


class RepeatLink(Base):
    """A person found that this case repeats an earlier one (重复投诉): same citizen, same matter."""

    __tablename__ = "repeat_links"
    __table_args__ = (CheckConstraint("case_number <> earlier_number", name="not_of_itself"),)

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    earlier_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    said_by: Mapped[str]
    at: Mapped[datetime]
