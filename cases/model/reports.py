"""What was taken out of a figure and by whom, rankings as they were published, and the indexes figures are found by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.case import AssignmentRow, CaseEventRow
from cases.model.columns import Base, index_where, new_id

Index("ix_case_events_at", CaseEventRow.at)
Index("ix_assignments_due_at_dispatched_at", AssignmentRow.due_at, AssignmentRow.dispatched_at)


class ExclusionRow(Base):
    """Somebody wants a case not to count (剔除), in one figure or ("") in all. Another person decides.

    Asked by a department about its own case it is an appeal (考核申诉), and `department` says whose.
    """

    __tablename__ = "figure_exclusions"
    __table_args__ = (
        CheckConstraint("(granted IS NULL) = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("(decided_by = '') = (decided_at IS NULL)", name="decided_has_person"),
        CheckConstraint("decided_by <> asked_by", name="two_persons"),
        Index("ix_figure_exclusions_asked_at", "asked_at", "id"),
        index_where("ix_figure_exclusions_granted", "case_number", where="granted"),
        index_where(
            "uq_figure_exclusions_open", "case_number", "figure", where="granted IS NULL OR granted", unique=True
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    figure: Mapped[str]
    reason: Mapped[str]
    department: Mapped[str | None]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    granted: Mapped[bool | None]
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    because: Mapped[str] = mapped_column(default="")


class PublishedRanking(Base):
    """A ranking as it was published: what is found out later changes the next one. Appeals come before."""

    __tablename__ = "published_rankings"

    period: Mapped[str] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]
    published_by: Mapped[str]
    published_at: Mapped[datetime]
