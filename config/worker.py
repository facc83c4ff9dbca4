"""The doing side of `work.py`: one process that runs DBOS, and what makes DBOS safe when a worker dies.

The rules, each learned from a crash test:
- an executor id is new for every process, so nobody takes up work under a dead worker's name;
- every step is retried, or a short database restart would turn work into ERROR for good;
- every round, ALL work in progress whose executor is not alive is resumed, on its own queue, by one sweeper at a time;
- what the engine has lost for whatever reason is found by the rows themselves and enqueued again;
- a worker that was frozen longer than its lease ends, because others have taken over its work;
- on SQLite one worker per file, by a lock on a file beside it, so every other executor is dead by definition.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine, create_engine, event, make_url

from config.database import BUSY_TIMEOUT_MS, Database
from config.executor import Executor, Stop
from config.work import APPLICATION, APPLICATION_VERSION, WORKFLOW, Task, enqueue, job_id

log = logging.getLogger("hotline.worker")

ROUND_SECONDS = 1.0
IDLE_LOOK_SECONDS = 0.2
DRAIN_SECONDS = 2  # for what is being done when the worker is told to stop; what takes longer is done again later
KEEP_DAYS = 7
_LIVE = ["ENQUEUED", "PENDING", "DELAYED"]

_tasks: dict[str, Task] = {}
_running: set[int] = set()  # threads that are doing something


@DBOS.step(retries_allowed=True, interval_seconds=0.5, max_attempts=8, backoff_rate=2.0)
def _step(task: str, ref: str) -> None:
    _running.add(threading.get_ident())
    try:
        _tasks[task].run(ref)
    finally:
        _running.discard(threading.get_ident())


@DBOS.workflow(name=WORKFLOW)
def _workflow(task: str, ref: str) -> None:
    _step(task, ref)


class Worker:
    """Runs the tasks of one database until told to stop. One to a process: DBOS is a singleton."""

    def __init__(
        self, database: Database, tasks: Sequence[Task], *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.executor = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._database = database
        self._tasks = tuple(tasks)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._life = Executor(database.engine, self.executor)

    def run(self, stop: Stop) -> None:
        """Work until `stop` is set. Waits first while another worker holds the same SQLite file."""
        with self._life.alone(stop) as mine:
            if not mine:
                return
            with self._launched(), self._life.beating():
                log.info("worker %s is ready for: %s", self.executor, ", ".join(t.name for t in self._tasks))
                self._rounds(stop)

    def run_until_idle(self, patience_seconds: float = 60.0) -> bool:
        """Work off what is due now, then return; True when nothing that is due remains."""
        stop = threading.Event()
        with self._life.alone(stop), self._launched(), self._life.beating():
            end = time.monotonic() + patience_seconds
            while time.monotonic() < end:
                self._round()
                if self._idle():
                    return True
                time.sleep(IDLE_LOOK_SECONDS)
        return False

    def _rounds(self, stop: Stop) -> None:
        while not stop.is_set():
            try:
                self._round()
            except Exception as problem:
                log.warning("worker round failed (%s); trying again", type(problem).__name__)
            stop.wait(ROUND_SECONDS)

    def _round(self) -> None:
        with self._life.sweeping() as alive:
            if alive is not None:
                self._resume_orphans(alive)
                self._ask_again()
                self._forget_old()

    def _resume_orphans(self, alive: set[str]) -> None:
        for job in DBOS.list_workflows(status="PENDING", load_input=False, load_output=False):
            if job.executor_id not in alive:
                log.warning("taking over %s", job.workflow_id)
                DBOS.resume_workflow(job.workflow_id, queue_name=job.queue_name)

    def _ask_again(self) -> None:
        """Enqueue every due row for which the engine has no job left."""
        now = self._clock()
        for task in self._tasks:
            with self._database.session() as session:
                due = list(task.due(session, now))[:200]
            if not due:
                continue
            lost = [row for row in due if row[0] not in self._worked_on(task, [ref for ref, _turn in due])]
            for ref, turn in lost:
                with self._database.session() as session:
                    enqueue(session, task.name, ref, turn, again=f":{secrets.token_hex(4)}")

    def _worked_on(self, task: Task, refs: list[str]) -> set[str]:
        prefixes = [job_id(task.name, ref, 0).removesuffix("0") for ref in refs]
        jobs = DBOS.list_workflows(status=_LIVE, workflow_id_prefix=prefixes, load_input=False, load_output=False)
        return {job.workflow_id.split(":")[1] for job in jobs}

    def _idle(self) -> bool:
        """Nothing runs or waits to run, and no row is due. Delayed jobs may remain."""
        if DBOS.list_workflows(status=["ENQUEUED", "PENDING"], limit=1, load_input=False, load_output=False):
            return False
        with self._database.session() as session:
            return not any(list(task.due(session, self._clock())) for task in self._tasks)

    def _forget_old(self) -> None:
        before = (datetime.now(UTC) - timedelta(days=KEEP_DAYS)).isoformat()
        old = DBOS.list_workflows(status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before, limit=100,
                                  load_input=False, load_output=False)  # fmt: skip
        if old:
            DBOS.delete_workflows([job.workflow_id for job in old])

    @contextmanager
    def _launched(self) -> Iterator[None]:
        _tasks.update({task.name: task for task in self._tasks})
        engine = _system_engine(self._database.engine.url.render_as_string(hide_password=False))
        DBOS(config=self._config(engine))
        DBOS.listen_queues([task.name for task in self._tasks])
        self._life.beat()  # before the first job is taken, or another worker would take it over at once
        DBOS.launch()
        for task in self._tasks:
            DBOS.register_queue(task.name, worker_concurrency=task.at_once, polling_interval_sec=task.look_seconds)
        try:
            yield
        finally:
            DBOS.destroy(workflow_completion_timeout_sec=DRAIN_SECONDS if _running else 0)
            self._life.goodbye()
            engine.dispose()

    def _config(self, engine: Engine) -> DBOSConfig:
        url = engine.url.render_as_string(hide_password=False)
        return DBOSConfig(name=APPLICATION, system_database_url=url, system_database_engine=engine,
                          executor_id=self.executor, application_version=APPLICATION_VERSION, log_level="ERROR",
                          console_log_level="ERROR", use_listen_notify=True)  # fmt: skip


def _system_engine(url: str) -> Engine:
    """DBOS's own connections: its SQLite migrations begin their transactions themselves, so the driver may begin."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(parsed, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine
