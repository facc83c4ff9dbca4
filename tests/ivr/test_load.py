"""A folder of flows into one value; what is left out comes from the house."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.problems import Problems, Unsound
from ivr.flow import KINDS, SYSTEM_PROMPTS, Ask, Callback, Choice, Queue, Record
from ivr.load import SHIPPED_FLOWS, load_flows, open_flows
from ivr.read_flow import FIELDS
from tests.ivr.flows import flow_of, shipped

CITY = SHIPPED_FLOWS.parent / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A city's own copy of the flows."""
    return Path(shutil.copytree(SHIPPED_FLOWS, tmp_path / "flows"))


def test_the_shipped_flows_are_sound() -> None:
    flows = open_flows(SHIPPED_FLOWS, CITY)

    assert set(flows.flows) == {"main", "survey", "return_visit"}
    assert flows.flows["main"].limits.keys_to_human == 0


def test_a_node_is_read_with_all_that_is_written() -> None:
    nodes = shipped().flows["main"].nodes

    assert nodes["operators"].act == Queue("operators", (), "", 30, True, 180, ("1",))
    assert [(e.exit, e.target) for e in nodes["operators"].edges][:2] == [("1", "callback"), ("talked", "goodbye")]
    assert nodes["message"].act == Record("leave_message", 180, 5)
    assert nodes["callback"].act == Callback("caller", 120, 3)
    satisfied = shipped().flows["return_visit"].nodes["satisfied"].act
    assert isinstance(satisfied, Ask)
    assert satisfied.choices[1] == Choice("2", ("不满意", "没有解决"))
    assert (satisfied.retry_no_input, satisfied.retry_no_match) == (("not_heard",), ("wrong_key",))


def test_what_is_not_written_has_its_usual_value() -> None:
    flow = flow_of("""flow: main
title: short
entry: q
on_error: q
nodes:
  q: {queue: operators, on: {talked: a, timeout: a, no_operators: a, full: a}}
  a: {ask: x, choices: {"1": e}, on: {no_input: e, no_match: e, too_many: e}}
  e: {end: }
""")

    assert flow.nodes["q"].act == Queue("operators")
    assert flow.nodes["a"].act == Ask(("x",), (Choice("1"),))
    assert flow.limits.steps == 60
    assert flow.language == "zh-CN"


def test_every_node_and_edge_knows_where_it_is_written() -> None:
    main = shipped().flows["main"]
    text = (SHIPPED_FLOWS / "main.yaml").read_text("utf-8").splitlines()

    for node in main.nodes.values():
        assert text[node.place.line - 1][node.place.column - 1 :].startswith(node.name)
        for edge in node.edges:
            assert text[edge.place.line - 1][edge.place.column - 1 :].startswith(edge.target)


def test_the_version_is_the_content(folder: Path) -> None:
    before = load_flows(folder, CITY, Problems()).version
    same = load_flows(SHIPPED_FLOWS, CITY, Problems()).version
    prompts = folder / "prompts" / "zh-CN.yaml"
    prompts.write_text(prompts.read_text("utf-8").replace("再见", "祝您愉快"), "utf-8")
    after = load_flows(folder, CITY, Problems()).version

    assert before == same
    assert before != after


def test_a_flow_with_a_mistake_is_not_opened_and_everything_is_told_at_once(folder: Path) -> None:
    main = folder / "main.yaml"
    main.write_text(main.read_text("utf-8").replace("next: notice", "next: notise"), "utf-8")
    survey = folder / "survey.yaml"
    survey.write_text(survey.read_text("utf-8").replace("do: survey.save", "do: survey.sav"), "utf-8")

    with pytest.raises(Unsound, match=r"main\.yaml:11:33: F006: .*did you mean 'notice'") as refused:
        open_flows(folder, CITY)
    assert {p.code for p in refused.value.problems} == {"F006", "F013"}


def test_what_the_system_itself_says_is_always_there(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "zh-CN.yaml").write_text("welcome: 您好。\napology: 请稍候。\n", "utf-8")
    (tmp_path / "main.yaml").write_text((SHIPPED_FLOWS / "main.yaml").read_text("utf-8"), "utf-8")
    catalogue = load_flows(tmp_path, CITY, Problems()).prompts["zh-CN"]

    assert set(catalogue) == {"welcome", *SYSTEM_PROMPTS}
    assert catalogue["apology"].text == "请稍候。"


def test_a_draft_stands_in_for_the_flow_of_its_name(tmp_path: Path) -> None:
    draft = tmp_path / "anything.yaml"
    draft.write_text((SHIPPED_FLOWS / "main.yaml").read_text("utf-8").replace("12345 主流程", "草稿"), "utf-8")
    flows = load_flows(SHIPPED_FLOWS, CITY, Problems(), draft).flows

    assert flows["main"].title == "草稿"
    assert set(flows) == {"main", "survey", "return_visit"}


def test_every_kind_of_node_is_known_to_the_reader() -> None:
    assert set(FIELDS) == set(KINDS)
    assert len(KINDS) == 13
