"""What all tables share: UTC moments, named constraints, words kept honest by CHECK, ids nobody can guess."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, Dialect, Index, MetaData, String, TypeDecorator, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_AT_ONCE = 500


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the time zone, so it is put back on the way out; naive moments are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: Moment(),
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        str: String(),
    }


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The column holds one of these words, whatever writes to the table."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_word")


def index_where(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows that matter only."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def new_id() -> str:
    """A key that can stand in an address: it tells nothing and cannot be guessed."""
    return secrets.token_hex(12)


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that are not there yet, in statements no concurrent writer can spoil; how many were new."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    keys, new = list(table.__table__.primary_key), 0
    for first in range(0, len(rows), _AT_ONCE):  # a statement has so many parameters and no more
        some = list(rows[first : first + _AT_ONCE])
        new += len(session.execute(insert(table).values(some).on_conflict_do_nothing().returning(*keys)).all())
    return new
