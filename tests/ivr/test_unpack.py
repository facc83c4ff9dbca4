"""Getting Asterisk without root, when it cannot be gotten or two want it at once. Real apt, no download."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from ivr import unpack as unpacking
from ivr.apt_sources import Archive, Source
from ivr.installation import Installation, major_version, system_installation, tree_command
from ivr.unpack import STAMP, UnpackProblem, archive_of_this_machine, cache_dir, unpack, unpacked_tree

NOWHERE = Archive("sid", (Source("http://127.0.0.1:1/debian", ("sid",), ("main",)),))


def complete_tree(cache: Path) -> Path:
    tree = cache / "asterisk-sid"
    tree.mkdir(parents=True)
    (tree / STAMP).write_text(json.dumps({"suite": "sid"}))
    return tree


@pytest.mark.slow
def test_an_archive_that_cannot_be_reached_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "archive_of_this_machine", lambda: NOWHERE)
    told: list[str] = []
    with pytest.raises(UnpackProblem, match="hotline asterisk get") as problem:
        unpack(told.append, tmp_path)
    assert "127.0.0.1" in str(problem.value)
    assert told == ["reading the package list of sid"]
    assert unpacked_tree(tmp_path) is None


def test_a_half_made_tree_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    (tmp_path / ".making-1" / "tree").mkdir(parents=True)
    (tmp_path / "asterisk-sid").mkdir()
    assert unpacked_tree(tmp_path) is None
    (tmp_path / "asterisk-sid").rmdir()
    tree = complete_tree(tmp_path)
    assert unpacked_tree(tmp_path) == tree
    assert unpack(lambda _text: pytest.fail("nothing is to be done"), tmp_path) == tree


def test_two_that_want_it_at_once_make_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    begun, waiting = threading.Event(), threading.Event()

    def make(_archive: Archive, cache: Path, _progress: object) -> Path:
        made.append(1)
        begun.set()
        assert waiting.wait(10)  # until the second one has come and waits
        return complete_tree(cache)

    monkeypatch.setattr(unpacking, "_unpack", make)
    first = threading.Thread(target=unpack, args=(lambda _text: None, tmp_path))
    first.start()
    assert begun.wait(10)
    assert unpack(lambda _text: waiting.set(), tmp_path) == tmp_path / "asterisk-sid"
    first.join(10)
    assert made == [1]


def test_a_machine_without_apt_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnpackProblem, match="apt-get is not on this machine"):
        archive_of_this_machine()


def test_a_machine_without_an_archive_is_told_where_to_add_one(tmp_path: Path) -> None:
    with pytest.raises(UnpackProblem, match=str(tmp_path / "apt" / "sources.list.d")):
        archive_of_this_machine(tmp_path)


def test_the_cache_follows_the_users_own_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "hotline"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path.home() / ".cache" / "hotline"


@pytest.mark.parametrize(("version", "major"), [("22.10.1", 22), ("18.9", 18), ("", 0)])
def test_versions_are_compared_by_their_first_number(version: str, major: int) -> None:
    assert major_version(version) == major


def test_a_system_asterisk_that_is_too_old_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "asterisk"
    modules, share = tmp_path / "modules", tmp_path / "share"
    modules.mkdir()
    (share / "documentation").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("ivr.installation.SYSTEM_MODULES", (str(modules),))
    monkeypatch.setattr("ivr.installation.SYSTEM_SHARES", (str(share),))
    for version, wanted, found in (("18.9.0", [], False), ("20.6.0", [], True), ("20.6.0", ["app_x.so"], False)):
        program.write_text(f"#!/bin/sh\necho Asterisk {version}~dfsg\n")
        program.chmod(0o755)
        system = system_installation(wanted)
        assert (system is not None) is found
    assert Installation((), modules, share, "20.6.0").missing_modules(["app_x.so"]) == ["app_x.so"]


def test_a_program_of_the_tree_starts_through_the_trees_own_loader(tmp_path: Path) -> None:
    (tmp_path / "usr/lib64").mkdir(parents=True)
    (tmp_path / "usr/lib64/ld-linux-x86-64.so.2").touch()
    (tmp_path / "usr/lib/x86_64-linux-gnu/asterisk").mkdir(parents=True)
    command = tree_command(tmp_path, "usr/sbin/asterisk")
    assert command[0] == str(tmp_path / "usr/lib64/ld-linux-x86-64.so.2")
    assert command[-1] == str(tmp_path / "usr/sbin/asterisk")
    with pytest.raises(FileNotFoundError, match="hotline asterisk get"):
        tree_command(tmp_path / "usr", "usr/sbin/asterisk")
