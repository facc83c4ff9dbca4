import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from cases.migrations import upgrade
from cases.model import Base
from config.database import Database

UPGRADE = """
import sys
from cases.migrations import upgrade
from config.database import make_engine
upgrade(make_engine(sys.argv[1]))
"""


def test_the_migrations_make_exactly_the_tables_of_the_model(database):
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    ours = Base.metadata.tables.keys()
    assert [d for d in differences if d[0] not in ("remove_table", "remove_index") or d[1].name in ours] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_processes_that_start_at_once_do_not_trip_over_each_other(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    if kind == "postgres":
        cluster = request.getfixturevalue("cluster")
        cluster.create("fresh")
        url = cluster.url("fresh")

    starting = [subprocess.Popen([sys.executable, "-c", UPGRADE, url], stderr=subprocess.PIPE) for _ in range(3)]
    complaints = [process.communicate(timeout=60)[1].decode() for process in starting]

    assert [p.returncode for p in starting] == [0, 0, 0], complaints
    database = Database(url)
    upgrade(database.engine)
    assert "deliveries" in inspect(database.engine).get_table_names()
    database.engine.dispose()


def test_the_tables_themselves_refuse_nonsense(database):
    """Whatever writes to them: an index or a CHECK holds the promise, not the code alone."""
    from sqlalchemy.exc import IntegrityError

    person = "INSERT INTO people (name, role, password_hash, department, disabled, created_at) VALUES "
    nonsense = [
        person + "('x', 'wizard', '-', NULL, FALSE, CURRENT_TIMESTAMP)",
        person + "('x', 'clerk', '-', NULL, FALSE, CURRENT_TIMESTAMP)",
        person + "('x', 'operator', '-', 'cgj', FALSE, CURRENT_TIMESTAMP)",
        "INSERT INTO tokens (digest, name, kind, created_at, expires_at) VALUES ('d', 'nobody', 'api', "
        "CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
    ]

    for statement in nonsense:
        with pytest.raises(IntegrityError), database.engine.begin() as connection:
            connection.execute(text(statement))
