"""What goes out to departments and comes in from them, each effect guarded by a unique key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, index_where, new_id, one_of
from cases.words import Channel, Sending


class Endpoint(Base):
    """By which way a department hears of its cases, and where.

    `secrets`: of each kind up to two live ones, while one is being replaced (`endpoints.py`). `approved_host`: the host
    an administrator has set; the department's own system may move within it. `options`: what Open311 needs.
    """

    __tablename__ = "department_endpoints"
    __table_args__ = (one_of("channel", Channel),)

    department: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    url: Mapped[str | None]
    approved_host: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    full_body: Mapped[bool] = mapped_column(default=False)
    options: Mapped[dict[str, Any]]
    secrets: Mapped[list[str]]
    networks: Mapped[list[str]]
    disabled_because: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]


class BreakerRow(Base):
    """The circuit breaker of a department (`breaker.py` decides). No row: all is well."""

    __tablename__ = "department_breakers"

    department: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime | None]
    open_until: Mapped[datetime | None]
    probing_until: Mapped[datetime | None]


class Delivery(Base):
    """One event for one department. `id` is the webhook id: the same at every attempt. `place` keeps the order.

    `body` holds the event's own facts, never the citizen's words: those are read from the case when it is sent.
    `receipt` is the proof of delivery: the other side's answer, or its number for the case. `alarm_at`: from then on
    people are told that it has not arrived.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("state", Sending),
        CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_has_time"),
        CheckConstraint("(state = 'sending') = (claimed_until IS NOT NULL)", name="sending_is_claimed"),
        UniqueConstraint("case_number", "department", "place"),
        index_where("ix_deliveries_open", "due_at", where="state IN ('waiting', 'sending')"),
        index_where("ix_deliveries_alarm_at", "alarm_at", where="state <> 'delivered'"),
        Index("ix_deliveries_created_at_id", "created_at", "id"),
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
    receipt: Mapped[str] = mapped_column(default="")
    alarm_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class ForeignRequest(Base):
    """A case as another Open311 server knows it: first its token, then its number, then its status, until it is closed.

    `due_at` None: nothing more is asked. `turn` fences off a worker that wakes up too late.
    """

    __tablename__ = "foreign_requests"
    __table_args__ = (index_where("ix_foreign_requests_due_at", "due_at", where="due_at IS NOT NULL"),)

    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    department: Mapped[str]
    token: Mapped[str] = mapped_column(default="")
    number: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    turn: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")


class SigningLink(Base):
    """A link in an e-mail by which its reader signs for the case, once. Only the hash of its secret is kept."""

    __tablename__ = "signing_links"

    digest: Mapped[str] = mapped_column(primary_key=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignments.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class InboundEvent(Base):
    """A message a department has sent us; its id is remembered, so that a repeat changes nothing.

    `outcome`: applied; or stale (something newer was here before) or late (the case had moved on), which are kept as
    notes in `said` and change nothing.
    """

    __tablename__ = "inbound_events"
    __table_args__ = (Index("ix_inbound_events_case_number", "case_number", "department"),)

    department: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    case_number: Mapped[str] = mapped_column(default="")
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="applied")
    said: Mapped[str] = mapped_column(default="")
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
