"""`hotline demo`, as whoever types it sees it: its own hotline, a whole call, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.house import eventually

pytestmark = [pytest.mark.calls, pytest.mark.slow, pytest.mark.timeout(240)]

BIN = Path(sys.executable).with_name("hotline")


def start(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HOTLINE_")}
    environment |= {"TMPDIR": str(tmp_path), **variables}
    return subprocess.Popen(
        [BIN, "demo", *arguments], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def processes_below(folder: Path) -> list[str]:
    """Command lines and working folders of processes that belong to a demonstration in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            cwd = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in command or (cwd.startswith(str(folder)) and cwd != str(folder)):
            found.append(f"{process.name}: {command}")
    return found


def test_the_demonstration_ends_well_only_because_all_of_it_happened(tmp_path: Path) -> None:
    """A hotline of the surroundings, told by its variables, is neither used nor disturbed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        others = {"HOTLINE_HTTP_PORT": str(taken.getsockname()[1]), "HOTLINE_DATA_DIR": str(tmp_path / "theirs"),
                  "HOTLINE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}  # fmt: skip
        done = start(tmp_path, "--fast", "--json", **others)
        out, err = done.communicate(timeout=200)
    assert done.returncode == 0, err

    summary: dict[str, Any] = json.loads(out)
    assert summary["ok"]
    assert {s["role"] for s in summary["said"]} == {"citizen", "operator", "department"}
    promise = next(s for s in summary["said"] if s["role"] == "department")
    assert promise["heard_by"] == ["citizen", "operator"]
    assert "路灯坏了" in summary["said"][0]["caption"]
    assert any("路灯坏了" in u["text"] and u["confidence"] > 0.8 for u in summary["transcript"])
    assert summary["draft"]["category"][0]["code"] == "urban_construction"
    assert summary["draft"]["departments"][0]["code"] == "street_lighting"
    assert summary["draft"]["departments"][0]["reason"]
    assert (summary["delivery"]["state"], summary["delivery"]["channel"]) == ("delivered", "webhook")
    receipts = summary["receipts"]
    assert receipts["delivered"] <= receipts["signed"] <= receipts["replied"]
    assert summary["case"]["state"] == "replied"
    assert summary["times"]["ring_beyond_prompts_seconds"] < 2
    assert "市民说" in err
    assert "签名有效" in err

    assert list(tmp_path.iterdir()) == []
    assert processes_below(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_an_interrupted_demonstration_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    done = start(tmp_path, "--open-seconds", "60")
    eventually(lambda: any(tmp_path.glob("hotline-demo-*/data/demo.json")), "a hotline of its own", 60)
    time.sleep(1)
    done.send_signal(number)
    _out, err = done.communicate(timeout=40)
    assert done.returncode == 130, err
    assert list(tmp_path.iterdir()) == []
    assert processes_below(tmp_path) == []


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "hotline.db").write_text("theirs")
    done = start(tmp_path, "--data-dir", str(theirs))
    _out, err = done.communicate(timeout=40)
    assert done.returncode == 2
    assert "no demonstration made it" in err
    assert [each.name for each in theirs.iterdir()] == ["hotline.db"]
