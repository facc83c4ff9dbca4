"""Work that must happen whatever dies: the thin module over DBOS, the writing side. `worker.py` is the doing side.

A row of ours is the truth (a delivery, a recording to transcribe); DBOS only runs it. A job is enqueued in the
transaction that writes the row, so both exist or neither. Its id is task, row and turn: the same job enqueued twice is
one job. DBOS keeps its tables in the same database (in the schema `dbos` on PostgreSQL).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from dbos import DBOSClient

APPLICATION = "hotline12345"
APPLICATION_VERSION = "1"  # fixed: DBOS's default, a hash of the code, would strand work at every deployment
WORKFLOW = "hotline.work"
_PREPARE_LOCK = 12345_01

EXECUTORS = """CREATE TABLE IF NOT EXISTS work_executors
    (id VARCHAR PRIMARY KEY, beat_at TIMESTAMP WITH TIME ZONE NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of work. `run` gets the row's key, may run twice, and so guards its effects by that row.

    `due` lists rows (key, turn) that somebody ought to be working on now: whatever the engine has lost is found by it.
    """

    name: str
    run: Callable[[str], None]
    due: Callable[[Session, datetime], Iterable[tuple[str, int]]]
    at_once: int = 4
    look_seconds: float = 2.0  # how often the queue is looked at; each look is a query, also while there is nothing


def job_id(task: str, ref: str, turn: int) -> str:
    return f"{task}:{ref}:{turn}"


def enqueue(
    session: Session, task: str, ref: str, turn: int = 0, *, delay_seconds: float = 0.0, again: str = ""
) -> None:
    """Ask for this work in the session's own transaction. `again` tells a repeated asking from the first."""
    from dbos import EnqueueOptions

    options = EnqueueOptions(
        workflow_name=WORKFLOW,
        queue_name=task,
        workflow_id=job_id(task, ref, turn) + again,
        app_version=APPLICATION_VERSION,
    )
    if delay_seconds > 0:
        options["delay_seconds"] = delay_seconds
    engine = session.get_bind().engine
    _client(engine).enqueue_in_transaction(session.connection(), options, task, ref)


def prepare(engine: Engine) -> None:
    """Make DBOS's own tables, or bring them up to date. Two processes may do this at once."""
    from dbos import DBOS

    logging.getLogger("dbos").setLevel(logging.ERROR)
    url = engine.url.render_as_string(hide_password=False)
    DBOS.migrate(url)  # lets one process at a time do it, and builds indexes that no open transaction may wait for
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_PREPARE_LOCK})"))
            connection.execute(text(EXECUTORS))


_clients: WeakKeyDictionary[Engine, DBOSClient] = WeakKeyDictionary()


def _client(engine: Engine) -> DBOSClient:
    from dbos import DBOSClient

    if engine not in _clients:
        _clients[engine] = DBOSClient(
            system_database_engine=engine, application_name=APPLICATION, lazy=True, retry_connection_errors=False
        )
    return _clients[engine]
