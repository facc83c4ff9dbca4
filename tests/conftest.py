"""What tests of several folders share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ivr.unpack import UnpackProblem, cache_dir, unpack


@pytest.fixture(scope="session")
def asterisk_tree() -> Path | None:
    """An Asterisk to run: gotten once per machine. None when the system's own will be used."""
    if shutil.which("asterisk"):
        return None
    try:
        return unpack(lambda _text: None, cache_dir())
    except UnpackProblem as problem:
        pytest.skip(f"no Asterisk on this machine: {problem}")
