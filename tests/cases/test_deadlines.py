from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from cases.deadlines import CITY_TIME, deadline
from config.codes import Kind, Urgency
from config.rules import DeadlineRule, Deadlines, Limit, Unit

FRIDAY = datetime(2026, 3, 13, 8, 0, tzinfo=UTC)  # 16:00 in the city


@pytest.mark.parametrize(
    ("urgency", "span"),
    [
        (Urgency.AT_ONCE, timedelta(hours=2)),
        (Urgency.URGENT, timedelta(days=3)),
        (Urgency.ORDINARY, timedelta(days=7)),
    ],
)
def test_without_rules_of_its_own_a_city_has_the_statutes(urgency, span):
    found = deadline(urgency, Kind.HELP, FRIDAY, Deadlines())

    assert found.due_at - FRIDAY == span
    assert not found.provisional


def test_a_deadline_is_explained_line_by_line():
    found = deadline(Urgency.URGENT, Kind.HELP, FRIDAY, Deadlines())

    assert found.explained == (
        "2026-03-13 16:00 交办，从交办起计时",
        "急件：3个自然日",
        "2026-03-16 16:00 到期",
    )


def test_the_citys_own_rule_for_a_kind_goes_before_its_general_one():
    rules = Deadlines("own", MappingProxyType({"own": (
        DeadlineRule(Urgency.ORDINARY, Limit(15, Unit.CALENDAR_DAYS)),
        DeadlineRule(Urgency.ORDINARY, Limit(30, Unit.MINUTES), kinds=(Kind.CONSULTATION,)),
    )}))  # fmt: skip

    assert deadline(Urgency.ORDINARY, Kind.CONSULTATION, FRIDAY, rules).due_at - FRIDAY == timedelta(minutes=30)
    assert deadline(Urgency.ORDINARY, Kind.COMPLAINT, FRIDAY, rules).due_at - FRIDAY == timedelta(days=15)


def test_working_days_without_a_calendar_are_provisional_and_end_with_the_day():
    rules = Deadlines("p", MappingProxyType({"p": (DeadlineRule(Urgency.ORDINARY, Limit(3, Unit.WORKING_DAYS)),)}))

    found = deadline(Urgency.ORDINARY, Kind.HELP, FRIDAY, rules)

    assert found.due_at == datetime(2026, 3, 18, 23, 59, 59, tzinfo=CITY_TIME)
    assert found.provisional
    assert any("节假日" in line for line in found.explained)
