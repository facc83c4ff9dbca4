"""Cases, their history and the departments' assignments. `state` and `progress` are the fold of the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, index_where, new_id, one_of
from cases.words import Confidentiality, Kind, Part, Progress, State, Urgency


class CaseNumber(Base):
    """The last number given on each day of the city's clock."""

    __tablename__ = "case_numbers"

    day: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class CaseRow(Base):
    """A case (工单). `version` counts every change and is the ETag; `code` lets the citizen ask about it."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("urgency", Urgency),
        one_of("confidentiality", Confidentiality),
        one_of("state", State),
        CheckConstraint("kind <> 'tip_off' OR confidentiality = 'tip_off'", name="tip_off_is_protected"),
        CheckConstraint("version >= 1", name="version_counts"),
        Index("ix_cases_created_at_number", "created_at", "number"),
        Index("ix_cases_phone", "phone"),
    )

    number: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    kind: Mapped[str]
    category: Mapped[str]
    urgency: Mapped[str]
    confidentiality: Mapped[str]
    place: Mapped[str]
    phone: Mapped[str]
    caller_name: Mapped[str]
    summary: Mapped[str]
    text: Mapped[str]
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"), index=True)
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))
    state: Mapped[str] = mapped_column(index=True)
    answer: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CaseEventRow(Base):
    """One line of a case's history. Name and number of the citizen never stand in `data`."""

    __tablename__ = "case_events"
    __table_args__ = (CheckConstraint("seq >= 1", name="seq_counts_from_one"),)

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    step: Mapped[str]
    actor: Mapped[str]
    data: Mapped[dict[str, Any]]


class AssignmentRow(Base):
    """One department's share of a case (承办任务). `due_rules` and `due_calendar`: by which versions it was counted."""

    __tablename__ = "assignments"
    __table_args__ = (
        one_of("part", Part),
        one_of("progress", Progress),
        CheckConstraint("progress = 'waiting' OR signed_at IS NOT NULL", name="signed_has_time"),
        CheckConstraint("(progress = 'replied') = (replied_at IS NOT NULL)", name="replied_has_time"),
        Index("uq_assignments_department", "case_number", "department", unique=True),
        index_where("uq_assignments_lead", "case_number", where="part = 'lead'", unique=True),
        index_where("ix_assignments_sign_by", "sign_by", where="progress = 'waiting'"),
        index_where("ix_assignments_provisional", "due_calendar", where="due_provisional"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    department: Mapped[str] = mapped_column(index=True)
    part: Mapped[str]
    place: Mapped[int]
    progress: Mapped[str]
    due_at: Mapped[datetime]
    due_explained: Mapped[list[str]]
    due_provisional: Mapped[bool] = mapped_column(default=False)
    due_rules: Mapped[str] = mapped_column(default="")
    due_calendar: Mapped[str] = mapped_column(default="")
    sign_by: Mapped[datetime | None]
    contact_by: Mapped[datetime | None]
    dispatched_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str] = mapped_column(default="")
    replied_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(default="")
