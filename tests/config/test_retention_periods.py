from pathlib import Path

from config.city import load, problems
from config.settings import ROOT

OFFICE = 'departments:\n  - {code: x, name: 某局, phone: "8701"}\n'


def city_with(folder: Path, retention: str) -> Path:
    (folder / "departments.yaml").write_text(OFFICE, encoding="utf-8")
    (folder / "retention.yaml").write_text(f"classes:\n  short: {retention}\n", encoding="utf-8")
    return folder


def test_nothing_is_erased_unless_the_city_says_so(tmp_path):
    assert not any(load(ROOT / "config").retention.classes.values())


def test_a_city_sets_its_own_periods(tmp_path):
    folder = city_with(tmp_path, "{identity: 90 days, recording: 18 months, words: 5 years}")
    assert dict(load(folder).retention.classes["short"]) == {"identity": 90, "recording": 558, "words": 1830}


def test_a_slip_erases_nothing_and_is_told(tmp_path):
    folder = city_with(tmp_path, "{identity: 5, words: forever, recordng: 1 year}")
    assert [p.code for p in problems(folder)] == ["C011", "Y011"]
