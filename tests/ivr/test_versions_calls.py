"""Publishing and rolling back while people talk: each version says goodbye with a tone of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ivr.load import SHIPPED_FLOWS
from phone import PhoneCall, hearing
from tests.house import CITIZEN, OPERATOR, eventually, tone_file
from tests.served import Served, served

pytestmark = [pytest.mark.calls, pytest.mark.slow, pytest.mark.timeout(180)]
OLD, NEW = 1900, 2300


def flows_saying(folder: Path, goodbye: int) -> Path:
    """The shipped flows without the survey, with this tone as their goodbye."""
    if not folder.exists():
        shutil.copytree(SHIPPED_FLOWS, folder, ignore=shutil.ignore_patterns("tests"))
        main = (folder / "main.yaml").read_text("utf-8").replace("after: survey\n", "")
        (folder / "main.yaml").write_text(main, encoding="utf-8")
    tone_file(folder / "prompts" / "recorded" / "zh-CN" / "goodbye.wav", goodbye, 1.5)
    tone_file(folder / "prompts" / "recorded" / "zh-CN" / "welcome.wav", 1000, 0.2)
    return folder


@pytest.fixture
def flows_dir(tmp_path: Path) -> Path:
    return flows_saying(tmp_path / "flows", OLD)


@pytest.fixture
def hotline(flows_dir: Path) -> Iterator[Served]:
    with served(flows_dir=flows_dir) as started:
        yield started


def talk(hotline: Served, telephone: Any, number: str) -> tuple[PhoneCall, PhoneCall]:
    citizen = hotline.trunk.call("12345", caller_id=number, when_up=lambda call: call.play_tone(CITIZEN))
    ring = telephone.wait_for_ring(15)
    ring.answer()
    assert citizen.hears({OPERATOR}, within=4)
    return citizen, ring


def says_goodbye(citizen: PhoneCall, operator: PhoneCall, tone: int) -> bool:
    """The operator hangs up, and the citizen comes back from the room into the flow."""
    operator.hang_up()
    return citizen.comes_to_hear(lambda samples: bool(hearing.tones(samples, (tone,))), within=6)


def version_of_call(api: Any, number: str) -> str:
    rooms = api.get("/rooms").json()["items"]
    room = next(room["id"] for room in rooms if room["caller"] == number)
    call = api.get(f"/calls/{room}").json()
    assert call["flow"] == "main"
    assert {event["data"]["way"] for event in call["events"] if event["kind"] == "node.entered"} >= {"", "welcome.next"}
    return str(call["version"])


def live(hotline: Served) -> str:
    return (hotline.settings.versions_dir / "live").readlink().name


def test_calls_keep_their_version_over_publish_rollback_and_restart(hotline: Served, flows_dir: Path) -> None:
    old = live(hotline)
    with ExitStack() as stack:
        people = [stack.enter_context(hotline.operator(f"op{n}", ready=False)) for n in range(1, 5)]
        calls = []
        for number, (telephone, api) in enumerate(people[:3], 1):
            api.put("/operators/me", json={"status": "ready"})
            calls.append(talk(hotline, telephone, f"1380000000{number}"))
        assert version_of_call(people[0][1], "13800000001") == old

        flows_saying(flows_dir, NEW)
        hotline.run("publish", "--yes")
        new = live(hotline)
        assert new != old
        assert says_goodbye(*calls[0], OLD)

        people[3][1].put("/operators/me", json={"status": "ready"})
        people[0][1].put("/operators/me", json={"status": "away"})
        fourth = talk(hotline, people[3][0], "13800000004")
        assert version_of_call(people[3][1], "13800000004") == new
        hotline.kill()
        hotline.start()
        assert says_goodbye(*calls[1], OLD)

        hotline.run("rollback")
        assert live(hotline) == old
        assert says_goodbye(*fourth, NEW)
        assert says_goodbye(*calls[2], OLD)
        for citizen, _operator in (*calls, fourth):
            citizen.wait_ended(6)
        eventually(lambda: hotline.telephones_in_calls() == [], "quiet telephones", 5)

    def replayed() -> dict[str, Any]:
        return dict(json.loads(hotline.run("replay", str(flows_dir), "--json")))

    eventually(lambda: replayed()["compared"] == 4, "four real calls that go their own way again", 15)
    assert replayed() == {"compared": 4, "assumed": 0, "elsewhere": [], "not_replayed": {}}
    assert "通话结束（4）" in hotline.run("draw", "main", "--counts", "--mermaid")


def test_a_broken_folder_keeps_nobody_from_calling(hotline: Served, flows_dir: Path) -> None:
    hotline.kill()
    (flows_dir / "main.yaml").write_text("flow: main\nnodes: {broken: \n", encoding="utf-8")
    hotline.start()
    with hotline.operator("op1") as (telephone, _api):
        citizen, operator = talk(hotline, telephone, "13800000009")
        assert says_goodbye(citizen, operator, OLD)
    assert "run `hotline check`" in hotline.log.read_text("utf-8")
