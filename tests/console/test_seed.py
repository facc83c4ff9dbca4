"""A seeded week, its weekly analysis counted again from the bare rows: every number leads to its cases, and adds up.

The recount reads histories as they lie in the database and knows nothing of `cases/figures`.
"""

import json
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from cases import identities
from cases.migrations import upgrade
from cases.words import Role
from config.city import load
from config.database import Database
from config.settings import ROOT, Settings
from config.workdays import CITY_TIME
from console.commands.seed import seed
from console.seed.week import live

sys.path.append(str(Path(__file__).parent.parent / "cases"))
from case_office import Office
from postgres_cluster import Cluster, binaries

pytestmark = pytest.mark.timeout(600)  # a whole week is lived through first

MONDAY = date(2026, 3, 2)
START = datetime(2026, 3, 2, tzinfo=CITY_TIME)
END = START + timedelta(days=7)
NO_PROBLEM = ("consultation", "praise")


@pytest.fixture(scope="module")
def city():
    return load(ROOT / "config")


def seeded(url, folder, city, days, number=12345):
    database = Database(url)
    upgrade(database.engine)
    settings = Settings(data_dir=folder)
    identities.keep_keys_in(database.engine, settings.keys_folder)
    lived = live(database, city, MONDAY, days, number, lambda _moment: None)
    return database, settings, lived


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def week(request, tmp_path_factory, city):
    """A whole week on SQLite, two days of it on PostgreSQL."""
    folder = tmp_path_factory.mktemp("week")
    if request.param == "sqlite":
        found, cluster = Week(*seeded(f"sqlite:///{folder / 'hotline.db'}", folder, city, 7), city), None
    else:
        cluster = started_cluster()
        found = Week(*seeded(cluster.url("week"), folder, city, 2), city)
    yield found
    found.close()
    if cluster:
        cluster.stop()


def started_cluster():
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    cluster = Cluster(binaries())
    cluster.start()
    cluster.create("week")
    return cluster


class Week:
    """The seeded hotline on Monday morning, its analysis, and its bare rows."""

    def __init__(self, database, settings, lived, city):
        self.database, self.lived = database, lived
        self._office = Office(database, city, settings, lambda: END)
        self.chief = self._office.person("chief", Role.SUPERVISOR)
        answer = self.chief.get("/reports/weekly", params={"week": "2026-W10"})
        assert answer.status_code == 200, answer.text
        self.told = answer.json()
        self.cases = {row["number"]: row for row in self.rows("SELECT * FROM cases")}
        self.shares = self.rows("SELECT * FROM assignments")
        self.history = defaultdict(list)
        for row in self.rows("SELECT * FROM case_events ORDER BY case_number, seq"):
            data = row["data"]
            self.history[row["case_number"]].append(row | {"data": json.loads(data) if isinstance(data, str) else data})

    def close(self):
        self._office.close()
        self.database.engine.dispose()

    def rows(self, statement):
        with self.database.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement)).mappings()]

    def count(self, statement):
        with self.database.engine.connect() as connection:
            return connection.execute(text(statement)).scalar_one()

    def numbers(self, name):
        return {each["code"]: each for each in self.told["counts"]}[name]["cases"]

    def figure(self, code):
        found = next(each for each in self.told["six_hundred"] + self.told["rates"] if each["code"] == code)
        return sorted(found["hits"]), sorted(found["misses"])

    @property
    def problems(self):
        return {number: row for number, row in self.cases.items() if row["kind"] not in NO_PROBLEM}

    def with_step(self, *steps):
        return sorted(n for n, lines in self.history.items() if any(line["step"] in steps for line in lines))

    def leads(self):
        over = ("returned", "recalled")
        return {
            s["case_number"]: s["department"] for s in self.shares if s["part"] == "lead" and s["progress"] not in over
        }


def moment(value):
    """SQLite gives text in UTC without saying so."""
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def everything(told):
    """Every part of the analysis that has a number and the cases behind it, wherever it stands."""
    if isinstance(told, dict):
        if "cases" in told and "n" in told:
            yield told
        for each in told.values():
            yield from everything(each)
    elif isinstance(told, list):
        for each in told:
            yield from everything(each)


# ---- every number leads to its cases
@pytest.mark.slow
def test_every_number_is_the_length_of_its_list(week):
    parts = list(everything(week.told))
    assert len(parts) > 40
    known = set(week.cases) | {row["id"] for row in week.rows("SELECT id FROM calls")}
    for part in parts:
        assert part["n"] == len(part["cases"]) == len(set(part["cases"])), part["name"]
        assert set(part["cases"]) <= known
    for rate in week.told["six_hundred"] + week.told["rates"]:
        assert rate["n"] == len(rate["hits"])
        assert rate["of"] == len(rate["hits"]) + len(rate["misses"])
        assert set(rate["hits"]) | set(rate["misses"]) | set(rate["pending_items"]) <= known


@pytest.mark.slow
def test_whoever_doubts_a_number_can_open_its_cases(week):
    for part in (*week.told["what"], *week.told["where"], *week.told["who"]):
        for number in part["cases"][:5]:
            assert week.chief.get(f"/cases/{number}").json()["number"] == number
    for rate in week.told["six_hundred"] + week.told["rates"]:
        behind = week.chief.get(rate["exceptions"].removeprefix("/api/v1")).json()
        assert behind["items"] == (rate["misses"] if rate["good"] else rate["hits"]), rate["code"]


@pytest.mark.slow
def test_parts_add_up_to_their_wholes(week):
    told = week.told
    assert sum(kind["n"] for kind in told["kinds"]) == len(week.numbers("registered")) == len(week.cases)
    problems = set(told["problems"]["cases"])
    assert sum(kind["n"] for kind in told["kinds"] if kind["code"] not in NO_PROBLEM) == len(problems)
    for part in (*told["what"], *told["where"], *told["who"], *told["districts"], *told["hot_topics"]):
        assert set(part["cases"]) <= problems
    assert sum(district["n"] for district in told["districts"]) + told["unplaced"]["n"] == len(problems)
    for cause in told["what"]:
        assert all(set(word["cases"]) <= set(cause["cases"]) for word in cause["mostly"])


# ---- counted again
@pytest.mark.slow
def test_the_counts_are_what_the_rows_say(week):
    assert week.numbers("registered") == sorted(week.cases)
    assert week.numbers("answered") == week.with_step("answer")
    assert week.numbers("dispatched") == week.with_step("dispatch")
    assert week.numbers("closed") == sorted(n for n, row in week.cases.items() if row["state"].startswith("closed"))
    offered = "SELECT COUNT(DISTINCT call_id) FROM call_events WHERE kind = 'line.joined'"
    assert len(week.numbers("calls")) == week.count(offered)
    assert len(week.numbers("contacts")) == len(week.cases)
    assert 128 <= len(week.cases) / len({n[:8] for n in week.cases}) <= 144
    kinds = Counter(row["kind"] for row in week.cases.values())
    assert {kind["code"]: kind["n"] for kind in week.told["kinds"]} == kinds
    assert 0.58 < kinds["consultation"] / len(week.cases) < 0.7


@pytest.mark.slow
def test_what_where_and_who_are_the_most_frequent(week, city):
    categories = Counter(row["category"] for row in week.problems.values())
    assert [cause["n"] for cause in week.told["what"]] == [n for _code, n in categories.most_common(3)]
    assert all(cause["n"] == categories[cause["code"]] for cause in week.told["what"])

    leads = week.leads()
    departments = Counter(leads[number] for number in week.problems if number in leads)
    assert [each["n"] for each in week.told["who"]] == [n for _code, n in departments.most_common(3)]
    assert all(each["n"] == departments[each["code"]] for each in week.told["who"])

    for place in week.told["where"]:
        open_ones = [n for n, row in week.problems.items() if row["confidentiality"] == "ordinary"]
        assert place["cases"] == sorted(n for n in open_ones if place["code"] in week.cases[n]["place"])
    for district in city.districts:
        names = (district.name, *district.inside)
        here = sorted(n for n, row in week.problems.items() if any(name in row["place"] for name in names))
        assert next(d["cases"] for d in week.told["districts"] if d["name"] == district.name) == here


@pytest.mark.slow
def test_the_rates_are_what_the_histories_say(week):
    signed = [s for s in week.shares if s["signed_at"] and s["signed_by"] != "system"]
    in_time = sorted(s["case_number"] for s in signed if moment(s["signed_at"]) <= moment(s["sign_by"]))
    assert week.figure("signed_in_time")[0] == in_time

    returned = week.with_step("request_return", "dispute")
    assert week.figure("returned")[0] == returned
    assert len(week.figure("returned")[1]) == len(week.with_step("dispatch")) - len(returned)

    replies = sorted(
        (n, line["at"]) for n, lines in week.history.items() for line in lines if line["step"] == "approve"
    )
    assert sum(map(len, week.figure("told"))) == len(replies)

    rated = {n: [line["data"]["satisfied"] for line in lines if line["data"].get("satisfied")]
             for n, lines in week.history.items()}  # fmt: skip
    content = sorted(n for n, said in rated.items() if said and said[-1] != "no")
    assert week.figure("satisfied") == (content, sorted(n for n, said in rated.items() if said and said[-1] == "no"))
    unreached = week.with_step("close_unreached")
    assert not set(unreached) & set(week.figure("satisfied_of_closed")[0])


@pytest.mark.slow
def test_deadlines_are_what_the_histories_say(week):
    """Each lead's terms, followed step by step: open and overdue is a miss, as is late, as is what was sent back."""
    hits, misses = [], []
    leads = {s["id"]: s["case_number"] for s in week.shares if s["part"] == "lead"
             and s["progress"] not in ("returned", "recalled")}  # fmt: skip
    for key, number in leads.items():
        for due, settled in terms(week.history[number], key):
            if due < END:
                (hits if settled and settled <= due else misses).append(number)
    assert week.figure("on_time") == (sorted(hits), sorted(misses))
    assert week.figure("overdue")[0] == sorted(misses)


def terms(lines, key):
    """(due, settled) of each time that this share was given."""
    due = settled = replied = None
    frozen = False
    for line in lines:
        step, data, mine = line["step"], line["data"], line["data"].get("assignment") == key
        given = next((each for each in data.get("assignments", ()) if each["id"] == key), None)
        if given and due is not None:
            yield due, settled
            settled, frozen = None, False
        if given:
            due = moment(given["due_at"])
        elif mine and step == "send_back":
            frozen = True
        elif mine and step == "reply":
            replied = moment(line["at"])
        elif mine and "due_at" in data and not frozen:
            due = moment(data["due_at"])
        elif step == "approve" and due is not None and settled is None:
            settled = replied
    yield due, settled


# ---- the seed itself
@pytest.mark.slow
def test_the_week_is_believable(week):
    done = week.lived.done
    assert {"来电", "直接答复", "交办", "签收", "联系市民", "答复", "督办", "申请退单"} <= set(done)
    if len({number[:8] for number in week.cases}) == 7:
        assert {"审核通过", "退回重办", "回访", "回访未接通", "申请延期", "并单", "撤回"} <= set(done)
    assert len({row["state"] for row in week.cases.values()}) >= 6
    automatic = [line for lines in week.history.values() for line in lines if line["data"].get("automatic")]
    assert automatic, "somebody never signs"
    assert sum(week.lived.refused.values()) < len(week.cases) / 50
    assert week.told["six_hundred"][1]["n"] == week.told["six_hundred"][1]["of"]


@pytest.mark.slow
def test_the_same_number_makes_the_same_week(tmp_path, city):
    told = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        database, _settings, lived = seeded(f"sqlite:///{folder / 'hotline.db'}", folder, city, 1)
        with database.engine.connect() as connection:
            rows = connection.execute(text("SELECT number, kind, category, place, state, created_at FROM cases"))
            told.append((lived, sorted(map(tuple, rows))))
        database.engine.dispose()
    assert told[0] == told[1]


@pytest.mark.slow
def test_a_hotline_with_cases_is_not_seeded_by_mistake(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    first = CliRunner().invoke(seed, ["--days", "1", "--from", "2026-03-02"])
    assert first.exit_code == 0, first.output
    assert "登记 136" in first.output
    again = CliRunner().invoke(seed, ["--days", "1"])
    assert again.exit_code == 1
    assert "--force" in again.output
