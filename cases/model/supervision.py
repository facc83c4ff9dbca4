"""What departments are held to: notices with their numbers, and the instructions of those who govern the city."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, index_where, new_id, one_of
from cases.supervision import Level, NoticeState

_IS_FORM = "level <> 'reminder'"


class DocumentNumber(Base):
    """The last number given in a series of documents in a year: 督〔2026〕7号."""

    __tablename__ = "document_numbers"

    series: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class SupervisionRow(Base):
    """A reminder or a notice (督办通知单) to one department about one case.

    `keys`: the occasions it stands for, so that each counts once. `tell_at`: from when it may reach the department.
    `signatories`: who has signed to issue it. `trigger` is the one that decided its level. `later`: what was added to
    the facts after it was signed.
    """

    __tablename__ = "supervisions"
    __table_args__ = (
        one_of("level", Level),
        one_of("state", NoticeState),
        CheckConstraint(f"(number IS NOT NULL) = (issued_at IS NOT NULL AND {_IS_FORM})", name="issued_has_number"),
        CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered_has_time"),
        CheckConstraint("state NOT IN ('cancelled', 'dismissed') OR ended_because <> ''", name="ended_has_reason"),
        Index("uq_supervisions_number", "number", unique=True),
        Index("ix_supervisions_made_at", "made_at"),
        index_where("ix_supervisions_tell_at", "tell_at", where="tell_at IS NOT NULL AND told_at IS NULL"),
        index_where(
            "uq_supervisions_open",
            "assignment_id",
            "level",
            where=f"state IN ('proposed', 'issued') AND {_IS_FORM}",
            unique=True,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignments.id"), index=True)
    department: Mapped[str] = mapped_column(index=True)
    level: Mapped[str]
    state: Mapped[str]
    trigger: Mapped[str]
    keys: Mapped[list[str]]
    basis: Mapped[str]
    facts: Mapped[str]
    later: Mapped[str] = mapped_column(default="")
    demand: Mapped[str]
    number: Mapped[str | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    signatories: Mapped[list[str]]
    issued_at: Mapped[datetime | None]
    answer_by: Mapped[datetime | None]
    tell_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str] = mapped_column(default="")
    answer_signed_by: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


class Watch(Base):
    """When a case has to be looked at again: at `look_at`, or as soon as its version is another one.

    `repeats`: how often its matter had been complained of before, found at the first look.
    """

    __tablename__ = "supervision_watches"
    __table_args__ = (index_where("ix_supervision_watches_look_at", "look_at", where="look_at IS NOT NULL"),)

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    version: Mapped[int]
    look_at: Mapped[datetime | None]
    repeats: Mapped[int] = mapped_column(default=0)


class InstructionRow(Base):
    """An instruction (市长批示). `said_by` gave it, `issuer` is the login that alone closes or extends it."""

    __tablename__ = "instructions"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="state_word"),
        Index("ix_instructions_made_at", "made_at"),
        index_where("ix_instructions_report_by", "report_by", where="state = 'open'"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    said_by: Mapped[str]
    said_at: Mapped[datetime]
    words: Mapped[str]
    demand: Mapped[str]
    issuer: Mapped[str]
    taken_by: Mapped[str]
    report_by: Mapped[datetime]
    state: Mapped[str]
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class InstructionEvent(Base):
    """What happened to an instruction: a report back to the issuer, more time, the end. Nothing is overwritten."""

    __tablename__ = "instruction_events"
    __table_args__ = (
        CheckConstraint("kind IN ('report', 'extend', 'close')", name="kind_word"),
        CheckConstraint("(kind = 'extend') = (until IS NOT NULL)", name="extension_has_end"),
    )

    instruction_id: Mapped[str] = mapped_column(ForeignKey("instructions.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    text: Mapped[str]
    until: Mapped[datetime | None]
