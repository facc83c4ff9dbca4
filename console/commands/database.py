"""What commands work on: this hotline's database, as its settings say, with its tables up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from config.database import Database


def opened() -> Database:
    from cases.migrations import upgrade
    from config.database import Database
    from config.settings import Settings

    database = Database(Settings().database)
    upgrade(database.engine)
    return database


@contextmanager
def session() -> Iterator[Session]:
    """One transaction, committed when it ends well."""
    with opened().session() as session:
        yield session


def now() -> datetime:
    return datetime.now(UTC)
