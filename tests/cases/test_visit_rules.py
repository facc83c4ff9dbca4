"""When a citizen is called again: three tries on two days, at another time of day each; and what keys mean."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.reasons import Satisfied, Solved
from cases.return_visit import Answers, Outcome, enough, first_try, next_try, read_call
from config.workdays import CITY_TIME


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=CITY_TIME)


@pytest.mark.parametrize(
    ("now", "first"), [("09 10:00", "09 10:00"), ("09 03:00", "09 09:00"), ("09 21:00", "10 10:00")]
)
def test_nobody_is_called_at_night(now, first):
    assert first_try(at(now)) == at(first)


def test_the_second_try_is_at_another_time_and_the_third_on_another_day():
    assert next_try([at("09 10:00")], at("09 10:01")) == at("09 15:00")
    assert next_try([at("09 10:00"), at("09 15:00")], at("09 15:01")) == at("10 19:00")
    assert next_try([at("09 10:00"), at("10 10:00")], at("10 10:01")) == at("10 15:00")


def test_three_tries_on_one_day_are_not_enough():
    assert not enough([at("09 10:00"), at("09 15:00"), at("09 19:00")])
    assert not enough([at("09 10:00"), at("10 15:00")])
    assert enough([at("09 10:00"), at("09 15:00"), at("10 19:00")])


@given(st.integers(0, 525_600), st.lists(st.integers(0, 300), min_size=3, max_size=3))
def test_who_follows_the_plan_has_tried_enough_after_three(start, dawdled):
    """However late each call is made after its time."""
    now, made = first_try(at("01 00:00") + timedelta(minutes=start)), []
    for late in dawdled:
        now += timedelta(minutes=late)
        made.append(now)
        now = next_try(made, now)
        assert now - made[-1] >= timedelta(hours=2)
        assert 9 <= now.astimezone(CITY_TIME).hour < 21

    assert enough(made)


def test_line_trouble_of_ours_is_no_try():
    assert [each for each in Outcome if not each.counts] == [Outcome.REACHED, Outcome.LATER, Outcome.FAILED]


@pytest.mark.parametrize(
    ("choices", "facts", "said"),
    [
        ({"satisfied": "1"}, {"note": "回访满意"}, Answers(satisfied=Satisfied.YES)),
        ({"satisfied": "2"}, {"note": "回访不满意"}, Answers(satisfied=Satisfied.NO)),
        ({}, {"note": "回访不满意"}, Answers(satisfied=Satisfied.NO)),
        (
            {"solved": "3", "satisfied": "1", "contacted": "2", "true": "1"},
            {},
            Answers(Solved.PARTLY, Satisfied.YES, False, True),
        ),
        ({"satisfied": "no_input", "hello": "next"}, {"note": 7}, Answers()),
    ],
)
def test_what_keys_mean(choices, facts, said):
    assert read_call(choices, facts) == said


def test_unsolved_is_unhappy_whatever_else_was_said():
    assert Answers(Solved.NO, Satisfied.VERY).unhappy
    assert Answers(Solved.YES, Satisfied.NO).unhappy
    assert not Answers(Solved.PARTLY, Satisfied.BASICALLY).unhappy
    assert Answers(words="谢谢").empty
    assert "words" not in Answers(Solved.YES, words="王建国 13800001111").for_history()
