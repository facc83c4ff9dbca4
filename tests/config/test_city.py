"""The city's own data: what the shipped one says, and how forgiving the reading of another city's is."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.city import City, load, problems
from config.codes import Kind, Level, Urgency
from config.problems import Unsound
from config.rules import Limit, Unit
from config.settings import ROOT
from config.words import Word

GOLDEN = sorted((Path(__file__).parent / "bad_cities").glob("*.txt"))
RULE = "----------\n"


@pytest.fixture(scope="module")
def city() -> City:
    return load(ROOT / "config")


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_city_has_no_mistakes() -> None:
    assert problems(ROOT / "config") == []


def test_the_shipped_city_is_a_whole_one(city: City) -> None:
    assert len(city.departments) >= 20
    assert len(city.directory) == 65
    assert all(len(c.words) >= 30 for c in city.categories)
    assert {d.level for d in city.departments} == set(Level)
    assert {k.kind for k in city.kinds} == set(Kind)


def test_every_category_has_somebody_to_lead_it(city: City) -> None:
    assert all(city.leads(c.code) for c in city.categories)


def test_the_nine_categories_of_the_mission_keep_their_codes(city: City) -> None:
    names = {c.code: c.name for c in city.categories}
    nine = ["urban_construction", "city_management", "environment", "public_security", "labour", "civil_affairs"]
    nine += ["housing", "health", "education"]
    assert [names[c] for c in nine] == ["城建", "城管", "环保", "公安", "劳动", "民政", "房产", "卫生", "教育"]


def test_every_merged_line_says_who_answers_for_it_and_some_still_ring(city: City) -> None:
    assert all(city.department(line.department) and line.hours for line in city.directory)
    assert 0 < sum(line.parallel for line in city.directory) < 65
    assert next(line.name for line in city.directory if line.number == "12369") == "环境保护举报"
    assert city.line("12369") is not None


def test_every_district_has_a_government_of_its_own(city: City) -> None:
    assert all(city.department(d.government) for d in city.districts)


@pytest.mark.parametrize("words", ["cg", "城管", "CGJ", "87031001", "urban_management", " 城管局 "])
def test_a_department_is_found_as_people_type(city: City, words: str) -> None:
    assert city.search(words)[0].code == "urban_management"


def test_nothing_typed_finds_all_and_nonsense_finds_none(city: City) -> None:
    assert city.search("") == list(city.departments)
    assert city.search("没有这个单位") == []


def test_the_beginning_of_a_number_finds_all_that_begin_so(city: City) -> None:
    found = city.search("870310")
    assert len(found) > 3
    assert all(d.phone.startswith("870310") or d.duty_phone.startswith("870310") for d in found)


def test_an_unknown_code_is_no_department(city: City) -> None:
    assert city.department("nobody") is None
    assert city.category("nothing") is None


def test_a_city_of_one_file_is_a_city(tmp_path: Path) -> None:
    write(tmp_path, departments="departments:\n  - {code: water, name: 水务公司, phone: 8701}\n")
    own = load(tmp_path)
    assert problems(tmp_path) == []
    assert [(d.code, d.phone) for d in own.departments] == [("water", "8701")]
    assert own.categories, "the shipped words stand in"
    assert own.search("swgs")[0].code == "water"
    assert all(line.department == "" for line in own.directory)


def test_a_city_without_places_may_name_districts_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, departments='departments:\n  - {code: x, name: 某局, phone: "8701", districts: [东城区]}\n')
    assert load(tmp_path).departments[0].districts == ("东城区",)


def test_two_departments_may_share_a_telephone_but_are_told_of_it(tmp_path: Path) -> None:
    one, two = '{code: one, name: 甲局, phone: "8701"}', '{code: two, name: 乙局, phone: "8701"}'
    write(tmp_path, departments=f"departments:\n  - {one}\n  - {two}\n")
    assert [p.code for p in problems(tmp_path)] == ["C004"]
    assert len(load(tmp_path).departments) == 2


def test_departments_may_be_written_by_code(tmp_path: Path) -> None:
    write(
        tmp_path,
        departments='departments:\n  police: {name: 公安局, phone: "110"}\n  water: {name: 水务, phone: 96777}\n',
    )
    assert [d.code for d in load(tmp_path).departments] == ["police", "water"]


def test_a_number_keeps_its_leading_zero_without_quotes(tmp_path: Path) -> None:
    write(tmp_path, departments="departments:\n  - {code: a, name: 甲, phone: 057187654321}\n")
    assert load(tmp_path).departments[0].phone == "057187654321"


def test_words_may_have_weights_in_three_ways(tmp_path: Path) -> None:
    write(
        tmp_path,
        departments="""
departments:
  - {code: a, name: 甲, phone: "8701", words: [井盖, 路灯]}
  - {code: b, name: 乙, phone: "8702", words: [井盖, {路灯: 3}]}
  - {code: c, name: 丙, phone: "8703", words: {3: [路灯], 1: [井盖]}}
""",
    )
    words = {d.code: d.words for d in load(tmp_path).departments}
    assert words["a"] == (Word("井盖", 2.0), Word("路灯", 2.0))
    assert words["b"] == (Word("井盖", 2.0), Word("路灯", 3.0))
    assert words["c"] == (Word("路灯", 3.0), Word("井盖", 1.0))


def test_a_department_may_claim_a_category(tmp_path: Path) -> None:
    write(tmp_path, departments='departments:\n  - {code: x, name: 某局, phone: "8701", categories: [labour]}\n')
    assert [d.code for d in load(tmp_path).leads("labour")] == ["x"]


def test_an_unknown_field_is_told_but_does_not_stop_the_hotline(tmp_path: Path) -> None:
    write(tmp_path, departments='departments:\n  - {code: x, name: 某局, phone: "8701", fax: "8702"}\n')
    assert [p.code for p in problems(tmp_path)] == ["Y011"]
    assert load(tmp_path).departments[0].code == "x"


def test_a_city_with_a_mistake_is_not_loaded(tmp_path: Path) -> None:
    write(tmp_path, departments='departments:\n  - {code: x, name: 某局, phone: "+44 20 7946 0000"}\n')
    with pytest.raises(Unsound, match="C003"):
        load(tmp_path)


def test_a_folder_without_departments_is_a_mistake(tmp_path: Path) -> None:
    assert [(p.code, p.file) for p in problems(tmp_path)] == [("Y001", f"{tmp_path.name}/departments.yaml")]


def test_deadlines_are_found_by_urgency_and_kind(city: City) -> None:
    rules = city.deadlines
    assert rules.rule(Urgency.URGENT).due == Limit(3, Unit.CALENDAR_DAYS)
    assert rules.rule(Urgency.ORDINARY).due == Limit(7, Unit.CALENDAR_DAYS)
    assert rules.rule(Urgency.ORDINARY, Kind.CONSULTATION, "guangdong").due == Limit(2, Unit.WORKING_DAYS)
    assert rules.rule(Urgency.ORDINARY, Kind.COMPLAINT, "guangdong").due == Limit(15, Unit.WORKING_DAYS)
    assert str(rules.rule(Urgency.ORDINARY, preset="shandong").due) == "5个工作日"


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda p: p.stem)
def test_a_bad_city_is_told_what_is_wrong_and_where(golden: Path, tmp_path: Path) -> None:
    files, _, expected = golden.read_text(encoding="utf-8").partition(RULE)
    folder = tmp_path / "city"
    folder.mkdir()
    for part in files.removeprefix("=== ").split("=== "):
        name, _, text = part.partition("\n")
        (folder / name.strip()).write_text(text, encoding="utf-8")
    assert "".join(f"{p}\n" for p in problems(folder)) == expected
