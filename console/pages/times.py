"""Numbers and moments as people in the city read them. Pure: the moment it is now comes in."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

CITY_TIME = ZoneInfo("Asia/Shanghai")
WEEKDAYS = "一二三四五六日"


def phone(number: str) -> str:
    """138 0571 2345, 0571 8812 4490, 8702 1100; anything else as it came."""
    if not number:
        return "号码未显示"
    if not number.isdigit():
        return number
    if len(number) == 11 and number[0] == "1":
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    if number[0] == "0" and len(number) in (10, 11, 12):
        area = 3 if number[1] in "12" else 4
        return f"{number[:area]} {number[area : area + 4]} {number[area + 4 :]}"
    return f"{number[:4]} {number[4:]}" if len(number) in (7, 8) else number


def case_no(number: str) -> str:
    """2026 1122 0001: easier to read out than twelve digits in a row."""
    return f"{number[:4]} {number[4:8]} {number[8:]}" if number.isdigit() and len(number) >= 12 else number


def kind_of_number(number: str) -> str:
    if not number:
        return "请询问联系电话"
    return "手机" if len(number) == 11 and number[0] == "1" else "固定电话"


def local(moment: datetime) -> datetime:
    return moment.astimezone(CITY_TIME)


def city_moment(text: str) -> str:
    """What a field for date and time holds (2026-03-09T17:30), with the city's zone; other texts as they are."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CITY_TIME).isoformat()
    except ValueError:
        return text


def clock(moment: datetime) -> str:
    return f"{local(moment):%H:%M:%S}"


def day(moment: datetime, now: datetime) -> str:
    """今天, 明天, 昨天, or 11 月 22 日（周日）."""
    then, today = local(moment).date(), local(now).date()
    near = {0: "今天", 1: "明天", -1: "昨天"}.get((then - today).days)
    return near or f"{then.month} 月 {then.day} 日（周{WEEKDAYS[then.weekday()]}）"


def moment(at: datetime, now: datetime) -> str:
    gap = "" if day(at, now).endswith("）") else " "
    return f"{day(at, now)}{gap}{local(at):%H:%M}"


def due(at: datetime, now: datetime) -> str:
    """今天 17:00 前（还有 2 小时 10 分）; 逾期 2 天 3 小时."""
    if at < now:
        return f"逾期 {span(now - at)}"
    return f"{moment(at, now)} 前（还有 {span(at - now)}）"


def told(text: str) -> str:
    """A moment of the API's (RFC 3339) as people in the city read it, with its year."""
    at = local(datetime.fromisoformat(text))
    return f"{at.year} 年 {at.month} 月 {at.day} 日 {at:%H:%M}"


def told_due(text: str) -> str:
    """The same for a deadline, with the weekday: a legal date is never only "tomorrow"."""
    at = local(datetime.fromisoformat(text))
    return f"{at.year} 年 {at.month} 月 {at.day} 日（周{WEEKDAYS[at.weekday()]}）{at:%H:%M} 前"


def span(length: timedelta) -> str:
    """The two largest units that are not nothing."""
    minutes = int(length.total_seconds()) // 60
    parts = [(minutes // 1440, "天"), (minutes // 60 % 24, "小时"), (minutes % 60, "分")]
    told = [f"{n} {unit}" for n, unit in parts if n][:2]
    return " ".join(told) or "不到 1 分"


def duration(seconds: float) -> str:
    """03:12, or 1:02:05 from an hour on."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"
