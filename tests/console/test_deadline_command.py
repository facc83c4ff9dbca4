"""`hotline deadline`, as people and as programs call it; and what `hotline check` says of a year nobody has entered."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.city import load, problems
from config.read_city import SHIPPED
from console.commands.deadline import deadline_command


def hotline(*arguments: str) -> Result:
    return CliRunner().invoke(deadline_command, list(arguments))


def explained(*arguments: str) -> dict:
    done = hotline(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_machine_reads_the_moment_and_the_reasons():
    found = explained("--urgency", "ordinary", "--preset", "shandong", "--from", "2026-02-13 16:00")

    assert found["due_at"] == "2026-02-27T23:59:59+08:00"
    assert found["provisional"] is False
    assert found["sign_by"] == "2026-02-14T23:59:59+08:00"
    assert "2026-02-14 周六，春节调休上班：第 1 个工作日" in found["explained"]
    assert found["rules"].startswith("shandong/ordinary-")
    assert found["calendar"].startswith("2026-")


def test_the_shipped_preset_is_three_days_to_the_minute():
    assert explained("--urgency", "urgent", "--from", "2026-02-13 16:00")["due_at"] == "2026-02-16T16:00:00+08:00"


def test_a_year_that_is_not_announced_is_provisional():
    assert explained("--urgency", "ordinary", "--preset", "shandong", "--from", "2026-12-28 09:00")["provisional"]


@pytest.mark.parametrize("start", ["2026-02-13T23:30Z", "2026-02-14 07:30", "2026-02-14T07:30+08:00"])
def test_one_moment_in_three_spellings_is_one_deadline(start):
    found = explained("--urgency", "urgent", "--preset", "shandong", "--from", start)

    assert found["due_at"] == "2026-02-25T23:59:59+08:00"


def test_people_read_a_list_of_days():
    lines = hotline("--urgency", "instruction", "--from", "2026-02-13 16:00").stdout.splitlines()

    assert lines[:3] == [
        "市长批示件按急件办理，延期只能由批示人同意",
        "2026-02-13 16:00 交办，从交办起计时",
        "急件：3个自然日（方案 seed）",
    ]
    assert "2026-02-16 16:00 到期" in lines


def test_a_kind_may_have_its_own_rule():
    def due(kind):
        given = ("--urgency", "ordinary", "--preset", "guangdong", "--kind", kind, "--from", "2026-03-09 09:00")
        return explained(*given)["due_at"]

    assert due("consultation") == "2026-03-11T23:59:59+08:00"
    assert due("complaint") == "2026-03-30T23:59:59+08:00"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--urgency", "soon"), "at_once"),
        (("--urgency", "urgent", "--from", "tomorrow"), "2026-02-13 16:00"),
        (("--urgency", "urgent", "--from", "9999-12-31"), "2026-02-13 16:00"),
        (("--urgency", "urgent", "--preset", "shandung"), "did you mean 'shandong'?"),
    ],
)
def test_wrong_use_is_explained(arguments, says):
    done = hotline(*arguments)

    assert done.exit_code == 2
    assert says in done.output


# --- hotline check ----------------------------------------------------------------------------------------------------


@pytest.fixture
def own_city(tmp_path: Path) -> Path:
    """The shipped city with only the holidays of 2026, and working days in force."""
    folder = tmp_path / "city"
    folder.mkdir()
    for name in ("departments.yaml", "deadlines.yaml"):
        shutil.copy(SHIPPED / name, folder / name)
    (folder / "holidays").mkdir()
    shutil.copy(SHIPPED / "holidays" / "2026.yaml", folder / "holidays")
    rules = (folder / "deadlines.yaml").read_text("utf-8").replace("preset: seed", "preset: shandong")
    (folder / "deadlines.yaml").write_text(rules, encoding="utf-8")
    return folder


def missing(folder: Path, today: date) -> list[str]:
    return [Path(p.file).name for p in problems(folder, today) if p.code == "C010"]


def test_a_year_that_deadlines_in_force_reach_is_asked_for_in_time(own_city):
    assert missing(own_city, date(2026, 6, 1)) == []
    assert missing(own_city, date(2026, 12, 1)) == ["2027.yaml"]
    assert missing(own_city, date(2027, 1, 1)) == ["2027.yaml"]
    assert load(own_city).workdays.years.keys() == {2026}, "no reason not to answer the telephone"


def test_the_command_names_the_missing_year_and_says_what_to_do(own_city, monkeypatch):
    from console.commands.flows import check

    (own_city / "holidays" / "2026.yaml").unlink()
    monkeypatch.setenv("HOTLINE_CITY_DIR", str(own_city))

    done = CliRunner().invoke(check, [str(own_city)])

    assert done.exit_code == 1
    assert "C010" in done.output
    assert "请按国务院办公厅的放假通知新建" in done.output


def test_a_mistake_in_the_holidays_is_told_once(own_city, monkeypatch):
    from console.commands.flows import check

    year = own_city / "holidays" / "2026.yaml"
    year.write_text(year.read_text("utf-8").replace("2026-10-07:", "2026-10-37:"), encoding="utf-8")
    monkeypatch.setenv("HOTLINE_CITY_DIR", str(own_city))

    done = CliRunner().invoke(check, ["--json"])

    assert [p["code"] for p in json.loads(done.stdout) if p["code"] == "F031"] == ["F031"]
