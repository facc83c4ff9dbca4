"""The tables' history (Alembic), callable from Python: `upgrade(engine)`. Two processes may call it at once."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from config import work

_LOCK = 12345_03


def upgrade(engine: Engine) -> None:
    """Bring our tables and those of the work engine up to date; nothing happens when they are."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.begin() as connection:  # on SQLite this takes the write lock: the other process waits here
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    work.prepare(engine)
