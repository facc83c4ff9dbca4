"""Every mistake has a golden file: the flow, and the exact words an administrator reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.check import check_flows
from ivr.load import SHIPPED_FLOWS
from tests.ivr.golden import Golden, all_golden
from transcription.model_files import words
from transcription.phrases import sayable

HOUSE = SHIPPED_FLOWS.parent
SHIPPED_MODEL = HOUSE / "transcription" / "model"
CHECKED_ELSEWHERE = {"Y002"}  # a file of 2 MB: tests/config/test_yaml_reader.py
SOURCES = [
    "config/yaml_text.py",
    "config/yaml_reader.py",
    "config/read_holidays.py",
    *(f"ivr/{p.name}" for p in (HOUSE / "ivr").glob("*.py")),
]


def codes_in_the_code() -> set[str]:
    return {code for source in SOURCES for code in re.findall(r'"([YF]\d{3})"', (HOUSE / source).read_text("utf-8"))}


@pytest.mark.parametrize("golden", all_golden(), ids=lambda golden: golden.code)
def test_a_bad_flow_is_told_of_in_these_words(golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    golden.write_files(tmp_path)
    year = 2031 if golden.code == "F029" else 2026
    problems = check_flows(tmp_path, tmp_path / "city", year, sayable=sayable(words(SHIPPED_MODEL))).problems

    assert "".join(f"{problem}\n" for problem in problems) == golden.expected
    assert golden.code in {problem.code for problem in problems}


def test_every_code_has_a_golden_file() -> None:
    assert {golden.code for golden in all_golden()} | CHECKED_ELSEWHERE == codes_in_the_code()


def test_every_code_is_explained_to_administrators() -> None:
    guide = (SHIPPED_FLOWS / "README.md").read_text("utf-8")

    assert {code for code in codes_in_the_code() if f"| {code} |" not in guide} == set()


def test_the_hint_of_every_problem_is_chinese_and_says_what_to_do() -> None:
    for golden in all_golden():
        for hint in re.findall(r"^    (.*)$", golden.expected, re.MULTILINE):
            assert re.search("[一-鿿]", hint), golden.code
