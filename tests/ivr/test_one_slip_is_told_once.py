"""Found by walking as a newcomer: one slip of the pen is one problem, at its own place, with its own cause."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ivr.check import check_flows
from ivr.load import SHIPPED_FLOWS

CITY = SHIPPED_FLOWS.parent / "config"
SLIPS = {
    "a full-width colon": ("prompts/zh-CN.yaml", "goodbye: ", "goodbye：", "Y007"),
    "a tab": ("main.yaml", "  urgent: {", "\turgent: {", "Y006"),
    "an unclosed brace": ("main.yaml", "next: notice}", "next: notice", "Y005"),
    "a full-width comma between words": ("return_visit.yaml", "[满意, 解决了]", "[满意，解决了]", "Y007"),
    "a unit behind a number": ("main.yaml", "max_wait: 180", "max_wait: 180秒", "Y010"),
    "a scenario without its dash": ("tests/main.yaml", "- name: 留言说", "name: 留言说", "Y005"),
    "a word twice": ("return_visit.yaml", "[不满意, 没有解决]", "[不满意, 满意]", "F033"),
}  # fmt: skip


@pytest.mark.parametrize("slip", sorted(SLIPS))
def test_one_slip_is_one_problem(slip: str, tmp_path: Path) -> None:
    file, right, wrong, code = SLIPS[slip]
    folder = Path(shutil.copytree(SHIPPED_FLOWS, tmp_path / "flows"))
    text = (folder / file).read_text("utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong), encoding="utf-8")

    (problem,) = check_flows(folder, CITY, 2026).problems

    assert (problem.code, Path(problem.file)) == (code, folder / file)
    assert problem.hint
