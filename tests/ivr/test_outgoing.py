"""Calls that the hotline makes by a flow: when one may be made, and what its history says came of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallEvent, Kind
from ivr.outgoing import Traffic, result_of, why_not_now

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def history(*told: tuple[Kind, dict[str, object]]) -> list[CallEvent]:
    return [CallEvent("c", n, NOON, kind, data) for n, (kind, data) in enumerate(told, 1)]


@given(waiting=st.integers(0, 3), outgoing=st.integers(0, 3), in_use=st.integers(0, 9), lines=st.integers(0, 9),
       at_once=st.integers(0, 3))  # fmt: skip
def test_a_call_never_takes_the_last_line_or_stands_before_a_citizen(
    waiting: int, outgoing: int, in_use: int, lines: int, at_once: int
) -> None:
    if why_not_now(Traffic(waiting, outgoing, in_use, lines), at_once):
        return
    assert waiting == 0
    assert outgoing < at_once
    assert lines == 0 or lines - in_use - 1 >= 1, "after this call, a line is left for whoever dials"


@pytest.mark.parametrize(("traffic", "word"), [
    (Traffic(1, 0, 0, 0), "排队"), (Traffic(0, 2, 2, 0), "同时外呼"), (Traffic(0, 0, 3, 4), "中继"),
])  # fmt: skip
def test_why_not_is_said(traffic: Traffic, word: str) -> None:
    assert word in why_not_now(traffic, 2)
    assert "HOTLINE_OUTGOING_CALLS" in why_not_now(Traffic(0, 0, 0, 0), 0)


def test_a_call_that_was_answered_and_heard_to_the_end() -> None:
    told = result_of(history(
        (Kind.CALL_STARTED, {"caller": "13805712345", "way": "outgoing"}),
        (Kind.LEG_ASKED, {"leg": "c-1", "role": "citizen", "name": ""}),
        (Kind.LEG_JOINED, {"leg": "c-1", "role": "citizen", "name": ""}),
        (Kind.NODE_ENTERED, {"node": "satisfied", "flow": "f", "way": ""}),
        (Kind.NODE_ENTERED, {"node": "score", "flow": "f", "way": "satisfied.2"}),
        (Kind.FACT_SET, {"name": "score", "value": 4}),
        (Kind.LEG_JOINED, {"leg": "c-2", "role": "operator", "name": "lin"}),
        (Kind.RECORDING_STARTED, {"leg": "c-1-message", "path": "x", "what": "message"}),
        (Kind.CALL_ENDED, {"reason": "done"}),
    ))  # fmt: skip
    assert (told.outcome, told.ended, told.talked) == ("answered", "done", True)
    assert told.choices == {"satisfied": "2"}
    assert told.facts == {"score": 4}
    assert told.messages == ("c-1-message",)
    assert "score" not in repr(told), "what a citizen said is in no log"


@pytest.mark.parametrize("cause", ["busy", "refused", "no_answer", "unreachable"])
def test_a_call_that_nobody_answered(cause: str) -> None:
    told = result_of(history((Kind.LEG_FAILED, {"leg": "c-1", "cause": cause}), (Kind.CALL_ENDED, {"reason": cause})))
    assert (told.outcome, told.choices) == (cause, {})


def test_of_a_call_that_was_cut_short_nothing_is_made_up() -> None:
    told = result_of(history((Kind.CALL_STARTED, {"way": "outgoing"}), (Kind.CALL_ENDED, {"reason": "interrupted"})))
    assert (told.outcome, told.ended) == ("failed", "interrupted")
