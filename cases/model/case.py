"""Cases, their history and the departments' assignments. `state` and `progress` are the fold of the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, index_where, new_id, one_of
from cases.words import Confidentiality, Kind, Part, Progress, State, Urgency
from config.rules import Unit

# One share of a case for each department, and one lead, among those that something is still expected of.
_AT_WORK = "progress NOT IN ('returned', 'recalled', 'approved', 'waived')"


class CaseNumber(Base):
    """The last number given on each day of the city's clock."""

    __tablename__ = "case_numbers"

    day: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class CaseRow(Base):
    """A case (工单). `version` counts every change and is the ETag; `code` lets the citizen ask about it.

    `issuer`: the person whose instruction (批示) this is; nobody else grants extensions of it.
    """

    __tablename__ = "cases"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("urgency", Urgency),
        one_of("confidentiality", Confidentiality),
        one_of("state", State),
        CheckConstraint("kind <> 'tip_off' OR confidentiality = 'tip_off'", name="tip_off_is_protected"),
        CheckConstraint("version >= 1", name="version_counts"),
        Index("ix_cases_created_at_number", "created_at", "number"),
        Index("ix_cases_state_created_at", "state", "created_at", "number"),
        Index("ix_cases_category_created_at", "category", "created_at", "number"),
        Index("ix_cases_state_version", "state", "number", "version"),  # who has changed, asked every second
        Index("ix_cases_phone", "phone"),
        Index("ix_cases_merged_into", "merged_into"),
        index_where("ix_cases_closed_at", "closed_at", where="state <> 'archived'"),
        index_where("ix_cases_archived", "closed_at", where="state = 'archived'"),
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
    accused: Mapped[str] = mapped_column(default="")
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"), index=True)
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))
    state: Mapped[str]
    answer: Mapped[str] = mapped_column(default="")
    merged_into: Mapped[str | None]
    issuer: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None]
    retention: Mapped[str | None]
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
        CheckConstraint(
            "progress NOT IN ('signed', 'paused', 'replied', 'rework', 'approved') OR signed_at IS NOT NULL",
            name="signed_has_time",
        ),
        CheckConstraint("progress NOT IN ('replied', 'approved') OR replied_at IS NOT NULL", name="replied_has_time"),
        Index("ix_assignments_case_number", "case_number", "department"),
        index_where("uq_assignments_department", "case_number", "department", where=_AT_WORK, unique=True),
        index_where("uq_assignments_lead", "case_number", where=f"part = 'lead' AND {_AT_WORK}", unique=True),
        index_where("ix_assignments_unreplied", "due_at", where="replied_at IS NULL"),
        index_where("ix_assignments_sign_by", "sign_by", where="progress = 'waiting'"),
        index_where("ix_assignments_paused_until", "paused_until", where="progress = 'paused'"),
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
    return_by: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    dispatched_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str] = mapped_column(default="")
    contacted_at: Mapped[datetime | None]
    returns: Mapped[int] = mapped_column(default=0)
    extensions: Mapped[int] = mapped_column(default=0)
    reworks: Mapped[int] = mapped_column(default=0)
    replied_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(default="")


class ExtensionRow(Base):
    """A department asks for more time (申请延期), and what was decided. `decision` null: nobody has yet."""

    __tablename__ = "extensions"
    __table_args__ = (
        one_of("unit", Unit),
        CheckConstraint("amount >= 1", name="amount_counts"),
        CheckConstraint("decision IN ('granted', 'denied', 'lapsed')", name="decision_word"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_has_time"),
        index_where("uq_extensions_open", "assignment_id", where="decision IS NULL", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignments.id"))
    amount: Mapped[int]
    unit: Mapped[str]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class RulingRow(Base):
    """A supervisor's ruling (裁定) on whose case it is: a precedent for what is alike. `text` names no citizen."""

    __tablename__ = "rulings"
    __table_args__ = (Index("ix_rulings_category_at", "category", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    category: Mapped[str]
    place: Mapped[str]
    department: Mapped[str]
    against: Mapped[str]
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
