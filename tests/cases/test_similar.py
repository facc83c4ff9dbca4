"""How alike two cases are, and why: pure scores first, then the recall over cases that a city might have."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.made_up_cases import made_up
from cases import akin, case
from cases.actor import Actor
from cases.model import CaseRow
from cases.similar import Relation, Spot, likeness, matter, spot_of
from cases.words import Kind, Role
from config import city as cities
from config.settings import ROOT

NOW = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
WANG = Actor("wang", Role.OPERATOR)


@pytest.fixture(scope="module")
def town():
    """The shipped city: its words and places are what likeness is found by."""
    return cities.load(ROOT / "config")


@pytest.fixture
def city(town):
    return town


def lamp(town, **other):
    said = {"category": "urban_construction", "place": "人民路12号", "summary": "路灯不亮", "text": "", "phone": "",
            "at": NOW}  # fmt: skip
    return matter(town, **said | other)


# ---- where and what
def test_a_number_is_the_same_however_it_was_said(town):
    assert spot_of("临江区人民路十二号门口", town) == spot_of("人民路12号", town) == Spot("人民路", "12号", "")
    assert spot_of("幸福小区三号楼", town).named == "幸福小区"


def test_many_people_about_one_matter(town):
    found = likeness(lamp(town, at=NOW + timedelta(days=3)), lamp(town, place="人民路十二号", summary="路灯坏了好几天"))

    assert found.relation is Relation.SAME_MATTER
    assert found.score >= 0.7
    assert found.reasons == ("同一地址“人民路12号”", "都说到“路灯”", "类别相同", "相隔 3 天")


def test_another_number_of_the_same_road_is_merely_akin(town):
    found = likeness(lamp(town), lamp(town, place="人民路80号"))

    assert found.relation is Relation.AKIN
    assert found.score < likeness(lamp(town), lamp(town)).score


def test_another_matter_at_the_same_place_is_not_the_same_matter(town):
    noise = lamp(town, category="environment", summary="工地夜间施工噪音扰民")

    assert likeness(lamp(town), noise).relation is Relation.AKIN


# ---- the same person
@pytest.mark.parametrize(("days", "relation"), [(1, Relation.REPEAT), (90, Relation.REPEAT), (91, Relation.AKIN)])
def test_the_same_person_with_the_same_matter_within_90_days_of_closing_complains_again(town, days, relation):
    closed = lamp(town, phone="13800001111", at=NOW - timedelta(days=200), closed_at=NOW - timedelta(days=days))

    found = likeness(lamp(town, phone="13800001111"), closed)

    assert found.relation is relation
    assert found.reasons[0] == "同一来电号码"


def test_the_same_person_before_the_case_is_closed_is_told_that_it_goes_on(town):
    found = likeness(lamp(town, phone="13800001111", place=""), lamp(town, phone="13800001111"))

    assert found.relation is Relation.STILL_OPEN
    assert found.score > 0.7


def test_the_same_person_with_another_matter_is_no_repeat(town):
    pension = lamp(town, phone="1", category="labour", place="", summary="养老金怎么领", closed_at=NOW)

    assert likeness(lamp(town, phone="1"), pension).relation is Relation.AKIN


# ---- recall
SAID = [  # one matter in two people's words
    ("urban_construction", "路灯不亮", "晚上路灯坏了，一片漆黑"),
    ("urban_construction", "井盖缺失", "马路上井盖丢了很危险"),
    ("urban_construction", "下水道堵塞污水横流", "下水道堵了，污水冒出来"),
    ("urban_construction", "路面塌陷", "路面塌陷了一个大坑"),
    ("city_management", "占道经营", "很多小摊贩占道经营"),
    ("city_management", "垃圾没人清", "垃圾堆积好几天没人收垃圾"),
    ("city_management", "违章建筑", "有人在搭违章建筑"),
    ("environment", "夜间施工噪音", "半夜施工噪音太大"),
    ("environment", "饭店油烟", "饭店油烟扰民"),
    ("education", "学校乱收费", "学校收费不合理，乱收费"),
]
PLACES = [("人民路12号", "临江区人民路十二号"), ("幸福小区", "川南区幸福小区3号楼"),
          ("文化路88号", "文化路八十八号门口"), ("阳光小区", "阳光小区门口"),
          ("科技路35号", "高新区科技路三十五号")]  # fmt: skip


def test_of_cases_said_in_other_words_at_the_same_place_nine_of_ten_are_among_the_first_five(database, town):
    pairs_of = [(category, *said, *place) for category, *said in SAID for place in PLACES]
    with database.session() as session:
        for other in made_up(town, 600, NOW, a_day=30):
            _new(session, town, other.category, other.place, other.summary, other.text, other.created_at)
        firsts = [
            _new(session, town, c, place, said, said, NOW - timedelta(days=9)) for c, said, _, place, _ in pairs_of
        ]
        ranks = []
        for (category, _, said, _, place), first in zip(pairs_of, firsts, strict=True):
            new = matter(town, category=category, place=place, summary=said, text=said, phone="", at=NOW)
            found = [row.number for row, _ in akin.akin(session, new, town, limit=5)]
            ranks.append(found.index(first.number) if first.number in found else None)

    assert sum(rank is not None for rank in ranks) >= 0.9 * len(ranks), ranks
    assert sum(rank == 0 for rank in ranks) >= 0.7 * len(ranks), ranks


def _new(session, town, category, place, summary, text, at) -> CaseRow:
    given = case.Fields(Kind.COMPLAINT, category, place=place, summary=summary, text=text)
    return case.register(session, given, WANG, city=town, now=at)


# ---- what an operator is told
LAMP = {"kind": "complaint", "category": "urban_construction", "place": "人民路12号", "summary": "路灯不亮",
        "phone": "13800001111"}  # fmt: skip


@pytest.fixture
def wang(office):
    with office.person("wang", Role.OPERATOR) as client:
        yield client


def test_while_typing_the_same_callers_open_case_comes_first_with_reasons(wang):
    other = wang.post("/cases", json=LAMP | {"phone": "13900002222"}).json()["number"]
    own = wang.post("/cases", json=LAMP).json()["number"]

    typed = {"place": "人民路十二号", "summary": "路灯", "phone": "13800001111", "category": "urban_construction"}
    found = wang.post("/cases/similar", json=typed).json()["items"]

    assert [(each["number"], each["relation"]) for each in found] == [(own, "still_open"), (other, "same_matter")]
    assert found[0]["score"] > found[1]["score"]
    assert found[0]["reasons"][:2] == ["同一来电号码", "同一地址“人民路12号”"]
    assert wang.post("/cases/similar", json={"category": "urban_construction"}).status_code == 422


def test_a_case_is_not_like_itself_and_a_tip_off_tells_nobody_who_called(wang):
    own = wang.post("/cases", json=LAMP).json()["number"]
    tip_off = wang.post("/cases", json=LAMP | {"kind": "tip_off"}).json()["number"]

    found = wang.get(f"/cases/{own}/similar").json()["items"]

    assert own not in [each["number"] for each in found]
    for each in found:
        assert each["number"] == tip_off
        assert "同一来电号码" not in each["reasons"]


def test_a_person_says_which_earlier_case_is_repeated(wang):
    first, again = (wang.post("/cases", json=LAMP).json()["number"] for _ in range(2))

    assert wang.put(f"/cases/{again}/repeat-of", json={"number": first}).json()["repeat_of"] == first
    assert wang.get(f"/cases/{again}/similar").json()["repeat_of"] == first
    for number, earlier in ((first, again), (first, first)):  # never in a circle
        assert wang.put(f"/cases/{number}/repeat-of", json={"number": earlier}).status_code == 422
    assert wang.put(f"/cases/{again}/repeat-of", json={"number": "202601010001"}).status_code == 404
    wang.put(f"/cases/{again}/repeat-of", json={"number": None})
    assert wang.get(f"/cases/{again}/similar").json()["repeat_of"] is None
