"""Calls in the terminal, scenarios, and the commands around them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from config.problems import Problems
from console.cli import main
from console.flow_text import at_keyboard, told
from ivr.load import SHIPPED_FLOWS, load_flows
from ivr.scenarios import coverage, read_scenarios, run_scenario
from ivr.script import Scripted, Step, pressed
from ivr.session import Facts
from ivr.simulator import simulate
from tests.ivr.flows import NOON, shipped

CITY = SHIPPED_FLOWS.parent / "config"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A city's own copy of the flows, and the commands pointed at it."""
    copy = Path(shutil.copytree(SHIPPED_FLOWS, tmp_path / "flows"))
    monkeypatch.setenv("HOTLINE_FLOWS_DIR", str(copy))
    monkeypatch.chdir(tmp_path)
    return copy


def hotline(*arguments: str, keys: str = "") -> Result:
    return CliRunner().invoke(main, list(arguments), input=keys)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_simulated_call_is_heard_in_order_and_time_passes() -> None:
    trace = simulate(shipped(), "main", Facts(), NOON, Scripted([]))

    assert trace.heard() == ["welcome", "recording_notice", "survey_rate", "goodbye"]
    assert trace.ended == "done"
    times = [row.at for row in trace.rows]
    assert times == sorted(times)
    assert (times[-1] - times[0]).total_seconds() > 60


def test_steps_are_taken_where_they_fit() -> None:
    steps = [Step("line", "timeout"), Step("message", "20")]
    trace = simulate(shipped(), "main", Facts(), NOON, Scripted(steps))

    assert trace.nodes() == ["welcome", "notice", "who", "operators", "busy", "message", "thanks"]
    assert pressed("1, 2#") == [Step("press", "1"), Step("press", "2#")]


def test_the_shipped_scenarios_hold_and_pass_every_node_and_every_exit_of_the_main_flow() -> None:
    problems = Problems()
    flows = load_flows(SHIPPED_FLOWS, CITY, problems)
    results = [run_scenario(flows, s) for s in read_scenarios(SHIPPED_FLOWS, flows, problems)]
    covered = coverage(flows, [r.trace for r in results])

    assert not list(problems)
    assert [(r.scenario.name, r.wrong) for r in results if r.wrong] == []
    assert (covered["main"].missed_nodes, covered["main"].missed_exits) == ((), ())
    assert all(not c.missed_nodes for c in covered.values())


# --- the commands ---


def test_check_says_what_it_found_good() -> None:
    result = hotline("check")

    assert result.exit_code == 0, result.output
    assert "main 12345 主流程：到人工 0 键" in result.output


def test_check_tells_every_mistake_of_every_file_with_its_place(folder: Path) -> None:
    change(folder / "main.yaml", "otherwise: operators", "otherwise: operater")
    change(folder / "prompts" / "zh-CN.yaml", "goodbye: 感谢", "good_bye: 感谢")
    change(folder / "survey.yaml", "tries: 1", "tries: 010")
    result = hotline("check", "--json")
    found = json.loads(result.output)

    assert result.exit_code == 1
    assert {p["code"] for p in found} == {"F006", "Y009"}
    assert set(found[0]) == {"file", "line", "column", "code", "message", "hint"}
    assert found[0]["file"] == "flows/main.yaml"
    assert hotline("check").output.startswith("flows/main.yaml:13:82: F006: no node is named 'operater'; did you mean")


def test_check_of_one_file_tells_only_of_that_file(folder: Path, tmp_path: Path) -> None:
    change(folder / "main.yaml", "next: notice", "next: notise")
    draft = tmp_path / "draft.yaml"
    draft.write_text(
        (SHIPPED_FLOWS / "survey.yaml").read_text("utf-8").replace("end: survey_thanks", "end: thanks"), "utf-8"
    )

    assert json.loads(hotline("check", str(draft), "--json").output)[0]["code"] == "F011"
    assert [p["line"] for p in json.loads(hotline("check", str(folder / "main.yaml"), "--json").output)] == [11]
    assert hotline("check", str(folder / "survey.yaml")).exit_code == 0
    assert hotline("check", str(folder)).exit_code == 1


def test_check_of_nothing_is_wrong_use() -> None:
    assert hotline("check", "/no/such/file.yaml").exit_code == 2


@pytest.mark.parametrize("data", [b"\x00\xff" * 1000, b"x" * 10_000_000, b"[" * 100_000, "a: “b".encode()])
def test_check_refuses_hostile_files_with_a_problem(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "main.yaml"
    path.write_bytes(data)
    result = hotline("check", str(path), "--json")

    assert result.exit_code == 1
    assert json.loads(result.output)[0]["file"] == str(path)


def test_simulate_prints_what_the_citizen_hears() -> None:
    result = hotline("simulate", "main", "--at", "2026-03-04 10:00", "--keys", "1")

    assert result.exit_code == 0, result.output
    assert "10:00:00 ▶ 您好，这里是一二三四五政务服务热线。" in result.output
    assert "已为您保留排队位置" in result.output


def test_simulate_gives_machines_the_event_list(tmp_path: Path) -> None:
    script = tmp_path / "night.yaml"
    script.write_text('at: "2026-02-17 02:00"\ndo: [line: no_operators, message: 20]\n', "utf-8")
    result = hotline("simulate", "main", "--script", str(script), "--caller", "13900000000", "--json")
    said = json.loads(result.output)

    assert said["ended"] == "message"
    assert said["events"][0]["at"] == "2026-02-17T02:00:00+08:00"
    assert set(said["events"][0]) == {"at", "node", "event", "data"}
    heard = [e["data"]["prompt"] for e in said["events"] if e["event"] == "prompt.played"]
    assert heard == ["welcome", "recording_notice", "nobody_here", "leave_message", "message_thanks"]


def test_simulate_refuses_a_flow_with_mistakes_and_a_flow_that_is_not_there(folder: Path) -> None:
    unknown = hotline("simulate", "mian")
    change(folder / "main.yaml", "next: notice", "next: notise")

    assert unknown.exit_code == 2
    assert "did you mean 'main'?" in unknown.output
    assert hotline("simulate", "main").exit_code == 1
    assert hotline("simulate", "main", "--at", "tomorrow").exit_code in (1, 2)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("\n5\n\n", "感谢您的评价"),  # an operator answers, five points, kept
        ("1\n\n", "已为您保留排队位置"),
        ("t\n30\n", "您的留言已收到"),
        ("n\nh\n", "现在没有话务员值班"),
        ("h\n", "☎ 结束（hangup）"),
    ],
)
def test_at_the_keyboard_one_is_the_citizen_and_the_world(typed: str, heard: str) -> None:
    @click.command()
    def call() -> None:
        simulate(shipped(), "main", Facts(caller="13800000000"), NOON, at_keyboard(), told)

    result = CliRunner().invoke(call, input=typed)
    assert result.exit_code == 0, result.output
    assert heard in result.output


def test_test_runs_the_scenarios_and_tells_what_they_miss() -> None:
    result = hotline("test")

    assert result.exit_code == 0, result.output
    assert "全部符合预期" in result.output
    assert "main：节点 13/13，出口 19/19" in result.output
    assert "没测到：satisfied.0" in result.output


def test_a_scenario_that_does_not_hold_is_told_with_what_happened_instead(folder: Path) -> None:
    change(folder / "main.yaml", "closed: {say: nobody_here", "closed: {say: all_busy")
    result = hotline("test", "--json")
    wrong = [s for s in json.loads(result.output)["scenarios"] if not s["ok"]]

    assert result.exit_code == 1
    assert [s["name"] for s in wrong] == ["春节凌晨没有话务员，留言"]
    assert "应听到 'nobody_here'" in wrong[0]["wrong"][0]
    assert f"flows/tests/main.yaml:{wrong[0]['line']}: 应听到" in hotline("test").output


def test_a_step_that_was_never_needed_is_a_mistake_in_the_scenario(folder: Path) -> None:
    change(folder / "tests" / "survey.yaml", 'do: [press: "5"]', 'do: [press: "5", line: full]')

    assert "步骤 'line' 没有用上" in hotline("test").output


NIGHT_MENU = """next: night}
  night: {hours: working, on: {open: who, closed: menu, holiday: menu}}
  menu:
    ask: night_menu
    choices: {"1": who, "2": message}
    on: {no_input: who, no_match: who, too_many: who}
"""


def test_a_new_choice_and_its_scenario_need_no_programmer(folder: Path) -> None:
    change(folder / "main.yaml", "next: who}\n", NIGHT_MENU)
    change(folder / "main.yaml", "keys_to_human: 0", "keys_to_human: 1")
    with (folder / "prompts" / "zh-CN.yaml").open("a", encoding="utf-8") as file:
        file.write("night_menu: 现在是非工作时间，紧急事项请按一，留言请按二。\n")
    with (folder / "tests" / "main.yaml").open("a", encoding="utf-8") as file:
        file.write('  - name: 夜里按二留言\n    at: "2026-03-04 22:00"\n    do: [press: "2", message: 9]\n'
                   "    expect: {hears: [night_menu, leave_message], ended: message}\n")  # fmt: skip

    assert hotline("check").exit_code == 0, hotline("check").output
    result = hotline("test")
    assert "✓ main: 夜里按二留言" in result.output
