"""What a citizen says as a number is read as digits; what only sounds like one stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.spoken_numbers import to_digits

CHINESE = "零一二三四五六七八九"

NUMBERS = [
    # telephone and case numbers
    ("我的电话是幺三八零五七一二三四五", "我的电话是13805712345"),
    ("电话一三八零零零零零零零零谢谢", "电话13800000000谢谢"),
    ("电话是幺三八零五七一二三四五三号楼二单元", "电话是138057123453号楼2单元"),
    ("电话幺三八零五七一二三四五十号楼", "电话1380571234510号楼"),
    ("固定电话八七零三二二一五", "固定电话87032215"),
    ("案件编号二零二六零零一二三", "案件编号202600123"),
    ("一二三四五热线", "12345热线"),
    ("打幺幺零报警", "打110报警"),
    ("幺二零急救", "120急救"),
    ("尾号八六四二", "尾号8642"),
    ("二零二六年", "2026年"),
    # addresses
    ("三号楼二单元五零二室", "3号楼2单元502室"),
    ("中山路一百八十号", "中山路180号"),
    ("人民路十二号", "人民路12号"),
    ("文化路一千零八号", "文化路1008号"),
    ("新华路二百零五号对面", "新华路205号对面"),
    ("住在三楼", "住在3楼"),
    ("十二栋四单元三一二室", "12栋4单元312室"),
    ("二十三号楼十一层", "23号楼11层"),
    ("三十二路公交车", "32路公交车"),
    ("一路公交车", "1路公交车"),
    # amounts
    ("两千三百块", "2300块"),
    ("欠我两千三", "欠我2300"),
    ("一百八十块钱", "180块钱"),
    ("三万五千元", "35000元"),
    ("三万五", "35000"),
    ("一万零五百元", "10500元"),
    ("二十万", "20万"),
    ("一百二十万元", "120万元"),
    ("三亿元", "3亿元"),
    ("五元", "5元"),
    ("三块钱", "3块钱"),
    ("三点五元", "3.5元"),
    ("一点二万元", "1.2万元"),
    ("每月五百一个月", "每月500一个月"),
    ("涨了百分之三十", "涨了30%"),
    ("百分之十二点五", "12.5%"),
    # counts and times
    ("一共二十户居民", "一共20户居民"),
    ("三十多个人", "30多个人"),
    ("停水二十四小时", "停水24小时"),
    ("晚上十点半", "晚上10点半"),
    ("十一月二十号", "11月20号"),
    ("三月五日", "3月5日"),
    ("星期二十点", "星期二10点"),
    ("六十五岁老人", "65岁老人"),
    ("一千二百六十人", "1260人"),
]

WORDS = """
一个 一直 一下 一般 一样 一些 一点 一起 一边 一路上 一块去 三天 两个小时 三个月 半年 五天
一年四季 第一 第三街道 第十中学 第二十三小学 星期三 周五 礼拜六 三四天 七八个 三四十户 十几个
几十个 好几百 几千 十分满意 十字路口 十足 万一 千万不要 百分之百 六个百分之百 千方百计 乱七八糟
五花八门 四面八方 七七八八 三言两语 一五一十 百货 两边 两口子 三方通话 八点 三点意见
"""


@pytest.mark.parametrize(("said", "written"), NUMBERS)
def test_a_spoken_number_is_written_in_digits(said: str, written: str) -> None:
    assert to_digits(said) == written


@pytest.mark.parametrize("word", WORDS.split())
def test_a_word_with_a_numeral_in_it_stays_readable(word: str) -> None:
    assert to_digits(f"我{word}的") == f"我{word}的"


@given(st.integers(3, 9), st.lists(st.integers(0, 9), min_size=9, max_size=9))
def test_every_mobile_number_survives_however_it_is_spoken(second: int, rest: list[int]) -> None:
    digits = [1, second, *rest]
    for one in "一幺":
        spoken = "".join(one if d == 1 else CHINESE[d] for d in digits)
        assert to_digits(f"电话是{spoken}谢谢") == f"电话是{''.join(map(str, digits))}谢谢"


def _spoken(n: int) -> str:
    """The textbook reading of a number below 10 000."""
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, n = divmod(n, unit)
        if digit:
            text += ("零" if zero and text else "") + CHINESE[digit] + name
        zero = not digit
    return text.removeprefix("一") if text.startswith("一十") else text


@given(st.integers(10, 9999))
def test_every_house_number_and_amount_is_read_right(n: int) -> None:
    assert to_digits(f"中山路{_spoken(n)}号") == f"中山路{n}号"
    assert to_digits(f"花了{_spoken(n)}块") == f"花了{n}块"


@given(st.text("零幺一二两三四五六七八九十百千万亿点号楼个第几百分之星期元块", max_size=24))
def test_nonsense_is_never_an_error_and_loses_nothing_but_numerals(text: str) -> None:
    numerals = "零幺一二两三四五六七八九十百千万亿点百分之"
    kept = [c for c in to_digits(text) if not c.isascii() and c not in numerals]
    assert kept == [c for c in text if c not in numerals]
