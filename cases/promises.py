"""What a reply promises, and until when: `将于 3 月 20 日前完成` comes due on 20 March. Pure.

A promise is a sentence with one of the city's promising words. Its date is the last one it names, because `4月1日开工，
4月20日前完工` is fulfilled on the 20th. Days that lie behind are no date of a promise.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from cases.wording import Span, found
from config.reply_words import ReplyWords
from config.workdays import Workdays

_SENTENCE = re.compile(r"[^。！？；!?;\n]+")
_NUMBERS = {"半": 0.5, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
            "十": 10, "十五": 15, "二十": 20, "三十": 30}  # fmt: skip
_N = r"([0-9]{1,3}|十五|二十|三十|[半一两二三四五六七八九十])"
_DAYS = {"小时": 1 / 24, "日": 1, "天": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30}
_FAR = 3660  # more days than anybody promises; also keeps within what a date can be


@dataclass(frozen=True, slots=True)
class Promise:
    """`due` None: nobody can tell when it is broken."""

    said: Span
    due: date | None


def promises(text: str, words: ReplyWords, today: date, workdays: Workdays) -> tuple[Promise, ...]:
    """Every sentence that promises something, in order."""
    return tuple(_promises(text, words, today, workdays))


def dates(text: str, today: date, workdays: Workdays) -> list[date]:
    """Every day that the text names, by date or by distance from today."""
    return [day for pattern, read in _WAYS for match in pattern.finditer(text) if (day := read(match, today, workdays))]


def _promises(text: str, words: ReplyWords, today: date, workdays: Workdays) -> Iterator[Promise]:
    for sentence in _SENTENCE.finditer(text):
        if first := next(found(sentence.group(), words.promises), None):
            ahead = [day for day in dates(sentence.group(), today, workdays) if day >= today]
            start = sentence.start() + first.start
            yield Promise(Span(start, start + len(first.text), first.text), max(ahead, default=None))


def _full(match: re.Match[str], _today: date, _workdays: Workdays) -> date | None:
    return _day(int(match[1]), int(match[2]), int(match[3]))


def _month_day(match: re.Match[str], today: date, _workdays: Workdays) -> date | None:
    """Without a year: the one that is nearest, so that in December `1月5日` is next year's."""
    years = (today.year - 1, today.year, today.year + 1)
    near = [day for year in years if (day := _day(year, int(match[1]), int(match[2])))]
    return min(near, key=lambda day: abs(day - today), default=None)


def _end_of_month(match: re.Match[str], today: date, _workdays: Workdays) -> date | None:
    month = int(match[1]) if match[1] else today.month
    if not 1 <= month <= 12:
        return None
    year = today.year + (month < today.month)
    return date(year, month, monthrange(year, month)[1])


def _end_of_year(_match: re.Match[str], today: date, _workdays: Workdays) -> date | None:
    return date(today.year, 12, 31)


def _within(match: re.Match[str], today: date, workdays: Workdays) -> date | None:
    amount, unit = int(match[1]) if match[1].isdigit() else _NUMBERS[match[1]], match[2]
    if unit == "工作日":
        return _working_day(today, amount, workdays)
    return _ahead(today, ceil(amount * _DAYS[unit]))


def _near(match: re.Match[str], today: date, _workdays: Workdays) -> date | None:
    return _ahead(today, {"今": 0, "当": 0, "明": 1, "后": 2}[match[1]])


def _weekday(match: re.Match[str], today: date, _workdays: Workdays) -> date | None:
    day = "一二三四五六日".index(match[2].replace("天", "日")) if match[2] else 6
    return _ahead(today, day - today.weekday() + (7 if match[1] == "下" else 0))


_WAYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date, Workdays], date | None]], ...] = (
    (re.compile(r"([0-9]{4})\s*[年./-]\s*([0-9]{1,2})\s*[月./-]\s*([0-9]{1,2})"), _full),
    (re.compile(r"(?<![0-9年])([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*[日号]"), _month_day),
    (re.compile(r"(?:本|这个|([0-9]{1,2}))月(?:底|末)"), _end_of_month),
    (re.compile(r"(?<![0-9一两二三四五六七八九十])年(?:底|末|内)"), _end_of_year),
    (re.compile(_N + r"\s*个?(工作日|日|天|周|星期|礼拜|月|小时)(?:之?内|以内|左右)"), _within),
    (re.compile(r"(今|当|明|后)(?:天|日|晚|早)"), _near),
    (re.compile(r"(本|这|下)个?(?:周|星期|礼拜)([一二三四五六日天])?"), _weekday),
)


def _working_day(today: date, amount: float, workdays: Workdays) -> date | None:
    worked = 0
    for day in workdays.after(today):
        worked += day.works
        if worked >= min(amount, 250):
            return day.date
    return None


def _ahead(today: date, days: int) -> date | None:
    return today + timedelta(days=days) if abs(days) <= _FAR else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
