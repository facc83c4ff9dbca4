"""What goes out to departments and comes in from them, each effect guarded by a unique key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, index_where, new_id, one_of
from cases.words import Channel, Sending


class Endpoint(Base):
    """Where a department's own system listens. `secrets` may hold two while one is being replaced."""

    __tablename__ = "department_endpoints"

    department: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str | None]
    secrets: Mapped[list[str]]
    networks: Mapped[list[str]]
    disabled_because: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]


class Delivery(Base):
    """One event for one department. `id` is the webhook id: the same at every attempt. `place` keeps the order."""

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("state", Sending),
        CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_has_time"),
        CheckConstraint("(state = 'sending') = (claimed_until IS NOT NULL)", name="sending_is_claimed"),
        UniqueConstraint("case_number", "department", "place"),
        index_where("ix_deliveries_open", "due_at", where="state IN ('waiting', 'sending')"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: f"msg_{new_id()}")
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignments.id"), index=True)
    department: Mapped[str] = mapped_column(index=True)
    place: Mapped[int]
    channel: Mapped[str]
    event: Mapped[str]
    body: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    tries_since: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class InboundEvent(Base):
    """A message a department has sent us; its id is remembered, so that a repeat changes nothing."""

    __tablename__ = "inbound_events"

    department: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    received_at: Mapped[datetime]


class IdempotencyKey(Base):
    """The answer once given to a creating POST, so that the same POST gets the same answer."""

    __tablename__ = "idempotency_keys"

    client: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[str]
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class FeedItem(Base):
    """One line of what has changed, for other processes to follow (`feed.py`)."""

    __tablename__ = "feed"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - ids are never given twice

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    ref: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
