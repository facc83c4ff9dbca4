"""Phrases of call flows in the words of a speech model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.phrases import in_words

WORDS = {"解决", "了", "没有", "没有解决", "不", "满意", "不满意"}


@pytest.mark.parametrize(
    ("phrase", "words"),
    [("解决了", "解决 了"), ("没有解决了", "没有解决 了"), ("不满意", "不满意"), ("很满意", ""), ("", "")],
)  # fmt: skip
def test_a_phrase_is_said_in_the_fewest_words_of_the_model(phrase: str, words: str) -> None:
    assert " ".join(in_words(phrase, WORDS.__contains__)) == words


@given(st.sets(st.text("甲乙丙", min_size=1, max_size=3), min_size=1), st.data())
def test_whatever_can_be_put_together_is_and_says_the_same(words: set[str], data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from(sorted(words)), min_size=1, max_size=5))
    found = in_words("".join(parts), words.__contains__)

    assert "".join(found) == "".join(parts)
    assert len(found) <= len(parts)
    assert set(found) <= words
