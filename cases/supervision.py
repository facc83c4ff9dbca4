"""When a department is reminded, admonished, reported (督办): the one table of levels and triggers. Pure.

Rules of this file:
1. A trigger has a moment: it was met at that moment, whoever looks when. So a worker that slept misses nothing, and the
   next moment at which somebody has to look is known.
2. A trigger counts once for each occasion (`key`). What has become due together goes into one notice of the highest
   level: one matter, one form (一事一单).
3. The system reminds by itself. Everything above a reminder is only proposed here; a person issues it or does not.
4. A matter under a mayor's instruction starts at yellow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from cases.counting import count
from cases.words import Labelled
from config.codes import Urgency
from config.rules import Limit, Unit
from config.workdays import CITY_TIME, Workdays

_DAY = timedelta(days=1)
OPENS, CLOSES = time(8, 30), time(18, 0)  # when a notice may arrive that is not a matter of life (特急)


class Level(Labelled):
    """How serious it has become. Ordered."""

    REMINDER = "reminder", "催办提醒"
    BLUE = "blue", "催办通知书（蓝色）"
    YELLOW = "yellow", "督办通知单（黄色）"
    RED = "red", "通报批评（红色）"
    TRANSFER = "transfer", "问责移送"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class NoticeState(Labelled):
    """How far a notice has come."""

    PROPOSED = "proposed", "待签发"
    ISSUED = "issued", "已发出"
    ANSWERED = "answered", "已回复"
    CANCELLED = "cancelled", "已撤销"  # after it was issued, by a second person
    DISMISSED = "dismissed", "不予督办"  # a proposal that nobody issued, with the reason


@dataclass(frozen=True, slots=True)
class Form:
    """What a notice of a level is. `series` stands in its number (文号); `signatories`: how many people issue it."""

    series: str
    demand: str
    answer: Limit
    signatories: int = 1
    leader_answers: bool = False


_ONE_DAY, _THREE_DAYS = Limit(1, Unit.WORKING_DAYS), Limit(3, Unit.WORKING_DAYS)
_EXPLAIN = "请立即办理，并书面说明进展、原因和预计办结时间。"
_LEADER = "请单位负责人过问，限期办结，书面说明原因和整改措施，由单位负责人签字。"
_REPORTED = "现予通报。请书面检查，说明责任人、原因和整改措施，由单位主要负责人签字。"
_HANDED_ON = "现将有关材料移送，请配合调查，书面说明情况，由单位主要负责人签字。"
FORMS: dict[Level, Form] = {
    Level.BLUE: Form("催", _EXPLAIN, _ONE_DAY),
    Level.YELLOW: Form("督", _LEADER, _ONE_DAY, leader_answers=True),
    Level.RED: Form("通", _REPORTED, _THREE_DAYS, signatories=2, leader_answers=True),
    Level.TRANSFER: Form("移", _HANDED_ON, _THREE_DAYS, signatories=2, leader_answers=True),
}


class Trigger(Labelled):
    """Why. The words stand in the notice as its facts."""

    HALF_TIME = "half_time", "办理时限已过一半"
    MOST_TIME = "most_time", "办理时限已过八成"
    LAST_DAY = "last_day", "距办理期限还有一个工作日"
    UNSIGNED_HALF = "unsigned_half", "签收时限已过一半，尚未签收"
    UNSIGNED = "unsigned", "超过签收时限未签收"
    OVERDUE = "overdue", "超过办理期限未答复"
    REWORK = "rework", "答复被退回重办"
    BLUE_UNANSWERED = "blue_unanswered", "催办通知书逾期未回复"
    SECOND_REWORK = "second_rework", "同一事项第二次被退回重办"
    RETURN_DENIED_TWICE = "return_denied_twice", "两次申请退单均被驳回"
    REPEATED = "repeated", "同一诉求重复投诉三次以上"
    LONG_OVERDUE = "long_overdue", "超过办理期限五个工作日未答复"
    FALSE_REPORT = "false_report", "查实虚报办结"
    PERFUNCTORY_TWICE = "perfunctory_twice", "两次因敷衍被退回"
    YELLOW_UNANSWERED = "yellow_unanswered", "督办通知单逾期未回复"
    RED_UNANSWERED = "red_unanswered", "通报后逾期未回复"
    CONSEQUENCE = "consequence", "造成人员伤害、群体事件等后果"  # said by a person, never found by the system
    OTHER = "other", "其他需要督办的情形"  # said by a person


@dataclass(frozen=True, slots=True)
class Facts:
    """One department's share of a case, as far as supervision is concerned.

    `ended_at`: when the department last did what was expected of it (replied, gave it back, was waived); None while
    something is expected. `started_at`: the dispatch, or the latest rework. The lists are moments, oldest first.
    """

    urgency: Urgency
    dispatched_at: datetime
    started_at: datetime
    due_at: datetime
    sign_by: datetime | None = None
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    paused: bool = False
    instruction: bool = False
    reworks: tuple[datetime, ...] = ()
    returns_denied: tuple[datetime, ...] = ()
    repeats: tuple[datetime, ...] = ()
    perfunctory: tuple[datetime, ...] = ()
    false_reports: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """A notice there is already. `open`: proposed or issued, and neither answered nor withdrawn."""

    id: str
    level: Level
    keys: tuple[str, ...] = ()
    open: bool = False
    unanswered_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """A trigger, and the moment from which it counts. `key` tells one occasion from another."""

    trigger: Trigger
    level: Level
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be recorded now: a new notice, or more facts for the one that is open (`joins`)."""

    level: Level
    met: tuple[Met, ...]
    joins: str = ""


def decide(facts: Facts, past: Sequence[Past], now: datetime, workdays: Workdays) -> Decision | None:
    """What has become due by now and stands in no notice yet."""
    known = {key for each in past for key in each.keys}
    met = tuple(each for each in moments(facts, past, workdays) if each.at <= now and each.key not in known)
    if not met:
        return None
    level = max((each.level for each in met), key=lambda each: each.rank)
    open_form = max((p for p in past if p.open and p.level in FORMS), key=lambda p: p.level.rank, default=None)
    if level in FORMS and open_form and open_form.level.rank >= level.rank:
        return Decision(level, met, open_form.id)
    return Decision(level, met)


def next_look(facts: Facts, past: Sequence[Past], now: datetime, workdays: Workdays) -> datetime | None:
    """When something may become due although nothing happens; None: only when something happens."""
    return min((each.at for each in moments(facts, past, workdays) if each.at > now), default=None)


def moments(facts: Facts, past: Iterable[Past], workdays: Workdays) -> Iterator[Met]:
    """Every trigger that was met or will be if nothing changes."""
    yield from _by_time(facts, workdays)
    yield from _by_number(facts)
    for notice in past:
        if notice.unanswered_from and notice.level in _UNANSWERED:
            trigger, level = _UNANSWERED[notice.level]
            yield Met(trigger, level, notice.unanswered_from, f"{trigger}:{notice.id}")


_UNANSWERED = {
    Level.BLUE: (Trigger.BLUE_UNANSWERED, Level.YELLOW),
    Level.YELLOW: (Trigger.YELLOW_UNANSWERED, Level.RED),
    Level.RED: (Trigger.RED_UNANSWERED, Level.TRANSFER),
}


def _by_time(facts: Facts, workdays: Workdays) -> Iterator[Met]:
    for trigger, level, when in _TIMES:
        at = when(facts, workdays)
        if at is None or not _expected(facts, trigger, at):
            continue
        if level is Level.REMINDER and facts.paused:
            continue
        counted = facts.sign_by if trigger in _SIGNING else facts.due_at
        yield Met(trigger, _raised(facts, level), at, f"{trigger}:{counted.isoformat() if counted else ''}")


def _expected(facts: Facts, trigger: Trigger, at: datetime) -> bool:
    """Had the department still to do it at that moment? For reminders: has it still?"""
    done = facts.signed_at or facts.ended_at if trigger in _SIGNING else facts.ended_at
    return done is None or (trigger not in _REMINDERS and at < done)


def _by_number(facts: Facts) -> Iterator[Met]:
    for trigger, level, times, nth in (
        (Trigger.REWORK, Level.BLUE, facts.reworks, 1),
        (Trigger.SECOND_REWORK, Level.YELLOW, facts.reworks, 2),
        (Trigger.RETURN_DENIED_TWICE, Level.YELLOW, facts.returns_denied, 2),
        (Trigger.REPEATED, Level.YELLOW, facts.repeats, 3),
        (Trigger.PERFUNCTORY_TWICE, Level.RED, facts.perfunctory, 2),
        (Trigger.FALSE_REPORT, Level.RED, facts.false_reports, 1),
    ):
        if len(times) >= nth:
            yield Met(trigger, _raised(facts, level), times[nth - 1], f"{trigger}:{nth}")


def _raised(facts: Facts, level: Level) -> Level:
    return Level.YELLOW if facts.instruction and level is Level.BLUE else level


def _share_of_time(percent: int) -> Callable[[Facts, Workdays], datetime | None]:
    return lambda facts, _workdays: facts.started_at + (facts.due_at - facts.started_at) * percent / 100


def _last_day(facts: Facts, workdays: Workdays) -> datetime | None:
    """The morning of the working day before the last one; nothing when there is no such day in between."""
    day = workdays.day((facts.due_at.astimezone(CITY_TIME) - _DAY).date())
    while not day.works:
        day = workdays.day(day.date - _DAY)
    morning = datetime.combine(day.date, OPENS, CITY_TIME)
    return morning if morning > facts.started_at else None


def _half_to_sign(facts: Facts, _workdays: Workdays) -> datetime | None:
    return facts.dispatched_at + (facts.sign_by - facts.dispatched_at) / 2 if facts.sign_by else None


def _overdue(facts: Facts, _workdays: Workdays) -> datetime:
    """The day after the deadline; what is urgent at once is late at once."""
    if facts.urgency is Urgency.AT_ONCE:
        return facts.due_at
    next_day = facts.due_at.astimezone(CITY_TIME).date() + _DAY
    return datetime.combine(next_day, time(), CITY_TIME)


def _long_overdue(facts: Facts, workdays: Workdays) -> datetime:
    return count(facts.due_at, Limit(5, Unit.WORKING_DAYS), workdays).at


_TIMES: tuple[tuple[Trigger, Level, Callable[[Facts, Workdays], datetime | None]], ...] = (
    (Trigger.HALF_TIME, Level.REMINDER, _share_of_time(50)),
    (Trigger.MOST_TIME, Level.REMINDER, _share_of_time(80)),
    (Trigger.LAST_DAY, Level.REMINDER, _last_day),
    (Trigger.UNSIGNED_HALF, Level.REMINDER, _half_to_sign),
    (Trigger.UNSIGNED, Level.BLUE, lambda facts, _workdays: facts.sign_by),
    (Trigger.OVERDUE, Level.BLUE, _overdue),
    (Trigger.LONG_OVERDUE, Level.RED, _long_overdue),
)
_SIGNING = frozenset({Trigger.UNSIGNED_HALF, Trigger.UNSIGNED})
_REMINDERS = frozenset(trigger for trigger, level, _when in _TIMES if level is Level.REMINDER)


def answer_by(level: Level, issued_at: datetime, workdays: Workdays) -> datetime:
    """Until when the department has to answer, by the city's calendar."""
    return count(issued_at, FORMS[level].answer, workdays).at


def may_arrive(urgency: Urgency, now: datetime, workdays: Workdays) -> datetime:
    """When a notice that is ready now may reach the department: in working hours, 特急 at once (§ 免打扰)."""
    local = now.astimezone(CITY_TIME)
    if urgency is Urgency.AT_ONCE:
        return now
    if workdays.day(local.date()).works and local.time() < CLOSES:
        return max(now, datetime.combine(local.date(), OPENS, CITY_TIME))
    day = next(day for day in workdays.after(local.date()) if day.works)
    return datetime.combine(day.date, OPENS, CITY_TIME)
