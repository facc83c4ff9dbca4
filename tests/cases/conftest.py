"""Real databases for the case half: a fresh SQLite file, and a fresh PostgreSQL database, for every test that asks."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from case_office import Office
from department_receiver import Receiver
from postgres_cluster import Cluster, binaries
from worker_processes import Workers

from cases import people
from cases.migrations import upgrade
from config.city import Category, City, Department
from config.database import Database, make_engine
from config.settings import Settings

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # a Monday, 09:30 in the city

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; every test gets a copy."""
    path = tmp_path_factory.mktemp("template") / "hotline.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA journal_mode=DELETE").close()
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    cluster = Cluster(programs)
    cluster.start()
    cluster.create("template")
    engine = make_engine(cluster.url("template"))
    upgrade(engine)
    engine.dispose()
    yield cluster
    cluster.stop()


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database: SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "hotline.db")
        return f"sqlite:///{tmp_path / 'hotline.db'}"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.new_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.engine.dispose()


@pytest.fixture
def sqlite(empty_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """For tests that say nothing about the kind of database."""
    shutil.copy(empty_sqlite, tmp_path / "hotline.db")
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def city() -> City:
    """Small, and all one needs: a few departments, two categories."""
    departments = ("cgj", "城市管理局"), ("gaj", "公安局"), ("hbj", "生态环境局")
    return City(
        name="某市",
        departments=tuple(Department(code, name, "0000") for code, name in departments),
        categories=(Category("city_management", "城管"), Category("environment", "环保")),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        delivery_networks=("127.0.0.0/8",),
        delivery_retry_seconds=5.0,
        delivery_timeout_seconds=10.0,
    )


@pytest.fixture
def office(database: Database, city: City, settings: Settings, clock: Clock) -> Iterator[Office]:
    office = Office(database, city, settings, clock)
    yield office
    office.close()


@pytest.fixture
def small_office(sqlite: Database, city: City, settings: Settings, clock: Clock) -> Iterator[Office]:
    """On SQLite only, for tests that say nothing about the kind of database."""
    office = Office(sqlite, city, settings, clock)
    yield office
    office.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(database_url, tmp_path)
    yield workers
    workers.stop()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2, at the price of a test: what a wrong password costs is not what these stories are about."""
    monkeypatch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    people._nobody.cache_clear()
