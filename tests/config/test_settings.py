"""Settings that cannot work are refused at the start, in words that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import Settings


@pytest.mark.parametrize("name", ["a,b", "a;b", "a&b", "a|b", "a(b)", 'a"b', "a$b", "a\nb", "a\\b"])
def test_a_data_folder_that_asterisk_would_take_apart_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError, match="choose another one"):
        Settings(data_dir=tmp_path / name)


@pytest.mark.parametrize("name", ["with a space", "市长热线", "a-b_c.d+e"])
def test_other_names_are_fine(tmp_path: Path, name: str) -> None:
    assert Settings(data_dir=tmp_path / name).recordings_dir == tmp_path / name / "recordings"
