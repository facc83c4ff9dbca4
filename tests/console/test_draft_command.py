"""`hotline draft`, as people and as programs call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def hotline(*arguments: str, said: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from console.cli import main; main()", "draft", *arguments]
    variables = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(command, input=said, capture_output=True, text=True, encoding="utf-8", env=variables)


def test_a_text_is_drafted_with_reasons_for_people() -> None:
    done = hotline("-", "--caller", "87650000", said="中山路的路灯坏了，希望尽快修好")
    assert done.returncode == 0, done.stderr
    for words in ("诉求类型：求助", "地点：中山路", "主办：市路灯管理处 87031031", "取来电号码", "说到“路灯"):
        assert words in done.stdout


def test_a_file_is_drafted_as_json_for_machines(tmp_path: Path) -> None:
    (tmp_path / "said.txt").write_text("你好 我 要 投诉 中山路 停水 两天 了", encoding="utf-8")
    done = hotline(str(tmp_path / "said.txt"), "--json")
    found = json.loads(done.stdout)
    assert (found["kind"], found["category"][0]["code"], found["urgency"]) == ("complaint", "utilities", "urgent")
    assert found["departments"][0]["code"] == "water_company"


def test_the_output_of_transcribe_goes_in_as_it_is() -> None:
    utterances = [
        {"leg": "o", "role": "operator", "start": 0, "end": 2, "text": "是 停电 吗", "confidence": 1.0},
        {"leg": "c", "role": "citizen", "start": 2, "end": 4, "text": "不是 是 停水", "confidence": 1.0},
    ]
    found = json.loads(hotline("-", "--json", said=json.dumps({"text": "", "utterances": utterances})).stdout)
    assert found["departments"][0]["code"] == "water_company"
    assert found["category"][0]["source"] == {"sentence": "不是 是 停水", "utterance": 1, "leg": "c"}


def test_another_city_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "departments.yaml").write_text("departments:\n  - {code: shui, name: 供水公司, phone: 8701}\n", "utf-8")
    done = hotline("-", "--json", said="家里停水了", HOTLINE_CITY_DIR=str(tmp_path))
    assert [d["code"] for d in json.loads(done.stdout)["departments"]] == ["shui"]


@pytest.mark.parametrize(("arguments", "code"), [(("/no/such/file",), 2), ((), 2), (("-", "--no-such"), 2)])
def test_wrong_use_is_told_apart(arguments: tuple[str, ...], code: int) -> None:
    assert hotline(*arguments).returncode == code


def test_a_city_with_mistakes_is_told_with_line_and_hint(tmp_path: Path) -> None:
    (tmp_path / "departments.yaml").write_text("departments:\n  - {code: a, name: 甲, phone: x}\n", "utf-8")
    done = hotline("-", said="停水", HOTLINE_CITY_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "departments.yaml:2:31: C003" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_text_in_another_encoding_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "gbk.txt").write_bytes("停水了".encode("gbk"))
    done = hotline(str(tmp_path / "gbk.txt"))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
