"""A whole office at work over HTTP, somebody with an editor at its database file, and `hotline audit verify`."""

import json
import sqlite3

import pytest
from click.testing import CliRunner

from cases import people
from cases.words import Role
from console.cli import main

LAMP = {"kind": "complaint", "category": "city_management", "summary": "路灯不亮", "phone": "13800001111"}


@pytest.fixture
def hotline(tmp_path, monkeypatch):
    """The commands of the same hotline whose API `small_office` serves."""
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)

    def run(*arguments: str):
        return CliRunner().invoke(main, list(arguments))

    return run


@pytest.fixture
def zhao(small_office):
    return small_office.person("zhao", Role.SUPERVISOR)


@pytest.fixture
def number(small_office, zhao):
    """A case that went to its department, which looked at the citizen's number."""
    wang = small_office.person("wang", Role.OPERATOR)
    made = wang.post("/cases", json=LAMP).json()["number"]
    wang.post(f"/cases/{made}/transitions", json={"action": "dispatch", "lead": "cgj"})
    cgj = small_office.system("cgj")
    cgj.get(f"/cases/{made}")
    cgj.post(f"/cases/{made}/reveals", json={"field": "phone", "purpose": "联系市民"})
    return made


def edit(tmp_path, *statements: str) -> None:
    with sqlite3.connect(tmp_path / "hotline.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_who_did_and_saw_what_is_listed_for_those_who_lead(small_office, zhao, number):
    listed = zhao.get("/audit", params={"case": number, "limit": 200}).json()
    assert [e["action"] for e in reversed(listed["items"])] == [
        "case.step", "case.step", "case.step", "case.step", "case.read", "reveal.asked", "reveal.shown",
    ]  # fmt: skip
    assert listed["items"][0]["action_label"] == "查看身份信息"
    assert "13800001111" not in json.dumps(zhao.get("/audit").json())
    first = zhao.get("/audit", params={"limit": 3}).json()
    then = zhao.get("/audit", params={"limit": 200, "cursor": first["next"]}).json()["items"]
    assert [e["seq"] for e in first["items"] + then] == list(range(then[0]["seq"] + 3, 0, -1))
    assert small_office.person("li", Role.OPERATOR).get("/audit").status_code == 403
    assert small_office.system("hbj").get("/audit/verify").status_code == 403


def test_logins_good_and_bad_are_on_record_without_what_was_typed(small_office, zhao, clock):
    with small_office.database.session() as session:
        people.add_person(session, "sun", Role.OPERATOR, "correct horse", now=clock())
    with small_office.anonymous() as anybody:
        for name, password in [("sun", "correct horse"), ("sun", "wrong"), ("my-secret", "wrong")]:
            anybody.post("/tokens", json={"name": name, "password": password})

    newest = zhao.get("/audit", params={"limit": 4}).json()["items"]

    assert [(e["action"], e["actor"]) for e in newest] == [
        ("login.failed", "-"), ("login.failed", "sun"), ("login", "sun"), ("people.changed", "console"),
    ]  # fmt: skip
    assert newest[0]["data"] == {"address": "127.0.0.1"}
    assert "my-secret" not in json.dumps(newest)


def test_who_takes_figures_away_or_looks_for_a_number_is_on_record(zhao, number):
    assert zhao.get("/reports/kpi", params={"format": "csv"}).status_code == 200
    assert zhao.get("/cases", params={"phone": "13800001111"}).json()["items"][0]["number"] == number

    searched, exported = zhao.get("/audit", params={"limit": 2}).json()["items"]

    assert (exported["action"], exported["data"]) == ("exported", {"report": "kpi", "form": "csv"})
    assert (searched["action"], searched["data"]) == ("cases.searched", {"found": 1})


def test_tampering_is_named_by_the_command_and_by_the_api(hotline, zhao, number, tmp_path):
    assert hotline("audit", "sign").exit_code == 0
    sound = hotline("audit", "verify", "--json")
    assert (sound.exit_code, json.loads(sound.stdout)["ok"]) == (0, True)
    assert zhao.get("/audit/verify").json()["ok"]

    edit(tmp_path, "DROP TRIGGER audit_entries_no_update", "UPDATE audit_entries SET actor = 'li' WHERE seq = 3")

    told = hotline("audit", "verify", "--json")
    found = [(f["code"], f["seq"]) for f in json.loads(told.stdout)["findings"]]
    assert (told.exit_code, found) == (1, [("changed", 3), ("guard_missing", 0)])
    assert [(f["code"], f["seq"]) for f in zhao.get("/audit/verify").json()["findings"]] == found
    assert "第 3 条" in hotline("audit", "verify").stdout


def test_a_removed_file_of_signatures_is_named(hotline, number, settings):
    hotline("audit", "sign")
    settings.audit_heads_file.unlink()

    told = hotline("audit", "verify")

    assert told.exit_code == 1
    assert "heads_missing" in told.stdout
    assert "heads.jsonl" in told.stdout


def test_the_key_is_changed_on_demand(hotline, number):
    assert json.loads(hotline("audit", "sign", "--rotate", "--json").stdout)["signed"] > 0
    assert hotline("audit", "sign").stdout.strip() == "everything is signed already"
    assert hotline("audit", "verify").exit_code == 0


def test_what_is_past_its_time_is_listed_before_it_is_erased(hotline, number, tmp_path, monkeypatch):
    city = tmp_path / "city"
    city.mkdir()
    (city / "departments.yaml").write_text('departments:\n  - {code: cgj, name: 城管局, phone: "8701"}\n', "utf-8")
    (city / "retention.yaml").write_text("classes:\n  standard: {identity: 1 month}\n", "utf-8")
    monkeypatch.setenv("HOTLINE_CITY_DIR", str(city))
    assert "没有到期的内容" in hotline("retention", "--dry-run").stdout
    edit(
        tmp_path,
        "UPDATE cases SET state = 'archived', retention = 'standard', closed_at = '2026-03-10 00:00:00.000000'",
    )

    assert number in hotline("retention", "--dry-run").stdout
    assert json.loads(hotline("retention", "--dry-run", "--json").stdout)[0]["what"] == "identity", "it is still there"
    assert "以上内容已清除" in hotline("retention").stdout
    assert "没有到期的内容" in hotline("retention").stdout
