"""Deadlines, counted as on a wall calendar. The dates of 2025 to 2027 were computed by an independent program."""

from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.counting import Pause, count
from cases.deadlines import CITY_TIME, Milestone, Started, check_extension, deadline, due
from cases.refusal import Refusal
from config.city import load
from config.codes import Kind, Urgency
from config.read_city import SHIPPED
from config.rules import DeadlineRule, Deadlines, Limit, Unit
from config.workdays import Workdays

CITY = load(SHIPPED)
FRIDAY = datetime(2026, 3, 13, 8, 0, tzinfo=UTC)  # 16:00 in the city


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_TIME)


def working_days(n: int, *, unit: Unit = Unit.WORKING_DAYS, **more) -> DeadlineRule:
    return DeadlineRule(Urgency.ORDINARY, Limit(n, unit), **more)


def started(start: str, rule: DeadlineRule, **more) -> Started:
    return Started(at(start), rule, **more)


def shandong(start: str, **more):
    return deadline(Urgency.ORDINARY, Kind.HELP, at(start), CITY.deadlines, CITY.workdays, preset="shandong", **more)


# --- the plain cases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("urgency", "span"),
    [
        (Urgency.AT_ONCE, timedelta(hours=2)),
        (Urgency.URGENT, timedelta(days=3)),
        (Urgency.ORDINARY, timedelta(days=7)),
    ],
)
def test_without_rules_of_its_own_a_city_has_the_statutes(urgency, span):
    found = deadline(urgency, Kind.HELP, FRIDAY, Deadlines(), Workdays())

    assert found.due_at - FRIDAY == span
    assert not found.provisional
    assert found.sign_by is None
    assert found.rules.startswith(f"statute/{urgency}-")


def test_a_deadline_is_explained_line_by_line():
    found = deadline(Urgency.URGENT, Kind.HELP, FRIDAY, Deadlines(), CITY.workdays)

    assert found.explained == (
        "2026-03-13 16:00 交办，从交办起计时",
        "急件：3个自然日",
        "2026-03-14 周六：第 1 天",
        "2026-03-15 周日：第 2 天",
        "2026-03-16 周一：第 3 天",
        "2026-03-16 16:00 到期",
    )


def test_the_shipped_preset_gives_three_times_24_hours_whatever_the_calendar_says():
    found = deadline(Urgency.URGENT, None, at("2026-02-13 16:00"), CITY.deadlines, CITY.workdays)

    assert found.due_at == at("2026-02-16 16:00")
    assert not found.provisional


def test_the_citys_own_rule_for_a_kind_goes_before_its_general_one():
    rules = Deadlines("own", MappingProxyType({"own": (
        DeadlineRule(Urgency.ORDINARY, Limit(15, Unit.CALENDAR_DAYS)),
        DeadlineRule(Urgency.ORDINARY, Limit(30, Unit.MINUTES), kinds=(Kind.CONSULTATION,)),
    )}))  # fmt: skip

    def span(kind):
        return deadline(Urgency.ORDINARY, kind, FRIDAY, rules, Workdays()).due_at - FRIDAY

    assert span(Kind.CONSULTATION) == timedelta(minutes=30)
    assert span(Kind.COMPLAINT) == span(None) == timedelta(days=15)


# --- working days -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "n", "end", "without_make_up_days"),
    [
        ("2026-02-13", 3, "2026-02-25", "2026-02-26"),
        ("2026-02-13", 7, "2026-03-02", "2026-03-04"),
        ("2026-09-18", 3, "2026-09-22", "2026-09-23"),
        ("2026-09-30", 5, "2026-10-13", "2026-10-14"),
        ("2026-10-09", 3, "2026-10-13", "2026-10-14"),
        ("2025-09-26", 7, "2025-10-13", "2025-10-15"),
    ],
)
def test_make_up_workdays_count_and_holidays_do_not(start, n, end, without_make_up_days):
    found = count(at(f"{start} 16:00"), Limit(n, Unit.WORKING_DAYS), CITY.workdays)
    deaf = Workdays({year.year: type(year)(year.year, year.holidays, {}) for year in CITY.workdays.years.values()})

    assert found.at == at(f"{end} 23:59:59")
    assert found.provisional == ()
    unaware = count(at(f"{start} 16:00"), Limit(n, Unit.WORKING_DAYS), deaf)
    assert unaware.at == at(f"{without_make_up_days} 23:59:59")


def test_every_day_on_the_way_is_named():
    rule = working_days(3)

    assert due(started("2026-02-13 16:00", rule), CITY.workdays).explained == (
        "2026-02-13 16:00 交办，从交办起计时，当天不计",
        "一般：3个工作日",
        "2026-02-14 周六，春节调休上班：第 1 个工作日",
        "2026-02-15 周日，春节假期第 1 天：不计",
        "2026-02-16 周一，春节假期第 2 天：不计",
        "2026-02-17 周二，春节假期第 3 天：不计",
        "2026-02-18 周三，春节假期第 4 天：不计",
        "2026-02-19 周四，春节假期第 5 天：不计",
        "2026-02-20 周五，春节假期第 6 天：不计",
        "2026-02-21 周六，春节假期第 7 天：不计",
        "2026-02-22 周日，春节假期第 8 天：不计",
        "2026-02-23 周一，春节假期第 9 天：不计",
        "2026-02-24 周二：第 2 个工作日",
        "2026-02-25 周三：第 3 个工作日",
        "2026-02-25 23:59:59 到期",
    )


def test_two_holidays_in_a_row_are_one():
    [line] = [line for line in due(started("2025-09-30 09:00", working_days(1)), CITY.workdays)
              .explained if line.startswith("2025-10-06")]  # fmt: skip

    assert line == "2025-10-06 周一，国庆节假期第 6 天（中秋）：不计"


def test_the_citys_clock_decides_which_day_it_is():
    """Half past eleven at night in UTC is the next morning in the city, and that is a make-up Saturday."""
    found = count(datetime(2026, 2, 13, 23, 30, tzinfo=UTC), Limit(1, Unit.WORKING_DAYS), CITY.workdays)

    assert found.at == at("2026-02-24 23:59:59"), "counted from the 13th it would be the 14th"


def test_a_year_that_is_not_announced_yet_is_marked():
    found = due(started("2026-12-25 10:00", working_days(7)), CITY.workdays)

    assert found.due_at == at("2027-01-06 23:59:59"), "New Year's Day is off by law, announced or not"
    assert found.provisional
    assert found.provisional_days == tuple(date(2027, 1, n) for n in range(1, 7))
    assert "2027-01-01 周五，元旦假期第 1 天：不计（暂定，当年放假通知未公布）" in found.explained
    assert "2027-01-06 23:59:59 到期（暂定，放假通知公布后重新计算）" in found.explained
    assert found.calendar.split()[0].startswith("2026-")


def test_by_weekends_alone_new_years_day_would_be_worked():
    """What a program without any 2027 says: a day too early."""
    years = {**CITY.workdays.years, 2027: type(CITY.workdays.years[2026])(2027, {}, {}, provisional=True)}

    found = count(at("2026-12-25 10:00"), Limit(7, Unit.WORKING_DAYS), Workdays(years))

    assert found.at == at("2027-01-05 23:59:59")
    assert found.provisional


def test_a_year_nobody_has_entered_has_its_fixed_holidays_and_is_provisional():
    found = due(started("2030-09-30 10:00", working_days(1)), CITY.workdays)

    assert found.due_at == at("2030-10-04 23:59:59")
    assert len(found.provisional_days) == 4
    assert found.calendar == "2030-none"


def test_versions_change_with_what_they_stand_for():
    shipped = CITY.workdays.years[2026]
    other = type(shipped)(2026, shipped.holidays, {}, shipped.provisional)

    assert shipped.version != other.version
    assert shipped.version == type(shipped)(2026, dict(shipped.holidays), dict(shipped.workdays)).version
    assert working_days(3).version != working_days(4).version != working_days(4, sign=Limit(2, Unit.HOURS)).version
    assert due(started("2026-03-09 10:00", working_days(3, unit=Unit.HOURS)), CITY.workdays).calendar == ""


# --- signing, first contact -------------------------------------------------------------------------------------------


def test_signing_and_first_contact_have_their_own_time_from_dispatch():
    found = shandong("2026-02-13 16:00")

    assert found.sign_by == at("2026-02-14 23:59:59"), "one working day, and the 14th is a make-up one"
    assert found.milestones[Milestone.FIRST_CONTACT] == at("2026-02-14 16:00")
    assert found.milestones[Milestone.RETURN_WINDOW] == at("2026-02-24 23:59:59")
    assert "签收：1个工作日，2026-02-14 23:59:59 前，到时未签收由系统自动签收" in found.explained
    assert "首次联系市民：24小时，2026-02-14 16:00 前" in found.explained


def test_what_is_at_once_runs_around_the_clock():
    found = deadline(Urgency.AT_ONCE, None, at("2026-02-17 23:50"), CITY.deadlines, CITY.workdays)

    assert found.sign_by == at("2026-02-18 00:05")
    assert found.milestones[Milestone.FIRST_RESULT] == at("2026-02-18 01:50")
    assert found.due_at == at("2026-02-18 23:50")


# --- pauses and extensions --------------------------------------------------------------------------------------------


def test_a_pause_shifts_running_time_by_its_length():
    rule = working_days(3, unit=Unit.CALENDAR_DAYS)
    pause = Pause(at("2026-03-10 10:00"), at("2026-03-11 12:30"), "等市民补充材料")

    found = due(started("2026-03-09 09:00", rule, pauses=(pause,)), CITY.workdays)

    assert found.due_at == at("2026-03-13 11:30")
    assert "2026-03-10 10:00 至 2026-03-11 12:30 暂停计时（等市民补充材料），顺延 26 小时 30 分" in found.explained


def test_a_pause_takes_the_working_days_that_end_in_it():
    pause = Pause(at("2026-03-10 10:00"), at("2026-03-12 09:00"), "法定检验")  # Tuesday to Thursday morning

    found = due(started("2026-03-09 09:00", working_days(3), pauses=(pause,)), CITY.workdays)

    assert found.due_at == at("2026-03-16 23:59:59")
    assert "2026-03-10 周二：暂停计时，不计（法定检验）" in found.explained
    assert "2026-03-12 周四：第 1 个工作日" in found.explained


def test_pauses_that_overlap_count_once_and_a_shifted_end_may_reach_the_next():
    rule, start = working_days(2, unit=Unit.HOURS), "2026-03-09 09:00"
    overlapping = (Pause(at("2026-03-09 10:00"), at("2026-03-09 12:00")),
                   Pause(at("2026-03-09 11:00"), at("2026-03-09 12:00")))  # fmt: skip
    next_one = Pause(at("2026-03-09 12:30"), at("2026-03-09 13:30"))

    assert due(started(start, rule, pauses=overlapping), CITY.workdays).due_at == at("2026-03-09 13:00")
    both = due(started(start, rule, pauses=(next_one, *overlapping)), CITY.workdays)
    assert both.due_at == at("2026-03-09 14:00")
    over = Pause(at("2026-03-09 11:00"), at("2026-03-20 11:00"))
    assert due(started(start, rule, pauses=(over,)), CITY.workdays).due_at == at("2026-03-09 11:00"), "it was over"


def test_an_extension_goes_on_where_the_deadline_ended():
    found = shandong("2026-03-09 09:00", extensions=[Limit(2, Unit.WORKING_DAYS)])

    assert shandong("2026-03-09 09:00").due_at == at("2026-03-16 23:59:59")
    assert found.due_at == at("2026-03-18 23:59:59")
    place = found.explained.index("延期 2个工作日")
    assert found.explained[place + 1 : place + 3] == (
        "2026-03-17 周二：第 1 个工作日",
        "2026-03-18 周三：第 2 个工作日",
    )


CAPPED = working_days(5, extension=Limit(10, Unit.WORKING_DAYS), extensions=1)


@pytest.mark.parametrize(
    ("rule", "asked", "given", "now", "says"),
    [
        (working_days(5), Limit(1, Unit.WORKING_DAYS), (), "2026-03-10 09:00", "不能延期"),
        (CAPPED, Limit(11, Unit.WORKING_DAYS), (), "2026-03-10 09:00", "每次最多延期 10个工作日"),
        (CAPPED, Limit(15, Unit.CALENDAR_DAYS), (), "2026-03-10 09:00", "每次最多延期 10个工作日"),
        (CAPPED, Limit(1, Unit.HOURS), (Limit(1, Unit.HOURS),), "2026-03-10 09:00", "最多延期 1 次，已经延过 1 次"),
        (CAPPED, Limit(1, Unit.HOURS), (), "2026-03-17 00:00", "2026-03-16 23:59:59 已经到期"),
    ],
)
def test_an_extension_has_its_caps(rule, asked, given, now, says):
    clock = started("2026-03-09 09:00", rule, extensions=given)

    with pytest.raises(Refusal, match=says):
        check_extension(clock, asked, CITY.workdays, now=at(now))


def test_an_extension_within_the_caps_is_no_problem():
    for asked in (Limit(10, Unit.WORKING_DAYS), Limit(14, Unit.CALENDAR_DAYS), Limit(1, Unit.MINUTES)):
        check_extension(started("2026-03-09 09:00", CAPPED), asked, CITY.workdays, now=at("2026-03-16 23:59:59"))


# --- whatever the date ------------------------------------------------------------------------------------------------

starts = st.datetimes(datetime(2024, 12, 1), datetime(2028, 3, 1), timezones=st.just(CITY_TIME)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
units = st.sampled_from(Unit)
amounts = st.integers(1, 40)
SPANS = {"minutes": "minutes", "hours": "hours", "calendar_days": "days", "working_days": "days"}


@st.composite
def pauses(draw, start: datetime) -> list[Pause]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        begin = start + timedelta(minutes=draw(st.integers(-5000, 60_000)))
        found.append(Pause(begin, begin + timedelta(minutes=draw(st.integers(1, 20_000)))))
    return found


@settings(max_examples=200, deadline=None)
@given(starts, amounts, units, st.data())
def test_a_deadline_is_never_earlier_than_the_plain_span_and_pauses_only_give_time(start, n, unit, data):
    plain = count(start, Limit(n, unit), CITY.workdays).at

    assert plain >= start + timedelta(**{SPANS[unit]: n})
    assert count(start, Limit(n, unit), CITY.workdays, data.draw(pauses(start))).at >= plain


@settings(max_examples=200, deadline=None)
@given(starts, amounts, units, st.data())
def test_more_days_or_a_later_start_never_end_earlier(start, n, unit, data):
    stopped = data.draw(pauses(start))

    def end(since, amount):
        return count(since, Limit(amount, unit), CITY.workdays, stopped).at

    later = start + timedelta(minutes=data.draw(st.integers(0, 30_000)))
    assert end(start, n) < end(start, n + 1)
    assert end(start, n) <= end(later, n)


@settings(max_examples=200, deadline=None)
@given(starts, amounts, st.data())
def test_the_days_of_the_explanation_add_up(start, n, data):
    found = count(start, Limit(n, Unit.WORKING_DAYS), CITY.workdays, data.draw(pauses(start)))

    assert [each.day.date for each in found.days] == [
        start.date() + timedelta(days=k) for k in range(1, len(found.days) + 1)
    ], "no day is left out"
    assert [each.nth for each in found.days if each.nth] == list(range(1, n + 1)), "each counted day has its number"
    assert found.days[-1].nth == n
    assert found.at.date() == found.days[-1].day.date
    assert all(each.day.works for each in found.days if each.nth)
