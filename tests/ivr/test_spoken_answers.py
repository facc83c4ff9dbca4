"""What a citizen's words mean, without a recogniser: choices, digits, and what is neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import actions as do
from ivr import events as ev
from ivr.engine import Facts, start, step
from ivr.spoken_answers import DIGIT_WORDS, chosen, digits_said
from tests.ivr.flows import NOON, flows_of

CHOICES = (do.Key("1", ("满意", "好")), do.Key("2", ("不满意",)), do.Key("0"))
NUMBER = """flow: main
title: t
entry: ask
on_error: bye
nodes:
  ask: {ask: number, digits: {min: 4, max: 8, type: case_number, save: case_no, spoken: %s}, tries: 1,
        on: {ok: bye, no_input: silent, no_match: unclear, too_many: bye}}
  silent: {end: }
  unclear: {end: }
  bye: {end: }
"""


@pytest.mark.parametrize(("said", "key"), [("满意", "1"), ("不 满意", "2"), ("好", "1"), ("是", ""), ("", "")])
def test_the_longest_word_chooses(said: str, key: str) -> None:
    assert chosen(CHOICES, said) == key


def test_a_word_of_two_choices_chooses_neither() -> None:
    assert chosen((do.Key("1", ("人工",)), do.Key("2", ("人工",))), "人工") == ""


@given(st.lists(st.sampled_from(DIGIT_WORDS), min_size=1, max_size=12))
def test_every_digit_that_is_said_is_a_digit(words: list[str]) -> None:
    assert len(digits_said(" ".join(words))) == len(words)
    assert digits_said(" ".join([*words, "号"])) == ""


@pytest.mark.parametrize(
    ("spoken", "said", "node"),
    [("yes", "二零二六幺零五", "bye"), ("yes", "二零", "unclear"), ("yes", "灯", "unclear"), ("no", "二零", "unclear")],
)  # fmt: skip
def test_digits_may_be_said_where_the_flow_allows(spoken: str, said: str, node: str) -> None:
    flows = flows_of(NUMBER % spoken)
    asked = start(flows, "main", Facts(), NOON)
    collect = asked.actions[-1]
    assert isinstance(collect, do.Collect)
    assert collect.spoken == (spoken == "yes")

    sprint = step(flows, asked.session, ev.Heard(said), NOON)

    assert sprint.session.node == node
    assert sprint.session.variables.get("case_no", "") == ("2026105" if node == "bye" else "")
