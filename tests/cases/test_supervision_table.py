"""The table of triggers: when a department is reminded, admonished, reported, and that a pause of ours helps nobody."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.supervision import (
    FORMS,
    Facts,
    Level,
    Past,
    Trigger,
    answer_by,
    decide,
    may_arrive,
    moments,
    next_look,
)
from config.city import load
from config.codes import Urgency
from config.read_city import SHIPPED
from config.workdays import CITY_TIME

DAYS = load(SHIPPED).workdays


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=CITY_TIME)


MONDAY = at("03-09 09:30")
FACTS = Facts(
    Urgency.ORDINARY, MONDAY, MONDAY, MONDAY + timedelta(days=7), sign_by=at("03-10 23:59:59"), signed_at=MONDAY
)


def timeline(facts: Facts, past=()) -> list[tuple[str, str, str]]:
    met = sorted(moments(facts, past, DAYS), key=lambda each: each.at)
    return [(each.trigger.value, each.level.value, f"{each.at.astimezone(CITY_TIME):%m-%d %H:%M}") for each in met]


def test_a_week_of_a_department_that_does_nothing():
    assert timeline(replace(FACTS, signed_at=None)) == [
        ("unsigned_half", "reminder", "03-10 04:44"),
        ("unsigned", "blue", "03-10 23:59"),
        ("half_time", "reminder", "03-12 21:30"),
        ("last_day", "reminder", "03-13 08:30"),
        ("most_time", "reminder", "03-14 23:54"),
        ("overdue", "blue", "03-17 00:00"),
        ("long_overdue", "red", "03-23 23:59"),
    ]


def test_who_signs_and_replies_in_time_is_left_alone():
    assert timeline(replace(FACTS, ended_at=at("03-11 10:00"))) == []


def test_a_late_reply_does_not_wash_off_that_it_was_late():
    late = replace(FACTS, ended_at=at("03-18 10:00"))
    assert timeline(late) == [("overdue", "blue", "03-17 00:00")]


def test_what_is_urgent_at_once_is_late_at_once():
    facts = replace(FACTS, urgency=Urgency.AT_ONCE, due_at=MONDAY + timedelta(hours=2))
    assert ("overdue", "blue", "03-09 11:30") in timeline(facts)


def test_working_days_are_counted_by_the_citys_calendar():
    """From the last day before the holidays of National Day, with a make-up Saturday."""
    facts = replace(FACTS, due_at=at("09-30 23:59:59"))
    assert ("long_overdue", "red", "10-13 23:59") in timeline(facts)
    assert answer_by(Level.BLUE, at("09-30 16:00"), DAYS) == at("10-08 23:59:59")
    assert answer_by(Level.RED, at("10-09 16:00"), DAYS) == at("10-13 23:59:59")


def test_while_the_clock_stands_still_nobody_is_reminded():
    assert timeline(replace(FACTS, paused=True)) == [
        ("overdue", "blue", "03-17 00:00"),
        ("long_overdue", "red", "03-23 23:59"),
    ]


@pytest.mark.parametrize(
    ("change", "trigger", "level"),
    [
        ({"reworks": (MONDAY,)}, Trigger.REWORK, Level.BLUE),
        ({"reworks": (MONDAY, MONDAY)}, Trigger.SECOND_REWORK, Level.YELLOW),
        ({"returns_denied": (MONDAY, MONDAY)}, Trigger.RETURN_DENIED_TWICE, Level.YELLOW),
        ({"repeats": (MONDAY,) * 3}, Trigger.REPEATED, Level.YELLOW),
        ({"perfunctory": (MONDAY,) * 2}, Trigger.PERFUNCTORY_TWICE, Level.RED),
        ({"false_reports": (MONDAY,)}, Trigger.FALSE_REPORT, Level.RED),
    ],
)
def test_what_is_counted(change, trigger, level):
    decision = decide(replace(FACTS, **change), (), MONDAY, DAYS)
    assert decision.level is level
    assert trigger in {met.trigger for met in decision.met}


@pytest.mark.parametrize(
    ("change", "times"),
    [({"returns_denied": (MONDAY,)}, 1), ({"repeats": (MONDAY,) * 2}, 2), ({"perfunctory": (MONDAY,)}, 1)],
)
def test_less_is_not_enough(change, times):
    assert decide(replace(FACTS, **change), (), MONDAY, DAYS) is None


def test_under_an_instruction_it_starts_at_yellow():
    late = replace(FACTS, instruction=True)
    assert decide(late, (), at("03-17 00:00"), DAYS).level is Level.YELLOW


def test_unanswered_notices_climb():
    replied = replace(FACTS, ended_at=MONDAY)
    for level, climbs in ((Level.BLUE, Level.YELLOW), (Level.YELLOW, Level.RED), (Level.RED, Level.TRANSFER)):
        past = [Past("n1", level, ("overdue:x",), open=True, unanswered_from=at("03-18 23:59:59"))]
        assert decide(replied, past, at("03-18 12:00"), DAYS) is None
        assert decide(replied, past, at("03-19 00:00"), DAYS).level is climbs


def test_one_matter_has_one_form():
    """What becomes due while a form is open is added to it; what is graver gets a form of its own."""
    unsigned = replace(FACTS, signed_at=None)
    first = decide(unsigned, (), at("03-11 09:00"), DAYS)
    assert (first.level, first.joins) == (Level.BLUE, "")
    past = [Past("n1", first.level, tuple(met.key for met in first.met), open=True)]

    second = decide(unsigned, past, at("03-17 09:00"), DAYS)

    assert (second.level, second.joins) == (Level.BLUE, "n1")
    past = [replace(past[0], keys=(*past[0].keys, *(met.key for met in second.met)))]
    third = decide(unsigned, past, at("03-24 09:00"), DAYS)
    assert (third.level, third.joins) == (Level.RED, "")


def test_a_new_deadline_is_a_new_occasion():
    past = [Past("n1", Level.BLUE, tuple(met.key for met in moments(FACTS, (), DAYS)))]
    reworked = replace(FACTS, started_at=at("03-18 10:00"), due_at=at("03-21 10:00"))
    assert decide(FACTS, past, at("03-30 00:00"), DAYS) is None
    assert {m.trigger for m in decide(reworked, past, at("03-22 00:00"), DAYS).met} >= {Trigger.OVERDUE}


@pytest.mark.parametrize(
    ("urgency", "ready", "arrives"),
    [
        (Urgency.ORDINARY, "03-09 10:00", "03-09 10:00"),
        (Urgency.ORDINARY, "03-09 03:00", "03-09 08:30"),
        (Urgency.ORDINARY, "03-09 22:00", "03-10 08:30"),
        (Urgency.URGENT, "03-13 18:00", "03-16 08:30"),
        (Urgency.ORDINARY, "02-14 10:00", "02-14 10:00"),  # a make-up Saturday
        (Urgency.ORDINARY, "02-15 10:00", "02-24 08:30"),  # the Spring Festival
        (Urgency.AT_ONCE, "02-15 03:00", "02-15 03:00"),
    ],
)
def test_nobody_is_woken_for_a_notice_that_can_wait(urgency, ready, arrives):
    assert may_arrive(urgency, at(ready), DAYS) == at(arrives)


def test_every_level_above_a_reminder_has_its_form():
    assert set(FORMS) == set(Level) - {Level.REMINDER}
    assert all(form.leader_answers == (level is not Level.BLUE) for level, form in FORMS.items())


hours = st.integers(0, 24 * 20)
some_facts = st.builds(
    lambda dispatched, sign, due, signed, ended, instruction, reworks: Facts(
        Urgency.ORDINARY,
        dispatched,
        dispatched,
        dispatched + timedelta(hours=due + 1),
        sign_by=dispatched + timedelta(hours=sign + 1),
        signed_at=None if signed is None else dispatched + timedelta(hours=signed),
        ended_at=None if ended is None else dispatched + timedelta(hours=ended),
        instruction=instruction,
        reworks=tuple(dispatched + timedelta(hours=each) for each in sorted(reworks)),
    ),
    hours.map(lambda n: MONDAY + timedelta(hours=n)),
    hours,
    hours,
    st.none() | hours,
    st.none() | hours,
    st.booleans(),
    st.lists(hours, max_size=3),
)


def recorded(facts: Facts, looks) -> set[str]:
    """The keys that end up in notices when somebody looks at these moments."""
    past: list[Past] = []
    for n, now in enumerate(looks):
        if decision := decide(facts, past, now, DAYS):
            keys = tuple(met.key for met in decision.met)
            assert not {key for each in past for key in each.keys} & set(keys), "an occasion counts once"
            past.append(Past(str(n), decision.level, keys, open=decision.level in FORMS))
    return {key for each in past for key in each.keys}


@given(some_facts)
def test_looking_only_when_told_to_misses_nothing(facts):
    end, now, looks = MONDAY + timedelta(days=90), facts.dispatched_at, []
    while (later := next_look(facts, (), now, DAYS)) and later <= end:
        assert later > now
        looks.append(later)
        now = later

    assert recorded(facts, looks) == recorded(facts, [end]) == {met.key for met in moments(facts, (), DAYS)}


@given(some_facts, hours)
def test_a_decision_is_as_grave_as_its_gravest_reason(facts, later):
    decision = decide(facts, (), facts.dispatched_at + timedelta(hours=later), DAYS)
    if decision:
        assert decision.level is max((met.level for met in decision.met), key=lambda each: each.rank)
