"""What is said when call flows change: golden files of edits to the shipped flows, each with its exact sentences.

A golden file names a file, then `- old text` and `+ new text` (whole blocks), then after a line of dashes what is said.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from config.problems import Problems
from ivr.difference import difference
from ivr.flow import Flows
from ivr.load import SHIPPED_FLOWS, load_flows
from tests.ivr.flows import flows_of, made_up_flows, shipped

FOLDER = Path(__file__).parent / "differences"
RULE = "----------\n"
CITY = SHIPPED_FLOWS.parent / "config"


def edited(folder: Path, edits: str) -> Flows:
    """The shipped flows with these edits."""
    shutil.copytree(SHIPPED_FLOWS, folder)
    for file, changes in re.findall(r"^(\S+\.yaml)\n((?:[-+] .*\n)+)", edits, re.MULTILINE):
        text = (folder / file).read_text("utf-8")
        for old, new in re.findall(r"((?:^- .*\n)+)((?:^\+ .*\n)*)", changes, re.MULTILINE):
            was, now = (re.sub(r"^[-+] ", "", part, flags=re.MULTILINE)[:-1] for part in (old, new + "\n"))
            assert was in text, f"{was!r} is not in {file}"
            text = text.replace(was, now.rstrip("\n"), 1)
        (folder / file).write_text(text, encoding="utf-8")
    problems = Problems()
    flows = load_flows(folder, CITY, problems)
    assert not list(problems), list(problems)
    return flows


def told(old: Flows, new: Flows) -> str:
    return "".join(f"{change.about}：{change.text}\n" for change in difference(old, new))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_change_is_said_in_these_words(path: Path, tmp_path: Path) -> None:
    edits, _rule, expected = path.read_text("utf-8").partition(RULE)

    assert told(shipped(), edited(tmp_path / "flows", edits)) == expected


def test_flows_that_come_and_go_are_said() -> None:
    survey_only = replace(shipped(), flows={"survey": shipped().flows["survey"]})

    assert "main 12345 主流程：删除流程。" in told(shipped(), survey_only)
    assert "main 12345 主流程：新增流程，13 个节点。" in told(survey_only, shipped())


@given(made_up_flows(), made_up_flows())
@settings(max_examples=60, deadline=None)
def test_flows_are_alike_or_something_is_said(one: str, other: str) -> None:
    first, second = flows_of(one), flows_of(other)

    assert difference(first, first) == []
    alike = first.flows["main"] == second.flows["main"] and first.prompts == second.prompts
    assert (difference(first, second) == []) == alike
