"""What cases cost, and how it grows: insert, transition, list, search, deliver, with up to a million cases.

    python -m benchmarks.cases [--size 10000 100000 1000000] [--on sqlite postgres] [--json]

Everything is asked over HTTP on loopback, one request after the other, by one client in the server's own process.
*Ratio* is the median by that of a bare FastAPI + SQLAlchemy insert of one row into the same database in the same run.
Aim: finding and listing in 1,000,000 cases, 95 of 100 within 100 ms.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from benchmarks.case_house import bare, fill, log_in, served, sink
from cases import endpoints, problem_details
from cases.api import router
from cases.delivery import Deliveries
from cases.migrations import upgrade
from cases.model import Delivery
from cases.words import Role
from config import city as cities
from config.city import City
from config.database import Database
from config.settings import ROOT, Settings
from tests.cases.postgres_cluster import Cluster, binaries

TIMES, ASKED = 200, 400
NEW = {"kind": "complaint", "category": "urban_construction", "place": "临江区人民路12号", "summary": "路灯不亮",
       "text": "人民路12号门口的路灯已经三天不亮了，晚上出行不便，希望尽快修好。"}  # fmt: skip
# Usual words and rare ones, some in no case, two characters and whole addresses, alone and narrowed.
SEARCHES: tuple[dict[str, Any], ...] = (
    {"q": "路灯"}, {"q": "垃圾"}, {"q": "附近"}, {"q": "涵洞"}, {"q": "不亮"}, {"q": "出租车"}, {"q": "噪音"},
    {"q": "幸福小区12号"}, {"q": "建设路 井盖"}, {"q": "恐龙"}, {"q": "火车汽笛"}, {"q": "人民路三十二号"},
    {"q": "路灯", "state": "handling"}, {"q": "垃圾", "category": "urban_construction"},
    {"q": "井盖", "state": "answered"}, {"q": "小区", "department": "education_bureau"},
    {"q": "下水道", "created_to": "2026-06-01T00:00:00+08:00"}, {"q": "学校", "category": "education"},
    {"q": "2026103"}, {"q": "13900000000"},
)  # fmt: skip
LISTS: tuple[dict[str, Any], ...] = (
    {}, {"state": "handling"}, {"state": "answered"}, {"category": "education"}, {"department": "construction"},
    {"department": "education_bureau", "state": "replied"}, {"created_to": "2026-03-01T00:00:00+08:00"},
    {"due_before": "2026-10-31T00:00:00+08:00"},
)  # fmt: skip


def timed(work: Iterable[Callable[[], Any]]) -> list[float]:
    """Milliseconds of each."""
    taken = []
    for each in work:
        began = time.perf_counter()
        each()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def measured(database: Database, city: City, settings: Settings) -> dict[str, list[float]]:
    app = FastAPI()
    app.include_router(router(database, city, settings, lambda: datetime.now(UTC)), prefix="/api/v1")
    problem_details.install(app)
    wang, li = log_in(database, "wang", Role.DISPATCHER), log_in(database, "li", Role.CLERK, "construction")
    found: dict[str, list[float]] = {}
    with served(app, wang) as client:
        found["insert"], numbers = _inserts(client)
        steps = "/api/v1/cases/{}/transitions".format
        found["transition (accept)"] = timed(lambda n=n: _post(client, steps(n), {"action": "accept"}) for n in numbers)
        found["deliver"] = _deliveries(client, database, city, settings, numbers[: TIMES // 2])
        found["list"] = timed(_gets(client, LISTS, {}))
        found["search"] = timed(_gets(client, SEARCHES, {}))
        found["search by a department"] = timed(_gets(client, SEARCHES, {"Authorization": f"Bearer {li}"}))
    return found


def _inserts(client: httpx.Client) -> tuple[list[float], list[str]]:
    numbers: list[str] = []
    taken = timed(lambda: numbers.append(_post(client, "/api/v1/cases", NEW)["number"]) for _ in range(TIMES))
    return taken, numbers


def _deliveries(
    client: httpx.Client, database: Database, city: City, settings: Settings, numbers: list[str]
) -> list[float]:
    """From the claim to the record, the request to a department's system on this machine between them."""
    now, sender = datetime.now(UTC), Deliveries(database, settings, city=city)
    with sink() as url:
        with database.session() as session:
            endpoints.set_endpoint(session, "parks", url, ["127.0.0.0/8"], now=now)
            endpoints.new_secret(session, "parks", now=now)
        for number in numbers:
            _post(client, f"/api/v1/cases/{number}/transitions", {"action": "dispatch", "lead": "parks"})
        with database.session() as session:
            ids = list(session.scalars(select(Delivery.id).where(Delivery.department == "parks")))
        taken = timed(lambda key=key: sender.deliver(key) for key in ids)
    with database.session() as session:
        states = set(session.scalars(select(Delivery.state).where(Delivery.department == "parks")))
    assert states == {"delivered"}, states
    return taken


def _gets(
    client: httpx.Client, asked: Iterable[dict[str, Any]], headers: dict[str, str]
) -> Iterator[Callable[[], Any]]:
    """Every second one asks for the next page of the one before."""
    page = {"cursor": ""}

    def get(params: dict[str, Any], cursor: str) -> None:
        answer = client.get("/api/v1/cases", params=params | ({"cursor": cursor} if cursor else {}), headers=headers)
        assert answer.status_code == 200, answer.text
        page["cursor"] = answer.json()["next"] or ""

    for params in islice(cycle(asked), ASKED // 2):
        page["cursor"] = ""
        yield lambda params=params: get(params, "")
        yield lambda params=params: get(params, page["cursor"])


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())


def run(database: Database, city: City, folder: Path, size: int) -> dict[str, Any]:
    """Everything of one size on one kind of database."""
    upgrade(database.engine)
    began = time.perf_counter()
    fill(database, city, size)
    print(f"{database.engine.dialect.name}: {size:,} cases in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    with served(bare(database)) as client:
        least = statistics.median(timed(lambda: _post(client, "/rows", NEW) for _ in range(TIMES)))
    found = measured(database, city, Settings(data_dir=folder, delivery_networks=("127.0.0.0/8",)))
    figures = {what: _figures(taken, least) for what, taken in found.items()}
    return {"on": database.engine.dialect.name, "size": size, "bare insert ms": round(least, 2), **figures}


def _figures(taken: list[float], least: float) -> dict[str, float]:
    middle = statistics.median(taken)
    slow = statistics.quantiles(taken, n=20)[-1]
    figures = {"median": middle, "p95": slow, "max": max(taken), "ratio": middle / least}
    return {name: round(figure, 1) for name, figure in figures.items()}


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Callable[[int], Database]]:
    """Makes an empty database for each size."""
    if kind == "sqlite":
        yield lambda size: Database(f"sqlite:///{folder / f'{size}.db'}")
        return
    programs = binaries()
    if programs is None:
        sys.exit("PostgreSQL is not installed (Debian: postgresql)")
    cluster = Cluster(programs)
    cluster.start()

    def fresh(size: int) -> Database:
        cluster.create(f"cases{size}")
        return Database(cluster.url(f"cases{size}"))

    try:
        yield fresh
    finally:
        cluster.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--on", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    city, folder = cities.load(ROOT / "config"), Path(tempfile.mkdtemp(prefix="hotline-cases-"))
    try:
        for kind in wanted.on:
            with databases(kind, folder) as fresh:
                for size in wanted.size:
                    _print(run(fresh(size), city, folder, size), as_json=wanted.json)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _print(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
        return
    print(f"{figures['on']}, {figures['size']:,} cases; a bare insert: {figures['bare insert ms']} ms")
    for what, each in figures.items():
        if isinstance(each, dict):
            print(f"  {what:24}", *(f"{name} {figure:<7}" for name, figure in each.items()))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
