"""Published call flows: nothing half-done is ever live, everybody sees the same version, a call keeps its own."""

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
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import ROOT, Settings
from ivr import engine
from ivr import events as ev
from ivr.live_flows import LiveFlows, settings_of
from ivr.load import SHIPPED_FLOWS
from ivr.prompts import Sounds, make_prompts
from ivr.reception import Desk, Reception
from ivr.session import Facts
from ivr.version_files import version_files
from ivr.version_history import Action, Entry, History
from ivr.versions import FLOWS, Moved, NoVersion, Versions, version_of

NOW = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
CITY = ROOT / "config"


@pytest.fixture
def flows_dir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED_FLOWS, tmp_path / "flows"))


@pytest.fixture
def told(tmp_path: Path, flows_dir: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", flows_dir=flows_dir, city_dir=CITY)


@pytest.fixture
def versions(told: Settings) -> Versions:
    return Versions(told.versions_dir)


def edit(flows_dir: Path, old: str, new: str, file: str = "main.yaml") -> None:
    path = flows_dir / file
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")


def go_live(versions: Versions, flows_dir: Path, **more: str) -> str:
    version = versions.store(version_files(flows_dir, CITY))
    versions.switch(version, action=Action.PUBLISH, by="test", at=NOW, **more)
    return version


def in_another_process(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


# ---- what a version is
def test_a_version_is_its_content(versions: Versions, flows_dir: Path) -> None:
    first = go_live(versions, flows_dir)
    assert versions.store(version_files(flows_dir, CITY)) == first
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    second = go_live(versions, flows_dir)
    edit(flows_dir, "max_wait: 90", "max_wait: 180")

    assert version_of(version_files(flows_dir, CITY)) == first != second
    assert versions.load(first).flows["main"].nodes["operators"].act.max_wait == 180  # type: ignore[union-attr]
    assert versions.load(second).flows["main"].nodes["operators"].act.max_wait == 90  # type: ignore[union-attr]
    assert versions.load(second).version == second
    assert versions.live() == second


def test_a_version_stands_by_itself(versions: Versions, flows_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the city leaves out is written into the version, so that a new release changes nothing in it."""
    (flows_dir / "calendars.yaml").unlink()
    edit(flows_dir, "position: ", "place: ", "prompts/zh-CN.yaml")
    edit(flows_dir, "apology: ", '"apology": ', "prompts/zh-CN.yaml")
    version = go_live(versions, flows_dir)
    shutil.rmtree(flows_dir)
    monkeypatch.setattr("ivr.load.SHIPPED_FLOWS", flows_dir)
    loaded = versions.load(version)

    assert "working" in loaded.calendars
    assert loaded.calendars["working"].years
    assert "第{number}位" in loaded.prompts["zh-CN"]["position"].text


def test_nothing_published_is_nothing_live(versions: Versions, told: Settings) -> None:
    assert versions.live() == ""
    assert versions.ids() == []
    with pytest.raises(NoVersion, match="hotline publish"):
        LiveFlows(told)


def test_a_version_is_found_by_its_beginning(versions: Versions, flows_dir: Path) -> None:
    version = go_live(versions, flows_dir)

    assert versions.find(version[:4]) == version
    for wrong in ("zzzz", "../../etc"):
        with pytest.raises(NoVersion):
            versions.find(wrong)
        with pytest.raises(NoVersion):
            versions.at(wrong)


# ---- damage
def test_a_version_that_was_changed_by_hand_is_not_used(versions: Versions, flows_dir: Path, told: Settings,
                                                        caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    sound = go_live(versions, flows_dir)
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    damaged = go_live(versions, flows_dir)
    file = told.versions_dir / damaged / FLOWS / "main.yaml"
    file.chmod(0o600)
    file.write_text(file.read_text("utf-8") + "# changed\n", encoding="utf-8")

    with pytest.raises(NoVersion, match="改动过"):
        versions.load(damaged)
    assert LiveFlows(told).flows().version == sound
    assert damaged in caplog.text
    assert go_live(versions, flows_dir) == damaged  # publishing it again mends it
    assert LiveFlows(told).flows().version == damaged


def test_a_running_process_stays_with_what_it_has_until_the_live_version_is_mended(
    versions: Versions, flows_dir: Path, told: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    first = go_live(versions, flows_dir)
    live = LiveFlows(told)
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    second = go_live(versions, flows_dir)
    (told.versions_dir / second).rename(told.versions_dir / "away")
    for _ in range(3):
        live.look()

    assert live.flows().version == first
    assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == 1
    (told.versions_dir / "away").rename(told.versions_dir / second)
    live.look()
    assert live.flows().version == second


# ---- atomicity
DYING = """
import os, signal, sys
from datetime import datetime, UTC
from pathlib import Path
import ivr.versions as v
from ivr.version_files import version_files
from ivr.version_history import Action, History

def die(*_a, **_k):
    os.kill(os.getpid(), signal.SIGKILL)

folder, flows_dir, city, when = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
versions = v.Versions(folder)
files = version_files(flows_dir, city)
if when == "writing":
    real, written = v._write, []
    v._write = lambda path, content: die() if len(written) == 4 else written.append(real(path, content))
version = versions.store(files)
print(version, flush=True)
if when == "stored":
    die()
if when == "switching":
    Path.replace = die
if when == "switched":
    History.append = die
versions.switch(version, action=Action.PUBLISH, by="dying", at=datetime.now(UTC))
"""


@pytest.mark.parametrize("when", ["writing", "stored", "switching", "switched"])
def test_whoever_dies_while_publishing_leaves_one_whole_version_live(
    when: str, versions: Versions, flows_dir: Path, told: Settings
) -> None:
    first = go_live(versions, flows_dir)
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    second = version_of(version_files(flows_dir, CITY))
    done = in_another_process(DYING, told.versions_dir, flows_dir, CITY, when)

    assert done.returncode == -9, done.stderr
    assert versions.live() == (second if when == "switched" else first)
    assert LiveFlows(told).flows().version == versions.live()
    assert go_live(versions, flows_dir) == second
    assert versions.live() == second
    assert not list(told.versions_dir.glob(".new-*"))
    found = [entry.action for entry in versions.history()]
    assert found.count(Action.FOUND) == (1 if when == "switched" else 0)
    assert versions.before(second) == first


SWITCHING = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from ivr.version_history import Action
from ivr.versions import Versions

versions = Versions(Path(sys.argv[1]))
for number in range(25):
    wanted = sys.argv[2 + number % 2]
    versions.switch(wanted, action=Action.PUBLISH, by=sys.argv[4], at=datetime.now(UTC))
"""


def test_two_processes_that_publish_at_once_agree_with_every_reader(
    versions: Versions, flows_dir: Path, told: Settings
) -> None:
    one = go_live(versions, flows_dir)
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    two = go_live(versions, flows_dir)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([sys.executable, "-c", SWITCHING, told.versions_dir, one, two, f"writer{n}"], env=environment)
        for n in range(2)
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        seen.add(versions.live())
        time.sleep(0.001)

    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {one, two}
    history = versions.history()
    assert len(history) == 2 + 2 * 25
    assert history[-1].version == versions.live()
    assert all(entry.before == before.version for before, entry in pairwise(history))
    assert History(told.versions_dir / "history.jsonl").unbroken()


def test_whoever_compared_with_something_else_does_not_publish(versions: Versions, flows_dir: Path) -> None:
    first = go_live(versions, flows_dir)
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    second = go_live(versions, flows_dir, expected=first)

    with pytest.raises(Moved, match=second):
        versions.switch(first, action=Action.ROLLBACK, by="late", at=NOW, expected=first)
    assert versions.live() == second


# ---- a running process
@pytest.fixture
def live(versions: Versions, flows_dir: Path, told: Settings) -> Iterator[LiveFlows]:
    go_live(versions, flows_dir)
    flows = LiveFlows(told)
    flows.start()
    yield flows
    flows.stop()


PUBLISHING = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from ivr.version_files import version_files
from ivr.version_history import Action
from ivr.versions import Versions

versions = Versions(Path(sys.argv[1]))
version = versions.store(version_files(Path(sys.argv[2]), Path(sys.argv[3])))
versions.switch(version, action=Action.PUBLISH, by="another", at=datetime.now(UTC))
print(version)
"""


def test_new_calls_follow_another_process_within_a_second(live: LiveFlows, told: Settings, flows_dir: Path) -> None:
    before = live.flows().version
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    published = in_another_process(PUBLISHING, told.versions_dir, flows_dir, CITY).stdout.strip()
    began = time.monotonic()
    while live.flows().version != published and time.monotonic() < began + 1:
        time.sleep(0.02)

    assert live.flows().version == published != before


def test_a_session_goes_on_with_its_own_version_over_publish_rollback_and_restart(
    live: LiveFlows, versions: Versions, told: Settings, flows_dir: Path
) -> None:
    sprint = engine.start(live.flows(), "main", Facts(caller="13812345678"), NOW)
    sprint = engine.step(live.flows(), sprint.session, ev.Played(), NOW)
    sprint = engine.step(live.flows(), sprint.session, ev.Played(), NOW)
    assert sprint.session.node == "operators"
    edit(flows_dir, "full: busy", "full: crowded")
    edit(flows_dir, "timeout: busy", "timeout: crowded")
    edit(flows_dir, "  busy: {say", "  crowded: {say")
    go_live(versions, flows_dir)
    restarted = LiveFlows(told)
    kept = engine.Session.from_json(json.loads(json.dumps(sprint.session.to_json())))
    own = restarted.flows_of(kept.version)

    assert own is not None
    assert own.version != restarted.flows().version
    assert engine.step(own, kept, ev.LineEnded("full"), NOW).session.node == "busy"
    with pytest.raises(ev.ProtocolError, match="version"):
        engine.step(restarted.flows(), kept, ev.LineEnded("full"), NOW)


def test_a_call_whose_version_is_gone_is_told_so(live: LiveFlows, caplog: pytest.LogCaptureFixture) -> None:
    assert live.flows_of("0123456789ab") is None
    assert live.flows_of("../../etc/pas") is None
    assert "0123456789ab" in caplog.text


class Kept:
    """What a script knows of a call that is back from a room."""

    def __init__(self, session: dict[str, object] | None) -> None:
        self.session = lambda: session


@pytest.mark.parametrize("version", ["its own", "0123456789ab", ""])
def test_the_reception_goes_on_with_the_version_of_the_call_or_else_with_what_is_live(
    version: str, live: LiveFlows, versions: Versions, flows_dir: Path, tmp_path: Path
) -> None:
    its_own = live.flows().version
    edit(flows_dir, "max_wait: 180", "max_wait: 90")
    go_live(versions, flows_dir)
    live.look()
    desk = Desk(live.flows, live.sounds, lambda caller: Facts(caller), lambda *_: ("failed", {}), tmp_path,
                lambda: NOW, flows_of=live.flows_of)  # fmt: skip
    kept = Kept({"session": {"version": its_own if version == "its own" else version}} if version else None)
    found = Reception(None, desk)._flows_of(kept)  # type: ignore[arg-type]

    assert found.version == (its_own if version == "its own" else live.flows().version)


def test_two_versions_say_different_words_under_one_name(
    versions: Versions, flows_dir: Path, told: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.prompts.prepared", dict)
    monkeypatch.setattr("ivr.prompts.say", lambda text: text.encode().ljust(400))
    old = go_live(versions, flows_dir)
    make_prompts(settings_of(told, old))
    edit(flows_dir, "welcome: 您好", "welcome: 你好", "prompts/zh-CN.yaml")
    new = go_live(versions, flows_dir)
    make_prompts(settings_of(told, new))
    files = {}
    for version in (old, new):
        sounds, prompt = Sounds(settings_of(told, version)), versions.load(version).prompts["zh-CN"]
        (files[version],) = sounds.files("zh-CN", prompt["welcome"], {})
        assert sounds.files("zh-CN", prompt["goodbye"], {}) == Sounds(settings_of(told, old)).files(
            "zh-CN", prompt["goodbye"], {}
        )

    assert "您好".encode() in files[old].read_bytes()
    assert "你好".encode() in files[new].read_bytes()
    assert (told.prompts_dir / "zh-CN" / "welcome.wav").read_bytes() == files[new].read_bytes()


# ---- history
def entry(version: str, before: str = "", action: Action = Action.PUBLISH) -> Entry:
    return Entry(NOW, "王管理员", action, version, before, ("main：变了。",))


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, max_size=8), st.data())
@settings(max_examples=40, deadline=None)
def test_a_history_tells_when_it_was_tampered_with(lives: list[str], data: st.DataObject) -> None:
    path = Path(tempfile.mkdtemp(prefix="history-")) / "history.jsonl"
    history = History(path)
    for before, version in zip(["", *lives], lives, strict=False):
        history.append(entry(version, before))
    lines = path.read_bytes().splitlines(keepends=True)
    assert [e.version for e in history.entries()] == lives
    assert history.unbroken()

    line = data.draw(st.integers(0, len(lines) - 2))
    taken_out = data.draw(st.booleans())
    lines[line] = b"" if taken_out else lines[line].replace("王".encode(), "李".encode())
    path.write_bytes(b"".join(lines))
    assert not history.unbroken()
    shutil.rmtree(path.parent)


def test_a_torn_last_line_is_left_out_and_written_over(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    history.append(entry("a"))
    with (tmp_path / "history.jsonl").open("ab") as file:
        file.write(b'{"at": "2026-03-04T')
    history.append(entry("b", "a"))

    assert [e.version for e in history.entries()] == ["a", "b"]
    assert history.unbroken()


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_rolling_back_again_and_again_ends_at_a_version_before_all(published: list[str]) -> None:
    """Rolling back twice goes back two, and never comes round to what was rolled back from at once."""
    lives = [one for number, one in enumerate(published) if number == 0 or published[number - 1] != one]
    versions = Versions(Path("nowhere"))
    history = [entry(now, before) for before, now in zip(["", *lives], lives, strict=False)]
    versions.history = lambda: history  # type: ignore[method-assign]
    live = lives[-1]
    before = versions.before(live)
    assert before == (lives[-2] if len(lives) > 1 else "")
    if before:
        history.append(entry(before, live, Action.ROLLBACK))
        assert versions.before(before) != before
