"""A worker process among others: it shows that it lives, learns who else does, and may be the one that sweeps.

On PostgreSQL by heartbeats, judged by the database's clock. On SQLite one worker works on a file at a time, by a lock
beside it, so every other executor is dead by definition.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger("hotline.worker")

BEAT_SECONDS = 1.0
LEASE_SECONDS = 6.0
FROZEN = 75  # exit code: start me again
_SWEEP_LOCK = 12345_02

_BEAT = """INSERT INTO work_executors (id, beat_at) VALUES (:id, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET beat_at = clock_timestamp()"""
_ALIVE = "SELECT id FROM work_executors WHERE beat_at > clock_timestamp() - make_interval(secs => :lease)"
_FORGET = "DELETE FROM work_executors WHERE beat_at < clock_timestamp() - interval '1 day'"


class Stop(Protocol):
    """Whether this process was told to end: a `threading.Event`, or what a signal sets."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float) -> bool: ...


class Executor:
    """`id` is new for every process."""

    def __init__(self, engine: Engine, executor_id: str) -> None:
        self.id, self._engine = executor_id, engine
        self._postgres = engine.dialect.name == "postgresql"
        self._last_beat: float | None = None

    def beat(self) -> None:
        """Say that this worker lives. After a silence longer than the lease it is too late: others have its work."""
        if not self._postgres:
            return
        now = time.monotonic()
        if self._last_beat is not None and now - self._last_beat > LEASE_SECONDS:
            log.warning("worker %s was silent for too long; others may have its work, so it ends", self.id)
            os._exit(FROZEN)
        with self._engine.begin() as connection:
            connection.execute(text(_BEAT), {"id": self.id})
        self._last_beat = now

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beats in a thread of its own: a long round on a busy machine is no silence, a frozen process is one."""
        over = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(over,), name="beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(LEASE_SECONDS)

    def _beat_until(self, over: threading.Event) -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                self.beat()
            except SQLAlchemyError as problem:  # the database is away for a moment, or for so long that we are dead
                log.warning("worker %s cannot show that it lives (%s)", self.id, type(problem).__name__)

    @contextmanager
    def sweeping(self) -> Iterator[set[str] | None]:
        """The executors that are alive, for the one worker that sweeps now; None for all others."""
        if not self._postgres:
            yield {self.id}
            return
        with self._engine.begin() as connection:
            if not connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_SWEEP_LOCK})")).scalar():
                yield None
                return
            connection.execute(text(_FORGET))
            yield {self.id, *connection.execute(text(_ALIVE), {"lease": LEASE_SECONDS}).scalars()}

    def goodbye(self) -> None:
        """A clean end: nobody need wait for the lease."""
        if self._postgres:
            with self._engine.begin() as connection:
                connection.execute(text("DELETE FROM work_executors WHERE id = :id"), {"id": self.id})

    @contextmanager
    def alone(self, stop: Stop) -> Iterator[bool]:
        """On SQLite: hold the lock beside the file. False if told to stop while still waiting for it."""
        path = self._engine.url.database
        if self._postgres or not path:
            yield True
            return
        with Path(f"{path}.worker").open("w") as file:
            yield _wait_for_lock(file, stop)


def _wait_for_lock(file: IO[str], stop: Stop) -> bool:
    told = False
    while not stop.is_set():
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                log.info("another worker has this SQLite file; this one waits to take over")
            told = True
            stop.wait(0.2)
        else:
            return True
    return False
