"""What a draft makes of what was said."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.city import City, load
from config.codes import Part
from config.settings import ROOT
from transcription.draft import Draft, draft
from transcription.transcript import Transcript, Utterance, Word

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CITY = load(ROOT / "config")


def made(said: str, *, city: City = CITY, caller: str = "") -> Draft:
    return draft(said, city, caller=caller, now=NOW)


def talk(*turns: tuple[str, str]) -> Draft:
    """A call in which `c` is the citizen and `o` the operator."""
    roles = {"c": "citizen", "o": "operator", "d": "department"}
    said = [Utterance(f"leg-{who}", roles[who], n, n + 1, text, 1.0) for n, (who, text) in enumerate(turns)]
    return draft(Transcript("call-1", tuple(said)), CITY, now=NOW)


def test_a_whole_complaint_becomes_a_whole_draft() -> None:
    found = made(
        "你好，我要投诉，中山路32号阳光小区3号楼2单元停水三天了，家里有老人，打了好几次电话没人管，"
        "希望尽快处理，我的电话是13800138000。"
    )
    assert (found.kind.value, found.category, found.urgency.value) == ("complaint", "utilities", "urgent")
    assert found.place.value == "中山路32号阳光小区3号楼2单元"
    assert found.district == "临江区"
    assert found.phone.value == "13800138000"
    assert found.lead == "water_company"
    assert "linjiang_government" in found.assisting
    assert "停水三天" in found.summary.value


def test_every_guess_shows_the_sentence_it_came_from_as_it_was_said() -> None:
    found = talk(
        ("o", "您好，请讲"), ("c", "建设路 的 路灯 坏了"), ("c", "我的 电话 是 一 三 八 零 零 一 三 八 零 零 零")
    )
    assert found.categories[0].source.sentence == "建设路 的 路灯 坏了"
    assert (found.place.source.utterance, found.place.source.leg) == (1, "leg-c")
    assert "路灯" in found.categories[0].reason
    assert found.phone.value == "13800138000"
    assert found.phone.source.utterance == 2


def test_spaces_of_a_recogniser_change_nothing() -> None:
    spaced, plain = made("长江路 工地 噪音 扰民 已经 三天 了"), made("长江路工地噪音扰民已经三天了")
    assert [g.value for g in spaced.categories] == [g.value for g in plain.categories]
    assert (spaced.place.value, spaced.kind.value) == (plain.place.value, plain.kind.value)


def test_to_thank_the_hotline_is_no_praise_and_good_morning_no_matter() -> None:
    found = made("市长热线你好，我反映一下，文化路的井盖坏了，谢谢，再见")
    assert found.kind.value == "help"
    assert found.category == "urban_construction"


def test_to_ask_how_to_complain_is_a_question() -> None:
    assert made("请问投诉物业乱收费应该怎么投诉，找哪个部门").kind.value == "consultation"
    assert made("我要投诉物业乱收费").kind.value == "complaint"


def test_what_is_denied_does_not_count() -> None:
    found = made("我家没有停水，是停电了")
    assert found.lead == "power_company"
    assert made("我不是投诉，我就是咨询一下落户政策").kind.value == "consultation"
    assert made("护栏被撞坏了，没有人受伤").urgency.value == "ordinary"


def test_a_thing_that_is_missing_is_still_the_matter() -> None:
    assert made("云山大道没有路灯，晚上走路害怕").category == "urban_construction"


def test_a_fire_of_last_year_is_not_at_once_and_one_of_now_is() -> None:
    assert made("去年楼下着过火，我担心再出事").urgency.value != "at_once"
    assert made("楼下着火了，快来人").urgency.value == "at_once"


def test_where_somebody_stands_is_not_what_they_call_about() -> None:
    found = made("人民医院门口全是占道经营的小贩")
    assert found.category == "city_management"
    assert "人民医院" in found.place.value


def test_the_operators_question_does_not_make_a_disaster() -> None:
    found = talk(("c", "建设路护栏被车撞坏了"), ("o", "有没有人受伤，有没有着火？"), ("c", "没有"))
    assert found.urgency.value == "ordinary"


def test_the_operators_words_count_when_the_citizen_says_yes() -> None:
    asked = ("c", "就是我们家那个事情"), ("o", "您是反映胜利花园小区停水，对吗")
    assert talk(*asked, ("c", "对")).lead == "water_company"
    assert talk(*asked, ("c", "不是，是路灯坏了")).category == "urban_construction"


def test_the_citizens_words_weigh_more_than_the_operators() -> None:
    found = talk(("c", "我想问问退休手续怎么办"), ("o", "物业费问题请找房产局，房产局的电话我给您，物业费的事情"))
    assert found.category == "labour"


def test_a_dialogue_pasted_as_text_knows_its_speakers() -> None:
    found = made("话务员：您好，请问是投诉停水还是停电？\n市民：路灯坏了\n话务员：地址在哪里？\n市民：和平路18号")
    assert found.category == "urban_construction"
    assert found.place.value == "和平路18号"


def test_a_sentence_and_an_answer_make_one_address() -> None:
    found = talk(("c", "阳光小区三号楼从昨天开始停水"), ("o", "具体地址是哪里"), ("c", "建设路32号"))
    assert found.place.value == "建设路32号阳光小区3号楼"
    assert found.district == "川南区"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("人民路和解放路交叉口的井盖丢了", "人民路和解放路交叉口"),
        ("我家住书香苑，可是坏的是科技路的路灯", "科技路"),
        ("昨天晚上光明路停电", "光明路"),
        ("从中山路到人民路的路灯都不亮", "中山路到人民路"),
        ("第三小学门口天天堵车", "第三小学门口"),
        ("柳荫街18号院2单元301室漏水", "柳荫街18号院2单元301室"),
        ("马路上有个坑", ""),
        ("28路公交车不来", ""),
        ("我们小区停水了", ""),
        ("这条路的路面坏了", ""),
        ("今年三月五号下午停水", ""),
    ],
)
def test_places(said: str, place: str) -> None:
    assert made(said).place.value == place


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("我的手机号是13912345678", "13912345678"),
        ("电话是一三九一二三四五六七八", "13912345678"),
        ("我手机139 1234 5678，不对，是13912340000", "13912340000"),
        ("打了12345好几次，我的电话87654321", "87654321"),
        ("物业的电话87031234没人接", "0571"),
        ("我身份证号是110101199003071234", "0571"),
        ("工单编号202603020001", "0571"),
    ],
)
def test_phones(said: str, number: str) -> None:
    assert made(said, caller="0571").phone.value == number


def test_without_a_spoken_number_the_callers_is_taken_and_the_reason_says_so() -> None:
    found = made("路灯坏了", caller="87650000")
    assert found.phone.value == "87650000"
    assert "来电号码" in found.phone.reason


def test_a_number_said_in_three_breaths_is_one_number() -> None:
    found = talk(("o", "您的电话是多少"), ("c", "138"), ("o", "138"), ("c", "0013"), ("c", "8000"))
    assert found.phone.value == "13800138000"


def test_the_summary_leaves_out_the_greeting_and_keeps_the_demand() -> None:
    found = made("喂，你好，那个，我想反映一下，桂花巷的垃圾三天没人清运了，臭得不行，希望你们赶紧派人来拉走")
    assert found.summary.value == "桂花巷的垃圾三天没人清运了，臭得不行，希望你们赶紧派人来拉走。"


def test_a_summary_is_never_longer_than_120_characters() -> None:
    assert len(made("，".join(f"建设路{n}号路灯坏了希望尽快处理" for n in range(1, 99))).summary.value) <= 120


def test_a_department_that_is_complained_about_is_pointed_out() -> None:
    found = made("我要投诉城管局不作为，流动摊贩占道经营没人管")
    assert found.lead == "urban_management"
    assert any("城管局" in d.reason for d in found.needs_review)


def test_words_heard_badly_are_marked() -> None:
    words = (Word("建设路", 0, 1, 0.99), Word("路灯", 1, 2, 0.55), Word("坏了", 2, 3, 0.99))
    said = [Utterance("c", "citizen", 0, 3, "建设路 路灯 坏了", 0.8, words)]
    found = draft(said, CITY, now=NOW)
    assert any(d.field == "words" and "路灯" in d.reason and "建设路" not in d.reason for d in found.needs_review)


def test_a_question_needs_no_place_but_a_broken_light_does() -> None:
    assert "place" not in {d.field for d in made("请问养老金怎么办理，需要什么材料").needs_review}
    assert "place" in {d.field for d in made("路灯坏了，请来修一下").needs_review}


def test_silence_is_a_question_of_nobody_about_nothing() -> None:
    found = made("")
    assert (found.category, found.place.value, found.departments, found.summary.value) == ("", "", (), "")
    assert {d.field for d in found.needs_review} >= {"category", "departments", "phone"}


def test_a_city_with_three_departments_and_no_words_of_its_own_still_gets_a_lead() -> None:
    sparse = replace(
        CITY,
        districts=(),
        departments=tuple(
            replace(d, categories=(), words=()) for d in CITY.departments if d.code in ("police", "education_bureau")
        ),
        categories=tuple(replace(c, lead="", assisting=()) for c in CITY.categories),
    )
    found = made("老师打学生，学校不处理", city=sparse)
    assert found.lead == "education_bureau"
    assert all(sparse.department(d.department) for d in found.departments)


def test_the_lead_comes_first_and_there_is_only_one() -> None:
    found = made("幸福路烧烤店油烟噪音扰民，还占道经营，垃圾乱倒")
    assert [d.part for d in found.departments].count(Part.LEAD) == 1
    assert found.departments[0].part is Part.LEAD


def test_the_json_holds_what_other_programs_rely_on() -> None:
    found = made("我要投诉，中山路停水两天了", caller="87650000").to_json()
    assert found["kind"] == "complaint"
    assert found["urgency"] == "urgent"
    assert found["place"] == "中山路"
    assert found["phone"] == "87650000"
    assert set(found["category"][0]) >= {"code", "score", "reason"}
    assert set(found["departments"][0]) >= {"code", "role", "score", "reason"}
    assert found["departments"][0]["role"] == "lead"
    for field in ("kind", "urgency", "place", "phone", "summary"):
        assert isinstance(found[field], str)
        assert set(found["reasons"][field]) >= {"reason", "source"}


def test_a_minute_of_talk_is_drafted_in_milliseconds() -> None:
    minute = "，".join(["建设路和胜利路交叉口那一排路灯都不亮了", "晚上黑漆漆的", "我打了好几次电话没人管"] * 8)
    made(minute)
    best = min(_seconds(minute) for _ in range(5))
    assert best < 0.02, "about 3 ms on a quiet machine"


def _seconds(text: str) -> float:
    started = time.process_time()
    made(text)
    return time.process_time() - started


FRAGMENTS = st.sampled_from(
    [
        *"0123456789一二三十百幺零路街号的了没不怎吗，。？！：；、 \n\t…#",
        *(
            "中山路",
            "停水",
            "着火",
            "没有",
            "投诉",
            "市民：",
            "话务员：",
            "阳光小区",
            "3号楼",
            "138",
            "00138000",
            "人民路和",
        ),
        *("交叉口", "城管局", "第一", "请问", "\ud800", "😀", "\x00", "A"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(FRAGMENTS, max_size=30).map("".join)), st.text(max_size=15))
def test_any_text_gives_a_draft_that_survives_json(said: str, caller: str) -> None:
    found = made(said, caller=caller)
    assert Draft.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert len(found.summary.value) <= 120


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("cod"), st.lists(FRAGMENTS, max_size=8).map("".join)), max_size=8))
def test_any_talk_gives_the_same_draft_twice(turns: list[tuple[str, str]]) -> None:
    assert talk(*turns) == talk(*turns)


@pytest.mark.parametrize("said", ["1380013", "建设路三号停水了家里有老人", "建设路3号楼，停水了。", "路", "没有", "1 "])
def test_an_endless_talk_is_drafted_in_a_second_or_two(said: str) -> None:
    assert _seconds(said * (20_000 // len(said))) < 4
