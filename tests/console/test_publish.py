"""`hotline publish`, `flows`, `rollback`, `draw --counts`, `replay` as administrators run them: real processes."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases import intake, migrations
from config.database import Database
from config.problems import Unsound
from config.settings import ROOT, Settings
from console import preflight, publishing
from ivr import events as ev
from ivr.load import SHIPPED_FLOWS
from ivr.versions import Versions
from tests.ivr.journals import by_script, journal

BIN = Path(sys.executable).with_name("hotline")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
pytestmark = pytest.mark.timeout(180)


class City:
    """An administrator's desk: a folder of flows, a data folder, and the commands."""

    def __init__(self, folder: Path) -> None:
        self.flows_dir = Path(shutil.copytree(SHIPPED_FLOWS, folder / "flows"))
        self.settings = Settings(data_dir=folder / "data", flows_dir=self.flows_dir)
        self.versions = Versions(self.settings.versions_dir)

    def environment(self) -> dict[str, str]:
        mine = {k: v for k, v in os.environ.items() if not k.startswith("HOTLINE_")}
        return mine | {"HOTLINE_DATA_DIR": str(self.settings.data_dir), "HOTLINE_FLOWS_DIR": str(self.flows_dir)}

    def run(self, *command: str, stdin: str = "", ends_with: int = 0) -> str:
        done = subprocess.run([BIN, *command], input=stdin, env=self.environment(), capture_output=True, text=True,
                              timeout=90, cwd=self.flows_dir.parent)  # fmt: skip
        assert done.returncode == ends_with, done.stdout + done.stderr
        return done.stdout + done.stderr

    def edit(self, old: str, new: str, file: str = "main.yaml") -> None:
        path = self.flows_dir / file
        assert old in path.read_text("utf-8")
        path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")

    def published(self, *more: str) -> str:
        told = json.loads(self.run("publish", "--json", "--yes", *more))
        return str(told["version"])


@pytest.fixture(scope="module")
def prompts() -> Iterator[Path]:
    """All sounds of the shipped flows, made once."""
    folder = Path(tempfile.mkdtemp(prefix="publish-"))
    City(folder).run("prompts")
    yield folder / "data" / "prompts"
    shutil.rmtree(folder)


@pytest.fixture
def city(tmp_path: Path, prompts: Path) -> City:
    shutil.copytree(prompts, tmp_path / "data" / "prompts")
    return City(tmp_path)


def test_a_greeting_is_changed_published_and_rolled_back(city: City) -> None:
    first = city.published("--by", "王管理员")
    city.edit("welcome: 您好，这里是", "welcome: 您好，欢迎拨打", "prompts/zh-CN.yaml")
    said = city.run("publish", stdin="y\n")
    second = city.versions.live()

    assert "提示音 zh-CN\n  · welcome：原来“您好，这里是一二三四五政务服务热线。”，现在“您好，欢迎拨打" in said
    assert f"已发布 {second}" in said
    assert f"hotline rollback {first}" in said
    assert [line[:14] for line in city.run("flows").splitlines()] == [f"  {first}", f"→ {second}"]
    assert "王管理员  发布" in city.run("flows")

    assert f"已退回 {first}" in city.run("rollback")
    assert city.versions.live() == first
    assert "没有更早的版本" in city.run("rollback", ends_with=1)
    assert f"已退回 {second}" in city.run("rollback", second[:6])
    told = json.loads(city.run("flows", "--json"))
    assert told["live"] == second
    assert [one["action"] for one in told["history"]] == ["publish", "publish", "rollback", "rollback"]
    assert {one["version"]: one["live"] for one in told["versions"]} == {first: False, second: True}


@pytest.mark.slow
def test_sounds_are_there_before_the_switch_and_names_follow_what_is_live(city: City) -> None:
    first = city.published()
    name = city.settings.prompts_dir / "zh-CN" / "goodbye.wav"
    before = name.read_bytes()
    city.edit("goodbye: 感谢您的来电，再见。", "goodbye: 谢谢，再见。", "prompts/zh-CN.yaml")
    city.published()
    after = name.read_bytes()

    assert len(after) < len(before)
    city.run("rollback")
    assert city.versions.live() == first
    assert name.read_bytes() == before


def test_a_mistake_is_refused_with_its_place_and_nothing_changes(city: City) -> None:
    first = city.published()
    city.edit("full: busy", "full: bussy")
    said = city.run("publish", "--yes", ends_with=1)

    assert "flows/main.yaml:20:70: F006" in said
    assert "是不是想写 'busy'" in said
    assert city.versions.live() == first
    told = json.loads(city.run("publish", "--yes", "--json", ends_with=1))
    assert [problem["code"] for problem in told["problems"]] == ["F006"]


def test_a_scenario_that_fails_is_refused_with_what_was_expected(city: City) -> None:
    city.edit("full: busy", "full: closed")
    said = city.run("publish", "--yes", ends_with=1)

    assert "P002: the scenario '排队已满，留言时一句话没说'" in said
    assert "应听到 'all_busy'" in said
    assert city.versions.live() == ""


@pytest.mark.slow
def test_without_the_flow_that_calls_begin_with_nothing_is_published(city: City) -> None:
    city.edit("flow: main", "flow: first")
    shutil.rmtree(city.flows_dir / "tests")

    assert "P001" in city.run("publish", "--yes", ends_with=1)


@pytest.mark.slow
def test_the_files_of_an_old_version_can_be_had_back_to_edit(city: City) -> None:
    first = city.published()
    city.edit("max_wait: 180", "max_wait: 90")
    city.published()
    back = city.flows_dir.parent / "back"
    city.run("flows", "--copy", first[:5], "--to", str(back))
    city.run("flows", "--copy", first, "--to", str(back), ends_with=2)

    assert "max_wait: 180" in (back / "main.yaml").read_text("utf-8")
    (back / "main.yaml").write_text((back / "main.yaml").read_text("utf-8") + "\n", encoding="utf-8")
    assert city.published("--folder", str(back)) not in ("", first)


def test_a_history_that_was_rewritten_is_noticed(city: City) -> None:
    city.published("--by", "王")
    city.edit("max_wait: 180", "max_wait: 90")
    city.published()
    path = city.settings.versions_dir / "history.jsonl"
    path.write_text(path.read_text("utf-8").replace("王", "李"), encoding="utf-8")

    assert "被改动或删除过" in city.run("flows")


@pytest.mark.slow
def test_no_means_no(city: City) -> None:
    city.published()
    city.edit("max_wait: 180", "max_wait: 90")
    live = city.versions.live()

    assert "没有发布" in city.run("publish", stdin="n\n", ends_with=1)
    assert city.versions.live() == live
    assert "最长等候秒数：原来 180，现在 90" in city.run("publish")  # nobody to ask: the command is the answer
    assert city.versions.live() != live
    assert "不用发布" in city.run("publish")


@pytest.mark.slow
def test_somebody_else_was_quicker(city: City) -> None:
    city.published()
    city.edit("max_wait: 180", "max_wait: 90")
    asking = subprocess.Popen([BIN, "publish"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=city.environment(), text=True)  # fmt: skip
    assert asking.stdin
    assert asking.stdout
    assert "main" in asking.stdout.readline()
    time.sleep(0.2)
    city.edit("max_wait: 90", "max_wait: 60")
    quicker = city.published()
    said, _ = asking.communicate("y\n", timeout=60)

    assert asking.returncode == 1
    assert f"刚才有人把 {quicker} 设为正在使用的版本" in said
    assert city.versions.live() == quicker


@pytest.mark.slow
def test_with_broken_city_data_nothing_is_published(city: City, tmp_path: Path) -> None:
    broken = tmp_path / "city"
    broken.mkdir()
    (broken / "departments.yaml").write_text("departments: oops\n", encoding="utf-8")
    done = subprocess.run([BIN, "publish", "--yes"], capture_output=True, text=True, timeout=90,
                          env=city.environment() | {"HOTLINE_CITY_DIR": str(broken)})  # fmt: skip

    assert done.returncode == 1
    assert "departments.yaml:1" in done.stderr
    assert "没有改变正在使用的版本" in done.stderr
    assert city.versions.live() == ""


@pytest.mark.slow
def test_a_version_that_is_not_there_is_named(city: City) -> None:
    city.published()

    assert "没有对应的版本" in city.run("rollback", "0123", ends_with=1)


def test_the_first_start_publishes_by_itself_and_later_ones_do_not_mind_a_broken_folder(
    city: City, caplog: pytest.LogCaptureFixture
) -> None:
    first = publishing.open_live(city.settings, NOW).flows().version
    city.edit("full: busy", "full: bussy")
    again = publishing.open_live(city.settings, NOW)

    assert again.flows().version == first == city.versions.live()
    assert "has 1 problems; run `hotline check`" in caplog.text
    found = preflight.flows(city.settings)
    assert found.ok
    assert f"version {first} is live; 1 problems" in found.detail
    assert "hotline check" in found.hint
    shutil.rmtree(city.flows_dir)
    assert publishing.open_live(city.settings, NOW).flows().version == first


def test_changes_that_are_not_published_are_told_to_the_log(city: City, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    publishing.open_live(city.settings, NOW)
    assert "hotline publish" not in caplog.text
    city.edit("max_wait: 180", "max_wait: 90")
    publishing.open_live(city.settings, NOW)

    assert "has changes that are not published; run `hotline publish`" in caplog.text


def test_changed_holidays_are_said_to_count_only_after_publishing(city: City, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(ROOT / "config", tmp_path / "city"))
    settings = city.settings.model_copy(update={"city_dir": mine})
    assert publishing.waiting_changes(settings) == [], "nothing has been published yet"
    publishing.open_live(settings, NOW)
    assert publishing.waiting_changes(settings) == []

    holidays = mine / "holidays" / "2026.yaml"
    holidays.write_text(holidays.read_text("utf-8").replace("  2026-10-01: 国庆", "  2026-10-09: 国庆", 1), "utf-8")
    city.edit("max_wait: 180", "max_wait: 90")
    told = publishing.waiting_changes(settings)

    assert [sentence.partition(" ")[0] for sentence in told] == ["holidays/2026.yaml", "main.yaml"]
    assert "仍按原来的节假日" in told[0]
    assert told[0] in preflight.flows(settings).hint


def test_a_first_start_with_a_broken_folder_says_what_is_wrong(city: City) -> None:
    city.edit("full: busy", "full: bussy")

    with pytest.raises(Unsound, match="F006"):
        publishing.open_live(city.settings, NOW)
    assert city.versions.live() == ""


def test_when_every_version_is_damaged_calls_are_answered_all_the_same(city: City) -> None:
    version = publishing.open_live(city.settings, NOW).flows().version
    for file in (city.settings.versions_dir / version).rglob("main.yaml"):
        file.chmod(0o600)
        file.write_text("nothing", encoding="utf-8")
    city.edit("full: busy", "full: bussy")

    assert not preflight.flows(city.settings).ok
    assert "main" in publishing.open_live(city.settings, NOW).flows().flows


# ---- real calls, counted and replayed
@pytest.fixture
def busy_week(city: City) -> City:
    """Three citizens talked, one left a message in a full line, one hung up."""
    version = city.published()
    flows = city.versions.load(version)
    talked = [ev.LineEnded("talked"), ev.NoInput()]
    calls = [talked, talked, talked, [ev.LineEnded("full"), ev.Recorded(20)], [ev.HungUp()]]
    database = Database(city.settings.database)
    migrations.upgrade(database.engine)
    for number, events in enumerate(calls, 1):
        call = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-0000000{number}"
        with database.session() as session:
            intake.import_call(session, journal(flows, by_script(*events), at=datetime.now(UTC), call=call))
    return city


@pytest.mark.slow
def test_a_drawing_shows_how_many_calls_took_each_exit(busy_week: City) -> None:
    drawn = busy_week.run("draw", "main", "--counts", "--mermaid")

    assert "通话结束（3）" in drawn
    assert "排队已满（1）" in drawn
    assert "等候超时（0）" in drawn
    assert "（" not in busy_week.run("draw", "survey", "--mermaid").replace("（5）", "")


@pytest.mark.slow
def test_a_draft_is_tried_on_real_calls(busy_week: City) -> None:
    draft = Path(shutil.copytree(busy_week.flows_dir, busy_week.flows_dir.parent / "draft"))
    (draft / "main.yaml").write_text((draft / "main.yaml").read_text("utf-8").replace("full: busy", "full: callback"))
    shutil.rmtree(draft / "tests")
    said = busy_week.run("replay", str(draft))
    told = json.loads(busy_week.run("replay", str(draft), "--json", "--days", "1"))

    assert "可以重放的来电 5 通，其中 1 通会到别的地方" in said
    assert "1 通：留言 → 预约回拨" in said
    assert "（没有把握：callback）" in said  # whether a place could have been kept is not known
    assert told["compared"] == 5
    assert [(one["old"], one["new"]) for one in told["elsewhere"]] == [("留言", "预约回拨")]
    assert "138" not in said.replace(told["elsewhere"][0]["call"], "")
    assert json.loads(busy_week.run("replay", str(busy_week.flows_dir), "--json"))["elsewhere"] == []


@pytest.mark.slow
def test_without_records_or_with_a_broken_draft_replay_says_so(city: City) -> None:
    assert "读不到通话记录" in city.run("replay", str(city.flows_dir), ends_with=1)
    city.edit("full: busy", "full: bussy")
    assert "F006" in city.run("replay", str(city.flows_dir / "main.yaml"), ends_with=1)


def test_the_commands_stand_in_the_list() -> None:
    listed = subprocess.run([BIN, "--help"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert all(f"  {name} " in listed for name in ("publish", "flows", "rollback", "replay"))
