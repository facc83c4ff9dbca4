"""Open, closed or holiday: the shipped tables, compared with an independent source, and exact to the second."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from config.problems import Problems
from config.read_holidays import read_year
from config.workdays import Year
from config.yaml_reader import parse
from ivr.hours import ZONE, Calendar, Span, branch
from ivr.read_hours import read_calendars
from tests.ivr.flows import shipped

WORKING = shipped().calendars["working"]


def at(text: str) -> str:
    return branch(WORKING, datetime.fromisoformat(text).replace(tzinfo=ZONE))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-04 08:29:59", "closed"),
        ("2026-03-04 08:30:00", "open"),
        ("2026-03-04 11:59:59.999999", "open"),
        ("2026-03-04 12:00:00", "closed"),
        ("2026-03-04 17:29:59", "open"),
        ("2026-03-04 17:30:00", "closed"),
        ("2026-03-07 10:00:00", "closed"),  # a Saturday
        ("2026-02-14 10:00:00", "open"),  # a Saturday, but a make-up workday
        ("2026-02-14 02:00:00", "closed"),
        ("2026-02-17 10:00:00", "holiday"),
        ("2026-09-30 23:59:59", "closed"),
        ("2026-10-01 00:00:00", "holiday"),
        ("2026-10-07 23:59:59", "holiday"),
        ("2026-10-08 00:00:00", "closed"),
        ("2030-10-01 10:00:00", "open"),  # nobody has entered 2030: an ordinary Tuesday
    ],
)
def test_the_branch_changes_at_the_second(moment: str, expected: str) -> None:
    assert at(moment) == expected


def test_the_citys_clock_counts_wherever_the_server_stands() -> None:
    assert branch(WORKING, datetime(2026, 9, 30, 16, 0, tzinfo=UTC)) == "holiday"
    assert branch(WORKING, datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC)) == "closed"


def test_the_shipped_holidays_are_those_that_were_announced() -> None:
    chinese_calendar = pytest.importorskip("chinese_calendar")
    for year in (2025, 2026):
        ours = WORKING.years[year]
        day = date(year, 1, 1)
        while day.year == year:
            festive, name = chinese_calendar.get_holiday_detail(day)
            assert (day in ours.holidays) == bool(festive and name), day
            assert (day in ours.workdays) == bool(not festive and day.weekday() >= 5), day
            day += timedelta(days=1)
        assert not ours.provisional


def test_a_year_that_was_not_announced_yet_is_marked_provisional() -> None:
    assert WORKING.years[2027].provisional
    assert not WORKING.years[2027].workdays


def test_a_make_up_workday_follows_the_day_it_is_made_up_for() -> None:
    year = Year(2026, {}, {date(2026, 2, 14): "调休"})
    calendar = Calendar("c", "c", {"fri": (Span(600, 660),)}, {2026: year}, makeup_like="fri")

    assert branch(calendar, datetime(2026, 2, 14, 10, 30, tzinfo=ZONE)) == "open"
    assert branch(calendar, datetime(2026, 2, 14, 11, 0, tzinfo=ZONE)) == "closed"


def test_a_calendar_without_holidays_knows_none() -> None:
    problems = Problems()
    root = parse('always: {title: 全天, holidays: no, week: {thu: ["00:00-24:00"]}}'.encode(), "c.yaml", problems)
    assert root is not None
    calendar = read_calendars(root, WORKING.years, problems)["always"]

    assert not list(problems)
    assert branch(calendar, datetime(2026, 10, 1, 23, 59, 59, tzinfo=ZONE)) == "open"


def test_a_year_is_read_with_its_names() -> None:
    problems = Problems()
    root = parse(
        "year: 2026\nprovisional: yes\nholidays: {2026-01-01: 元旦}\nworkdays: {2026-01-04: 调休}\n".encode(),
        "y",
        problems,
    )
    assert root is not None

    assert read_year(root, problems) == Year(2026, {date(2026, 1, 1): "元旦"}, {date(2026, 1, 4): "调休"}, True)
    assert not list(problems)
