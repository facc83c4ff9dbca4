"""How long a department has, and why: a deadline comes with the lines that explain it.

Pure. The clock starts at dispatch, not at signing: who signs late has less time. Limits are the city's
(`deadlines.yaml`); a city without any gets the statute's: at once, within three days, within a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.codes import Kind, Urgency
from config.rules import Deadlines, Limit, Unit

CITY_TIME = ZoneInfo("Asia/Shanghai")

SEED = {
    Urgency.AT_ONCE: Limit(2, Unit.HOURS),
    Urgency.URGENT: Limit(3, Unit.CALENDAR_DAYS),
    Urgency.ORDINARY: Limit(7, Unit.CALENDAR_DAYS),
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """`provisional`: the calendar of these days is not published yet, so the moment may still move."""

    due_at: datetime
    explained: tuple[str, ...]
    provisional: bool = False


def deadline(urgency: Urgency, kind: Kind, dispatched_at: datetime, rules: Deadlines) -> Deadline:
    limit = _limit(urgency, kind, rules)
    start = dispatched_at.astimezone(CITY_TIME)
    due_at = _add(start, limit)
    guessed = limit.unit is Unit.WORKING_DAYS
    lines = [f"{_said(start)} 交办，从交办起计时", f"{urgency.label}：{limit}"]
    if guessed:
        lines.append("按周一至周五计算，尚未核对节假日与调休")
    return Deadline(due_at, (*lines, f"{_said(due_at)} 到期"), guessed)


def _limit(urgency: Urgency, kind: Kind, rules: Deadlines) -> Limit:
    try:
        return rules.rule(urgency, kind).due
    except KeyError:
        return SEED[urgency]


def _add(start: datetime, limit: Limit) -> datetime:
    match limit.unit:
        case Unit.MINUTES:
            return start + timedelta(minutes=limit.amount)
        case Unit.HOURS:
            return start + timedelta(hours=limit.amount)
        case Unit.CALENDAR_DAYS:
            return start + timedelta(days=limit.amount)
        case _:
            return _add_weekdays(start, limit.amount)


def _add_weekdays(start: datetime, days: int) -> datetime:
    """The end of the n-th weekday after this one."""
    day = start.date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return datetime.combine(day, time(23, 59, 59), CITY_TIME)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
