"""The administrators' guide shows what really works: each example is read by the real reader."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from pathlib import Path

import click
import pytest

from config.problems import Problems
from config.yaml_reader import Fields, Reader, parse
from console.cli import main
from ivr.check import check_flows
from ivr.difference import difference
from ivr.flow import KINDS
from ivr.load import SHIPPED_FLOWS
from ivr.read_flow import read_flow
from ivr.replay import Landing
from ivr.scenarios import read_scenarios, read_script, run_scenario
from ivr.schema import schema
from tests.ivr.flows import shipped
from tests.ivr.test_difference import edited

GUIDE = (SHIPPED_FLOWS / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
WHOLE = "flow: main\ntitle: 例子\nentry: go\non_error: go\nnodes:\n"


def test_every_node_of_the_guide_is_written_as_the_reader_wants_it() -> None:
    nodes = [e for e in EXAMPLES if re.search(rf"[{{ ](?:{'|'.join(KINDS)}):", e) and "flow:" not in e]
    shown_kinds: set[str] = set()
    for example in nodes:
        problems = Problems()
        root = parse((WHOLE + re.sub("^", "  ", example, flags=re.MULTILINE)).encode(), "guide", problems)
        flow = read_flow(root, problems) if root else None
        assert not list(problems), example
        assert flow is not None
        shown_kinds |= {node.word for node in flow.nodes.values()}

    assert shown_kinds | {"say"} >= set(KINDS)


def test_the_scenario_of_the_guide_goes_as_it_says() -> None:
    (example,) = [e for e in EXAMPLES if "scenarios:" in e]
    problems = Problems()
    root = parse(example.encode(), "guide", problems)
    assert isinstance(root, Fields)
    (value,) = Reader(problems).items(root.get("scenarios"))
    scenario = read_script(value, "main", problems)

    assert not list(problems)
    assert run_scenario(shipped(), scenario).wrong == ()


def test_the_night_menu_of_the_guide_can_be_added_as_it_says(tmp_path: Path) -> None:
    section = GUIDE.partition("### 实例：加一个夜间菜单")[2].partition("\n## ")[0]
    prompt, nodes, limits, scenario = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    folder = Path(shutil.copytree(SHIPPED_FLOWS, tmp_path / "flows"))

    def edit(file: str, old: str, new: str) -> None:
        text, times = re.subn(old, lambda _found: new, (folder / file).read_text("utf-8"), flags=re.MULTILINE)
        assert times == 1, file
        (folder / file).write_text(text, encoding="utf-8")

    edit("prompts/zh-CN.yaml", r"\Z", prompt)
    edit("main.yaml", r"^  who: .*\n", textwrap.indent(nodes, "  "))
    edit("main.yaml", r"^limits: .*\n", limits)
    edit("tests/main.yaml", r"\Z", textwrap.indent(scenario, "  "))
    checked = check_flows(folder, SHIPPED_FLOWS.parent / "config", 2026)

    assert checked.problems == ()
    results = [run_scenario(checked.flows, one) for one in read_scenarios(folder, checked.flows, Problems())]
    assert [(r.scenario.name, r.wrong) for r in results if r.wrong] == []
    assert "半夜来电，按二留言" in {r.scenario.name for r in results}


def test_the_prompt_of_the_guide_is_a_prompt() -> None:
    problems = Problems()
    root = parse(EXAMPLES[0].encode(), "guide", problems)

    assert isinstance(root, Fields)
    assert Reader(problems).text(root.get("welcome")).startswith("您好")
    assert not list(problems)


def test_the_schema_beside_the_flows_is_the_one_of_the_code() -> None:
    written = json.loads((SHIPPED_FLOWS / "schema.json").read_text("utf-8"))

    assert written == schema(), "run: python -m ivr.schema > call_flows/schema.json"


COMMANDS = re.findall(r"^hotline (\w+)([^#\n]*)", GUIDE, re.MULTILINE)


@pytest.mark.parametrize(("name", "rest"), COMMANDS)
def test_every_command_of_the_guide_exists_with_its_options(name: str, rest: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}

    assert {word for word in rest.split() if word.startswith("-")} <= known


def test_the_sentences_about_a_change_are_the_ones_that_publish_says(tmp_path: Path) -> None:
    edits = "return_visit.yaml\n- no_match: operators, too_many\n+ no_match: message, too_many\n"
    edits += "prompts/zh-CN.yaml\n- welcome: 您好，这里是\n+ welcome: 您好，欢迎拨打\n"
    said = difference(shipped(), edited(tmp_path / "flows", edits))
    shown = [change for change in said if "到人工的最短距离" not in change.text and "visit_hello" not in change.text]

    assert len(shown) == 2
    for change in shown:
        assert f"{change.about}\n  · {change.text}\n" in GUIDE


def test_where_calls_land_is_said_as_in_the_guide() -> None:
    assert f"{Landing('message')} → {Landing('operator')}（没有把握：operators）" in GUIDE
