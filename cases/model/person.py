"""People who may log in, their tokens, and departments' keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, new_id, one_of
from cases.words import Role


class Person(Base):
    """Somebody with a login. `name` is also the name of an operator's or supervisor's telephone."""

    __tablename__ = "people"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("(role = 'clerk') = (department IS NOT NULL)", name="clerk_has_department"),
        CheckConstraint("sip_digest IS NULL OR role IN ('operator', 'supervisor')", name="telephone_of_role"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    department: Mapped[str | None]
    sip_digest: Mapped[str | None]
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Token(Base):
    """A login that expires. Only the hash is kept: who reads the table cannot log in with it."""

    __tablename__ = "tokens"
    __table_args__ = (CheckConstraint("kind IN ('api', 'page')", name="kind_word"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(ForeignKey("people.name", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LoginTries(Base):
    """Wrong passwords of late, per name and address; the key is a digest, so the table lists neither."""

    __tablename__ = "login_tries"

    digest: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    failures: Mapped[int]


class Presence(Base):
    """What an operator last said of themselves, so that a restart does not forget it."""

    __tablename__ = "presence"
    __table_args__ = (CheckConstraint("status IN ('ready', 'paused', 'away')", name="status_word"),)

    name: Mapped[str] = mapped_column(ForeignKey("people.name", ondelete="CASCADE"), primary_key=True)
    status: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime]


class ApiKey(Base):
    """A department's key for the API: the prefix is shown and found by, the rest is kept as a hash."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    department: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]
    disabled: Mapped[bool] = mapped_column(default=False)
