"""Calls as they arrive from the telephone half: the events are the truth, the other rows are their fold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, index_where, new_id


class CallRow(Base):
    __tablename__ = "calls"
    __table_args__ = (Index("ix_calls_caller_started_at", "caller", "started_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    caller: Mapped[str]
    dialled: Mapped[str]
    flow: Mapped[str]
    version: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str]
    answered: Mapped[bool]


class CallEventRow(Base):
    __tablename__ = "call_events"
    __table_args__ = (CheckConstraint("seq >= 1", name="seq_counts_from_one"),)

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]


class LegRow(Base):
    __tablename__ = "legs"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    name: Mapped[str]
    asked_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    cause: Mapped[str]


class RecordingRow(Base):
    """`path` is relative to the recordings folder; `place` keeps the order in which they began."""

    __tablename__ = "recordings"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    leg: Mapped[str]
    what: Mapped[str]
    started_at: Mapped[datetime]
    seconds: Mapped[float | None]


class TranscriptRow(Base):
    """The work of transcribing a call, and its result. `covers` counts the recordings the work was asked for."""

    __tablename__ = "transcripts"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state_word"),
        CheckConstraint("state <> 'done' OR content IS NOT NULL", name="done_has_content"),
        index_where("ix_transcripts_due", "due_at", where="state = 'waiting'"),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str]
    covers: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    last_error: Mapped[str] = mapped_column(default="")
    content: Mapped[dict[str, Any] | None]
    made_at: Mapped[datetime | None]


class DraftRow(Base):
    """What the machine proposes, and laid over it what a person wrote (`corrected`): one never eats the other."""

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), unique=True)
    proposed: Mapped[dict[str, Any]]
    corrected: Mapped[dict[str, Any]]
    corrected_by: Mapped[str | None]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
