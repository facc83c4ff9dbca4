"""Work that survives: the thin module over DBOS, with a worker inside this process. Dying ones: tests/cases/."""

import threading
import time

import pytest
from sqlalchemy import text

from config import work
from config.database import Database
from config.worker import Worker


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    work.prepare(database.engine)
    with database.session() as session:
        session.execute(text("CREATE TABLE todo (ref TEXT PRIMARY KEY, done INTEGER NOT NULL DEFAULT 0)"))
    yield database
    database.engine.dispose()


class Errands:
    """A task whose rows are the truth: a row is due until it is done."""

    def __init__(self, database) -> None:
        self.database, self.ran, self.trouble = database, [], 0

    def task(self) -> work.Task:
        return work.Task("errand", self.run, self.due)

    def run(self, ref: str) -> None:
        self.ran.append(ref)
        if self.trouble:
            self.trouble -= 1
            raise ConnectionError("not now")
        with self.database.session() as session:
            session.execute(text("UPDATE todo SET done = done + 1 WHERE ref = :ref AND done = 0"), {"ref": ref})

    @staticmethod
    def due(session, _now):
        return [(ref, 0) for ref in session.execute(text("SELECT ref FROM todo WHERE done = 0")).scalars()]

    def put(self, *refs: str, delay: float = 0.0, ask: bool = True) -> None:
        for ref in refs:
            with self.database.session() as session:
                session.execute(text("INSERT INTO todo (ref) VALUES (:ref)"), {"ref": ref})
                if ask:
                    work.enqueue(session, "errand", ref, delay_seconds=delay)

    def done(self) -> dict[str, int]:
        with self.database.session() as session:
            return dict(session.execute(text("SELECT ref, done FROM todo")).all())


@pytest.fixture
def errands(database):
    return Errands(database)


def test_what_was_asked_for_is_done_once(database, errands):
    errands.put("a", "b", "c")
    with database.session() as session:
        work.enqueue(session, "errand", "a")  # asked for twice

    assert Worker(database, [errands.task()]).run_until_idle(20)

    assert errands.done() == {"a": 1, "b": 1, "c": 1}
    assert sorted(errands.ran) == ["a", "b", "c"]


def test_a_row_nobody_asked_for_is_found(database, errands):
    errands.put("forgotten", ask=False)

    assert Worker(database, [errands.task()]).run_until_idle(20)

    assert errands.done() == {"forgotten": 1}


def test_a_failing_errand_is_tried_again(database, errands):
    errands.trouble = 2
    errands.put("a")

    assert Worker(database, [errands.task()]).run_until_idle(20)

    assert errands.ran == ["a", "a", "a"]
    assert errands.done() == {"a": 1}


def test_a_transaction_that_fails_leaves_no_work(database, errands):
    def half():
        with database.session() as session:
            work.enqueue(session, "errand", "never")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    Worker(database, [errands.task()]).run_until_idle(5)

    assert errands.ran == []


def test_a_worker_stops_soon_after_it_is_told_to(database, errands):
    stop = threading.Event()
    thread = threading.Thread(target=Worker(database, [errands.task()]).run, args=(stop,))
    thread.start()
    errands.put("a")
    while not errands.ran:
        time.sleep(0.02)

    started = time.monotonic()
    stop.set()
    thread.join(10)

    assert not thread.is_alive()
    assert time.monotonic() - started < 5


def test_on_one_sqlite_file_the_second_worker_waits_its_turn(database, errands):
    first, second = Worker(database, [errands.task()]), Worker(database, [errands.task()])
    stop_first, stop_second = threading.Event(), threading.Event()
    with first._life.alone(stop_first) as mine:
        assert mine
        waiting = threading.Thread(target=second.run, args=(stop_second,))
        waiting.start()
        errands.put("a")
        time.sleep(0.5)
        assert errands.ran == [], "the second has not begun"
    try:
        end = time.monotonic() + 10
        while not errands.ran and time.monotonic() < end:
            time.sleep(0.02)
        assert errands.ran == ["a"], "now it has taken over"
    finally:
        stop_second.set()
        waiting.join(10)
