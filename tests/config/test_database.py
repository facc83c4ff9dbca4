import sqlite3
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from config.database import Database, make_engine


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/deep/er/hotline.db")
    with database.session() as session:
        session.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY, n INTEGER)"))
    yield database
    database.engine.dispose()


def count(database) -> int:
    with database.session() as session:
        return session.execute(text("SELECT count(*) FROM things")).scalar_one()


def test_a_session_commits_at_its_end_or_not_at_all(database):
    def half():
        with database.session() as session:
            session.execute(text("INSERT INTO things VALUES ('a', 1)"))
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert count(database) == 0

    with database.session() as session:
        session.execute(text("INSERT INTO things VALUES ('a', 1)"))
    assert count(database) == 1


def test_eight_writers_that_read_first_all_get_their_turn(database):
    """With a plain BEGIN most of these fail at once with 'database is locked'."""
    with database.session() as session:
        session.execute(text("INSERT INTO things VALUES ('counter', 0)"))

    def add():
        for _ in range(25):
            with database.session() as session:
                n = session.execute(text("SELECT n FROM things")).scalar_one()
                session.execute(text("UPDATE things SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.session() as session:
        assert session.execute(text("SELECT n FROM things")).scalar_one() == 200


def test_a_locked_database_is_waited_for_and_then_reported(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path}/hotline.db", busy_timeout_ms=300)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE things (name TEXT)"))
    other = sqlite3.connect(tmp_path / "hotline.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    started = time.monotonic()
    with pytest.raises(OperationalError), engine.begin():
        pass
    assert 0.25 < time.monotonic() - started < 3

    other.execute("ROLLBACK")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO things VALUES ('later')"))
    other.close()
    engine.dispose()


def test_it_is_durable_and_checks_its_references(database):
    with database.session() as session:
        pragmas = {
            p: session.execute(text(f"PRAGMA {p}")).scalar() for p in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_citizens_number_does_not_stand_in_a_database_error(database):
    insert = text("INSERT INTO things VALUES (:phone, 1)")
    with database.session() as session:
        session.execute(insert, {"phone": "13800001111"})

    with pytest.raises(IntegrityError) as problem, database.session() as session:
        session.execute(insert, {"phone": "13800001111"})

    assert "13800001111" not in str(problem.value)


def test_a_bare_postgresql_address_is_taken_for_psycopg_3():
    assert make_engine("postgresql://u@127.0.0.1:1/x").url.drivername == "postgresql+psycopg"
