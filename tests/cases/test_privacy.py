"""Nobody's number gets out in a free text, whoever reads it and however it was spelt."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.model import CaseRow
from cases.privacy import (
    ALIAS,
    Sight,
    as_seen,
    in_list,
    masked_data,
    masked_name,
    masked_phone,
    masked_text,
    may_reveal,
    self_identifying,
    sight,
)
from cases.words import Confidentiality, Part, Role

MOBILES = st.from_regex(r"\A1[3-9][0-9]{9}\Z")
CARDS = st.from_regex(r"\A[1-6][0-9]{5}(19[5-9]|20[01])[0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9])[0-9]{3}[0-9X]\Z")
BANK = st.from_regex(r"\A62[0-9]{14,17}\Z")
LANDLINES = st.from_regex(r"\A0[1-9][0-9]{1,2}-?[2-8][0-9]{7}\Z")
CHINESE = st.text("我的电话是请回复，。：路灯坏了", max_size=8)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")


def spelt(draw, number: str) -> str:
    """As people write and say it."""
    way = draw(st.sampled_from(["plain", "spaces", "dashes", "wide", "said", "+86"]))
    if way in ("spaces", "dashes") and len(number) == 11:
        return (" " if way == "spaces" else "-").join((number[:3], number[3:7], number[7:]))
    return {"wide": number.translate(FULL_WIDTH), "said": number.translate(SPOKEN), "+86": f"+86 {number}"}.get(
        way, number
    )


@given(st.data(), st.lists(st.one_of(MOBILES, CARDS, BANK, LANDLINES), min_size=1, max_size=4))
def test_every_number_in_a_text_is_hidden_the_repeated_ones_too(data, numbers):
    text = data.draw(CHINESE)
    for number in numbers:
        said = spelt(data.draw, number) if len(number) == 11 and number[0] == "1" else number
        text += said + "，" + data.draw(CHINESE)

    masked = masked_text(text)

    assert not re.search("[0-9０-９]{3}|[零幺二三四五六七八九]{3}", masked), masked
    assert len(masked) == len(text)


@given(st.text("0123456789-－ 零幺三八０１８电话xX我@a.", max_size=60))
def test_masking_twice_hides_nothing_more_and_only_stars_are_added(text):
    masked = masked_text(text)

    assert masked_text(masked) == masked
    assert all(new in (old, "*") for old, new in zip(text, masked, strict=True))


@given(st.from_regex(r"\A[0-9]{20,40}\Z"), CHINESE, CHINESE)
def test_a_row_of_twenty_digits_is_no_number_of_a_person(number, before, after):
    text = before.replace("电话", "") + number + after
    assert masked_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "工单202603090001已派单",
        "人民路一百八十号三单元，2026年3月9日晚上10点半，噪音85分贝",
        "订单号12345678901234567890，金额1380元",
        "一二三四五六七，七八九",
        "拨打12345、110都没用，2019-2020年就这样",
        "我家住十二号楼1单元1301室",
    ],
)
def test_what_is_no_number_of_a_person_stays(text):
    assert masked_text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("138-0000-1111和138-0000-1111", "***-****-****和***-****-****"),
        ("电话13800001111一直打不通", "电话***********一直打不通"),
        ("幺三八零零零零幺幺幺幺一直打不通", "***********一直打不通"),
        ("138零零零零1111", "***********"),
        ("座机87031001", "座机********"),
        ("(0571)87031001", "(****)********"),
        ("11010119900307123x", "******************"),
        ("邮箱 li.wei@example.org", "邮箱 **.***@*******.***"),
    ],
)
def test_numbers_are_found_however_they_are_spelt(text, masked):
    assert masked_text(text) == masked


def test_a_long_text_is_read_quickly():
    for hard in ("1" * 10_000, "a" * 10_000, "1 3" * 3_000, "电话" * 5_000, "零" * 10_000, "a.b@" * 2_500):
        masked_text(hard)


def case(level: str = "ordinary") -> CaseRow:
    return CaseRow(confidentiality=level, phone="13800001111", caller_name="王小明", place="人民路",
                   summary="王小明反映路灯不亮", text="请回13800001111或13900002222")  # fmt: skip


def test_the_lead_sees_enough_to_recognise_the_call_and_no_more():
    seen = as_seen(case(), sight(Confidentiality.ORDINARY, Role.CLERK, Part.LEAD))

    assert seen == {"phone": "138****1111", "caller_name": "王**", "place": "人民路", "summary": "王**反映路灯不亮",
                    "text": "请回***********或***********"}  # fmt: skip


@pytest.mark.parametrize("part", [Part.LEAD, Part.ASSISTING])
@pytest.mark.parametrize("level", ["confidential", "tip_off"])
@pytest.mark.parametrize("role", [Role.CLERK, None])
def test_a_department_learns_nothing_of_who_wants_to_stay_secret(level, part, role):
    seen = as_seen(case(level), sight(Confidentiality(level), role, part))

    assert seen["phone"] is None
    assert seen["caller_name"] == ALIAS
    assert not re.search("13800001111|13900002222|王小明", str(seen))
    assert not may_reveal(Confidentiality(level), role, part)


def test_the_hotline_sees_all_but_who_gave_a_tip_off_and_no_list_shows_a_whole_number():
    for role in (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR):
        assert sight(Confidentiality.CONFIDENTIAL, role) is Sight.FULL
        assert sight(Confidentiality.TIP_OFF, role) is Sight.ALIAS
    assert as_seen(case(), Sight.FULL)["phone"] == "13800001111"
    assert in_list(case(), Sight.FULL)["phone"] == "138****1111"
    assert in_list(case(), Sight.ALIAS)["phone"] is None


@given(
    st.sampled_from(Confidentiality),
    st.one_of(st.none(), st.sampled_from(Role)),
    st.one_of(st.none(), st.sampled_from(Part)),
)
def test_nobody_but_the_hotline_ever_sees_all(level, role, part):
    if sight(level, role, part) is Sight.FULL:
        assert role not in (None, Role.CLERK)


def test_short_names_and_numbers_are_masked_too():
    assert (masked_phone("87031001"), masked_phone("12345"), masked_phone("")) == ("87****01", "*****", "")
    assert (masked_name("王"), masked_name("")) == ("王", "")


def test_data_is_masked_through_and_through():
    assert masked_data({"reply": ["请打13800001111", 3, None]}) == {"reply": ["请打***********", 3, None]}


def test_a_tip_off_that_tells_who_speaks_is_noticed():
    text = "老板做假账。我是三车间的会计！证据在柜子里；只有我一个人知道。我电话13800001111"
    assert self_identifying(text) == ["我是三车间的会计", "只有我一个人知道", "我电话13800001111"]
    assert self_identifying("局长张某收受红包，我看见他收的") == []
