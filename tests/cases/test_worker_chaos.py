"""Real worker processes, killed again and again while they deliver to a receiver that fails: nothing is lost."""

import os
import random
import signal
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from test_delivery import WANG
from test_intake import jobs
from worker_processes import Workers

from cases import assignment, case, endpoints, outbox
from cases.case import Fields
from cases.model import AssignmentRow, CaseEventRow, CaseRow
from cases.words import Event, Kind
from config.database import Database

pytestmark = pytest.mark.slow


def fail_often(receiver) -> None:
    """Each message fails at its first two attempts or not at all, each failure in its own way."""
    ways = random.Random(12345)

    def choose(n: int) -> str:
        if receiver.copies[receiver.requests[n - 1]["id"]] > 2:
            return "ok"
        return ways.choices(["ok", "503", "effect then drop", "drop", "effect then hang"], [60, 15, 12, 8, 5])[0]

    receiver.choose = choose


def dispatch_many(database, city, receiver, count: int) -> None:
    now = datetime.now(UTC)
    with database.session() as session:
        endpoints.set_endpoint(session, "cgj", receiver.url, [], now=now)
        receiver.secret = endpoints.new_secret(session, "cgj", now=now)
    for n in range(count):
        with database.session() as session:
            row = case.register(
                session, Fields(Kind.HELP, "environment", summary=f"第 {n} 件"), WANG, city=city, now=now
            )
            assignment.dispatch(session, row, "cgj", [], WANG, city=city, now=now)


def states(database) -> dict[str, int]:
    """Looked at without a transaction, so that on SQLite whoever looks holds nobody up."""
    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT state, COUNT(*) FROM deliveries GROUP BY state")
        return dict(cursor.fetchall())


def wait_until_delivered(database, count: int, seconds: float, meanwhile=lambda: None) -> None:
    end = time.monotonic() + seconds
    while states(database) != {"delivered": count}:
        assert time.monotonic() < end, (states(database), "not everything was delivered")
        meanwhile()
        time.sleep(0.3)


def tell_more(database, times: int) -> None:
    """Further messages on every case: departments hear of a case more than once, and in order."""
    now = datetime.now(UTC)
    with database.session() as session:
        shares = list(session.scalars(select(AssignmentRow)))
        for n in range(1, times + 1):
            for share in shares:
                row = session.get_one(CaseRow, share.case_number)
                outbox.put(session, row, share, Event.UPDATED, {"n": n}, now=now)


class Killer:
    """Every two seconds kills a worker that has been at work for as long, and starts another in its place.

    So many times at `most`: on a machine that is busy with other things nobody would ever come to work between deaths.
    """

    def __init__(self, workers: Workers, most: int) -> None:
        self._workers, self._most = workers, most
        self._last, self.kills = time.monotonic(), 0
        self._since: dict[int, float] = {}

    def __call__(self) -> None:
        now = time.monotonic()
        self._workers.revive()
        for each in self._workers.at_work():
            self._since.setdefault(each.pid, now)
        seasoned = [each for each in self._workers.processes if now - self._since.get(each.pid, now) > 2]
        if seasoned and now - self._last > 2 and self.kills < self._most:
            self._workers.kill(random.choice(seasoned))
            self._workers.start()
            self.kills, self._last = self.kills + 1, now


@pytest.mark.timeout(1500)
def test_deliveries_to_a_bad_receiver_while_workers_die_are_neither_lost_nor_doubled(database, workers, receiver, city):
    """Two workers, kill -9 every two seconds. HOTLINE_DRILL=500 makes it 2,000 deliveries."""
    cases, messages = int(os.environ.get("HOTLINE_DRILL", "50")), 4
    fail_often(receiver)
    dispatch_many(database, city, receiver, cases)
    tell_more(database, messages - 1)
    for _ in range(2):
        workers.start()
    killer, began = Killer(workers, most=5 + cases // 10), time.monotonic()

    wait_until_delivered(database, cases * messages, 1400, killer)

    took = time.monotonic() - began
    print(f"{cases * messages} deliveries, {len(receiver.requests)} requests, {killer.kills} kills, {took:.0f} s")
    assert killer.kills >= 2, "a test of dying workers needs dying workers"
    assert len(receiver.effects) == cases * messages
    told: dict[str, list[int]] = {}
    for message_id in receiver.order:
        data = receiver.effects[message_id]["data"]
        told.setdefault(data["number"], []).append(data.get("n", 0))
    assert set(map(tuple, told.values())) == {tuple(range(messages))}, "in order, each once"
    with database.session() as session:
        assert session.scalar(select(func.count()).where(AssignmentRow.delivered_at.is_(None))) == 0
        receipts = select(func.count()).where(CaseEventRow.step == "deliver")
        assert session.scalar(receipts) == cases, "one receipt for each case in the history"


def test_a_worker_that_never_comes_back_is_replaced_by_another(database, workers, receiver, city):
    receiver.choose = lambda n: "hang" if n <= 4 else "ok"
    workers.start()
    dispatch_many(database, city, receiver, 4)
    while len(receiver.requests) < 4:
        time.sleep(0.05)
    workers.kill_one()  # with four deliveries in its hands
    assert states(database).get("delivered", 0) == 0

    workers.start()
    wait_until_delivered(database, 4, 30)

    assert len(receiver.effects) == 4


def test_a_job_that_the_engine_has_lost_is_found_by_its_row(database, workers, receiver, city):
    dispatch_many(database, city, receiver, 3)
    schema = "" if database.engine.dialect.name == "sqlite" else "dbos."
    with database.session() as session:
        session.execute(text(f"DELETE FROM {schema}workflow_status"))  # noqa: S608
    assert jobs(database) == []

    workers.start()
    wait_until_delivered(database, 3, 30)


def test_a_frozen_worker_ends_when_it_wakes_up_because_others_have_its_work(database, workers, receiver, city):
    if database.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite one worker has the file; there are no others")
    receiver.choose = lambda n: "hang" if n <= 2 else "ok"
    workers.start()
    dispatch_many(database, city, receiver, 2)
    while len(receiver.requests) < 2:
        time.sleep(0.05)
    [frozen] = workers.processes
    frozen.send_signal(signal.SIGSTOP)
    workers.start()
    wait_until_delivered(database, 2, 40)
    assert len(receiver.effects) == 2
    time.sleep(7)

    frozen.send_signal(signal.SIGCONT)

    assert frozen.wait(10) == 75
    assert states(database) == {"delivered": 2}


@pytest.mark.postgres
def test_a_restart_of_the_database_in_the_middle_costs_nothing(cluster, request, tmp_path, city, receiver):
    database = Database(cluster.new_database())
    workers = Workers(database.engine.url.render_as_string(hide_password=False), tmp_path)
    request.addfinalizer(workers.stop)
    fail_often(receiver)
    workers.start()
    dispatch_many(database, city, receiver, 20)
    while not receiver.effects:
        time.sleep(0.05)

    cluster.restart()
    wait_until_delivered(database, 20, 60)

    assert len(receiver.effects) == 20
    assert workers.processes[0].poll() is None, "the worker lives through it"
