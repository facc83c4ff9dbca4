"""What tests of several folders share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.unpack import UnpackProblem, cache_dir, unpack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a build server, what hangs on milliseconds of a shared machine gets a second try; the log names it (R)."""
    if os.environ.get("CI"):
        for item in items:
            if any(item.get_closest_marker(mark) for mark in ("calls", "browser", "slow")):
                item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=2))


@pytest.fixture(scope="session")
def asterisk_tree() -> Path | None:
    """An Asterisk to run: gotten once per machine. None when the system's own will be used."""
    if shutil.which("asterisk"):
        return None
    try:
        return unpack(lambda _text: None, cache_dir())
    except UnpackProblem as problem:
        pytest.skip(f"no Asterisk on this machine: {problem}")


@pytest.fixture(autouse=True)
def umask_as_it_was() -> Iterator[None]:
    """The `hotline` command sets it for its own process, which in a test is everybody's."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
