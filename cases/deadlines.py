"""How long a department has, and why: a deadline comes with the lines that explain it, day by day.

Pure. The clock starts at dispatch (交办), not at signing: who signs late has less time. Limits are the city's
(`deadlines.yaml`), days are the city's calendar (`holidays/*.yaml`); a city without rules gets the statute's: at once,
within three days, within a week. The versions of rule and calendar are kept with the case, next to the explanation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from cases.counting import Count, Pause, count, spelt
from cases.refusal import Refusal
from config.codes import Kind, Labelled, Urgency
from config.rules import DeadlineRule, Deadlines, Limit, Unit
from config.workdays import CITY_TIME, Workdays

__all__ = ["CITY_TIME", "Deadline", "Milestone", "Pause", "Started", "check_extension", "deadline", "due", "rfc3339"]

STATUTE = {
    Urgency.AT_ONCE: DeadlineRule(Urgency.AT_ONCE, Limit(2, Unit.HOURS)),
    Urgency.URGENT: DeadlineRule(Urgency.URGENT, Limit(3, Unit.CALENDAR_DAYS)),
    Urgency.ORDINARY: DeadlineRule(Urgency.ORDINARY, Limit(7, Unit.CALENDAR_DAYS)),
}


class Milestone(Labelled):
    """What else has its time, besides being settled; the limit of each is the rule's field of that name."""

    SIGN = "sign", "签收"
    FIRST_CONTACT = "first_contact", "首次联系市民"
    FIRST_RESULT = "first_result", "初步处置结果"
    RETURN_WINDOW = "return_window", "申请退单"


@dataclass(frozen=True, slots=True)
class Deadline:
    """`provisional_days`: days on the way whose calendar is not published yet, so the moment may still move."""

    due_at: datetime
    explained: tuple[str, ...]
    provisional_days: tuple[date, ...] = ()
    milestones: Mapping[Milestone, datetime] = field(default_factory=dict)
    rules: str = ""
    calendar: str = ""

    @property
    def provisional(self) -> bool:
        return bool(self.provisional_days)

    @property
    def sign_by(self) -> datetime | None:
        """From then on it is signed automatically. None: whoever does not sign is only late."""
        return self.milestones.get(Milestone.SIGN)

    @property
    def contact_by(self) -> datetime | None:
        return self.milestones.get(Milestone.FIRST_CONTACT)

    @property
    def return_by(self) -> datetime | None:
        """Until then a department may say that the case is not its own. None: until it signs."""
        return self.milestones.get(Milestone.RETURN_WINDOW)

    def to_json(self) -> dict[str, Any]:
        return {
            "due_at": rfc3339(self.due_at),
            "provisional": self.provisional,
            "explained": list(self.explained),
            "sign_by": rfc3339(self.sign_by),
            "contact_by": rfc3339(self.contact_by),
            "rules": self.rules or None,
            "calendar": self.calendar or None,
        }


@dataclass(frozen=True, slots=True)
class Started:
    """A running clock: since when, by which rule, and what has happened to it."""

    at: datetime
    rule: DeadlineRule
    preset: str = ""
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Limit, ...] = ()
    began: str = "交办"


def deadline(
    urgency: Urgency,
    kind: Kind | None,
    dispatched_at: datetime,
    rules: Deadlines,
    workdays: Workdays,
    *,
    preset: str = "",
    pauses: Iterable[Pause] = (),
    extensions: Iterable[Limit] = (),
) -> Deadline:
    """The deadline of an assignment dispatched at this moment, by `preset` or by the one in force."""
    preset = preset or rules.preset
    rule = rule_for(urgency, kind, rules, preset)
    return due(Started(dispatched_at, rule, preset, tuple(pauses), tuple(extensions)), workdays)


def rule_for(urgency: Urgency, kind: Kind | None, rules: Deadlines, preset: str = "") -> DeadlineRule:
    preset = preset or rules.preset
    return rules.rule(urgency, kind, preset) if preset in rules.presets else STATUTE[urgency]


def due(started: Started, workdays: Workdays) -> Deadline:
    counts = _counts(started, workdays)
    also = {what: count(started.at, limit, workdays) for what, limit in _limits(started.rule).items()}
    return Deadline(
        due_at=counts[-1].at,
        explained=(*_explained(started, counts), *_told_also(started.rule, also)),
        provisional_days=tuple(day for each in counts for day in each.provisional),
        milestones={what: found.at for what, found in also.items()},
        rules=f"{started.preset or 'statute'}/{started.rule.version}",
        calendar=workdays.version(_years(started, [*counts, *also.values()])),
    )


def check_extension(started: Started, asked: Limit, workdays: Workdays, *, now: datetime) -> None:
    """May this be granted on top of what was granted before? Raises Refusal with the reason."""
    cap, given = started.rule.extension, len(started.extensions)
    due_at = _counts(started, workdays)[-1].at
    if cap is None or not started.rule.extensions:
        raise Refusal(f"{started.rule.urgency.label}工单不能延期", field="extension")
    if given >= started.rule.extensions:
        raise Refusal(f"最多延期 {started.rule.extensions} 次，已经延过 {given} 次", field="extension")
    if now > due_at:
        raise Refusal(f"应在到期前申请延期；{_said(due_at)} 已经到期", field="extension")
    if count(due_at, asked, workdays).at > count(due_at, cap, workdays).at:
        raise Refusal(f"每次最多延期 {cap}", field="extension")


def _counts(started: Started, workdays: Workdays) -> list[Count]:
    """The limit itself, then every extension from where the one before ended."""
    counts = [count(started.at, started.rule.due, workdays, started.pauses)]
    for extension in started.extensions:
        counts.append(count(counts[-1].at, extension, workdays, started.pauses))
    return counts


def _limits(rule: DeadlineRule) -> dict[Milestone, Limit]:
    limits: dict[Milestone, Limit | None] = {what: getattr(rule, what) for what in Milestone}
    return {what: limit for what, limit in limits.items() if limit}


def _explained(started: Started, counts: Sequence[Count]) -> Iterator[str]:
    rule = started.rule
    first_day = "，当天不计" if rule.due.unit is Unit.WORKING_DAYS else ""
    yield f"{_said(started.at)} {started.began}，从{started.began}起计时{first_day}"
    yield f"{rule.urgency.label}：{rule.due}" + (f"（方案 {started.preset}）" if started.preset else "")
    for limit, each in zip((rule.due, *started.extensions), counts, strict=True):
        if each is not counts[0]:
            yield f"延期 {limit}"
        yield from map(spelt, each.days)
        yield from (_paused(pause, stood) for pause, stood in each.shifted)
    guessed = "（暂定，放假通知公布后重新计算）" if any(each.provisional for each in counts) else ""
    yield f"{_said(counts[-1].at)} 到期{guessed}"


def _told_also(rule: DeadlineRule, also: Mapping[Milestone, Count]) -> Iterator[str]:
    """The milestones. Pauses do not move them: they come before anything that a clock is stopped for."""
    for what, limit in _limits(rule).items():
        end = "，到时未签收由系统自动签收" if what is Milestone.SIGN else ""
        guessed = "（暂定）" if also[what].provisional else ""
        yield f"{what.label}：{limit}，{_said(also[what].at)} 前{guessed}{end}"


def _paused(pause: Pause, stood: timedelta) -> str:
    hours, minutes = divmod(int(stood.total_seconds()) // 60, 60)
    reason = f"（{pause.reason}）" if pause.reason else ""
    return f"{_said(pause.start)} 至 {_said(pause.end)} 暂停计时{reason}，顺延 {hours} 小时 {minutes} 分"


def _years(started: Started, counts: Iterable[Count]) -> set[int]:
    """The years whose calendar had a say in this."""
    limits = (started.rule.due, *started.extensions, *_limits(started.rule).values())
    if not any(limit.unit is Unit.WORKING_DAYS for limit in limits):
        return set()
    return {started.at.astimezone(CITY_TIME).year, *(day.day.date.year for each in counts for day in each.days)}


def rfc3339(moment: datetime | None) -> str | None:
    return moment.astimezone(CITY_TIME).isoformat(timespec="seconds") if moment else None


def _said(moment: datetime) -> str:
    local = moment.astimezone(CITY_TIME)
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
