"""Spoken numbers become digits, here and nowhere else: 幺三八零五七一二三四五 -> 13805712345, 一百八十号 -> 180号.

Only what is clearly a number is changed: telephone and case numbers, house numbers, amounts, and counts from ten up.
Words that merely contain a numeral stay readable: 一个, 一直, 三天, 第三街道, 星期三, 十几个, 三四十户, 十分满意.
"""

from __future__ import annotations

import re

DIGITS = {
    "零": 0,
    "〇": 0,
    "幺": 1,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}

_D = "[一二两三四五六七八九]"
_TENS = f"{_D}?十{_D}?"
_HUNDREDS = f"{_D}百(?:零{_D}|{_D}十{_D}?|{_D})?"
_THOUSANDS = f"{_D}千(?:零(?:{_D}十{_D}?|{_D})|{_HUNDREDS}|{_D})?"
_SECTION = f"(?:{_THOUSANDS}|{_HUNDREDS}|{_TENS}|{_D})"
_CARDINAL = re.compile(f"(?:{_SECTION}亿(?:零?{_SECTION}万)?|{_SECTION}万)(?:零?{_SECTION})?|{_SECTION}")
_SHORTENED = re.compile(f"[百千万]{_D}$")  # 一百八 is 180, 两千三 is 2300

_NUMERAL = re.compile("[零〇幺一二两三四五六七八九十百千万亿]+")
_ROW = re.compile("[零〇幺一二三四五六七八九]+")  # digits one by one
_MOBILE = re.compile("[幺一][三四五六七八九]")
MOBILE_LENGTH, ROW_ALWAYS, ROW_BEFORE_UNITS = 11, 4, 7

_PERCENT = re.compile(f"百分之({_SECTION})(?:点([零一二三四五六七八九]+))?(?![零一二三四五六七八九十百千万点])")
_DATE = re.compile(f"({_TENS}|{_D})月({_TENS}|{_D})(?=[号日])")
_DECIMAL = re.compile(f"({_SECTION})点([零一二三四五六七八九]+)(?=元|块|米|公里|度|吨|斤|公斤|万|亿|平方|平米|倍|%)")

_IDIOMS = ("七七八八", "三三五五", "一一二二")
_HOUSE = re.compile("号|楼|栋|幢|单元|室|弄")
_ROUTE = re.compile("路(?:公交|车)")
_MONEY = re.compile("元|块钱|万元|角钱|毛钱")
_COUNTED = re.compile(
    "[多来]?(?:个|人|户|次|天|年|月|日|岁|小时|分钟|秒|周|星期|点|平方|平米|米|公里|里路|度|分贝|吨|斤|公斤|克|元|块|角|毛|倍|"
    "辆|台|条|家|名|位|件|份|套|间|棵|盏|处|只|头|根|箱|张|部|门|层|级|路|号|楼|栋|幢|单元|室|弄)"
)
_THINGS = re.compile(
    "个|人|户|次|天|年|月|日|岁|小时|分钟|周|星期|辆|台|条|家|名|位|件|份|套|间|棵|盏|处|只|头|根|张|层"
)


def to_digits(text: str) -> str:
    """The text with its numbers in digits."""
    text = _PERCENT.sub(lambda m: f"{_value(m[1])}{_fraction(m[2])}%", text)
    text = _DATE.sub(lambda m: f"{_value(m[1])}月{_value(m[2])}", text)
    text = _DECIMAL.sub(lambda m: f"{_value(m[1])}{_fraction(m[2])}", text)
    return _NUMERAL.sub(lambda m: _numeral(m[0], text[: m.start()], text[m.end() :]), text)


def _numeral(run: str, before: str, after: str) -> str:
    """A stretch of numerals between what stands before and after it."""
    if not run or before.endswith(("第", "几", "数", "好几", "百分之")) or after.startswith("几"):
        return run
    if before.endswith(("星期", "礼拜", "周")) and run[0] in "一二三四五六":
        return run[0] + _numeral(run[1:], run[0], after)
    row = _ROW.match(run)
    if row and len(row[0]) > 1:
        return _row(row[0], run[row.end() :], after)
    cardinal = _CARDINAL.match(run)
    if cardinal is None:
        return run[0] + _numeral(run[1:], run[0], after)
    return _cardinal(cardinal[0], run[cardinal.end() :], after)


def _row(row: str, rest: str, after: str) -> str:
    """Digits said one by one, as telephone, case and room numbers are."""
    if len(row) >= MOBILE_LENGTH and _MOBILE.match(row):
        mobile, more = row[:MOBILE_LENGTH], row[MOBILE_LENGTH:] + rest
        return _digits(mobile) + _numeral(more, mobile, after)
    if rest and rest[0] in UNITS and len(row) < ROW_BEFORE_UNITS:
        return row + rest  # 三四十户: nobody counted them
    follows = rest or after
    is_number = len(row) >= ROW_ALWAYS or (len(row) == 3 and (set(row) & set("零〇幺") or _HOUSE.match(follows)))
    said = _digits(row) if is_number and row not in _IDIOMS else row
    return said + _numeral(rest, row, after)


def _cardinal(number: str, rest: str, after: str) -> str:
    """A number with 十, 百, 千, or a single digit."""
    follows = rest or after
    if _SHORTENED.search(number) and _THINGS.match(follows):
        number, rest = number[:-1], number[-1] + rest  # 五百一个月: five hundred, each month
    clear = _is_clear(number, follows)
    return (_written(number) if clear else number) + _numeral(rest, number, after)


def _is_clear(number: str, follows: str) -> bool:
    if len(number) == 1 and number != "十":
        place = number != "两" and (_HOUSE.match(follows) or _ROUTE.match(follows))
        return bool(place or _MONEY.match(follows))
    if set(number) & set("百千万亿"):
        return True
    return bool(_COUNTED.match(follows))


def _written(number: str) -> str:
    """Round numbers keep 万 and 亿, which are easier to read."""
    last = number[-1]
    return f"{_value(number[:-1])}{last}" if last in "万亿" else str(_value(number))


def _value(number: str) -> int:
    if _SHORTENED.search(number):
        return _value(number[:-1]) + DIGITS[number[-1]] * UNITS[number[-2]] // 10
    total = section = digit = 0
    for character in number:
        unit = UNITS.get(character, 0)
        if unit >= UNITS["万"]:
            total, section, digit = (total + section + digit) * unit, 0, 0
        elif unit:
            section, digit = section + (digit or 1) * unit, 0
        else:
            digit = DIGITS[character]
    return total + section + digit


def _digits(row: str) -> str:
    return "".join(str(DIGITS[character]) for character in row)


def _fraction(row: str | None) -> str:
    return f".{_digits(row)}" if row else ""
