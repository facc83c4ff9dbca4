"""A call is its list of events: written, read again, cut, told twice or in disorder, it stays the same call."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import Call, CallEvent, Kind, Role, fold

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CALL = "20260302-040000-00c0ffee"


def history(*told: tuple[Kind, dict[str, object]]) -> list[CallEvent]:
    return [CallEvent(CALL, n, NOON + timedelta(seconds=n), kind, data) for n, (kind, data) in enumerate(told, 1)]


THREE_WAY = history(
    (Kind.CALL_STARTED, {"leg": f"{CALL}-1", "caller": "13805712345", "dialled": "12345", "channel": "1.1"}),
    (Kind.NODE_ENTERED, {"node": "operators", "flow": "main"}),
    (Kind.LEG_ASKED, {"leg": f"{CALL}-2", "role": "operator", "name": "limin"}),
    (Kind.LEG_JOINED, {"leg": f"{CALL}-2", "role": "operator", "name": "limin"}),
    (Kind.RECORDING_STARTED, {"leg": f"{CALL}-2", "path": "a.wav", "what": "leg"}),
    (Kind.LEG_ASKED, {"leg": f"{CALL}-3", "role": "department", "name": "water"}),
    (Kind.LEG_FAILED, {"leg": f"{CALL}-3", "cause": "busy"}),
    (Kind.FACT_SET, {"name": "urgency", "value": "urgent"}),
    (Kind.LEG_LEFT, {"leg": f"{CALL}-2"}),
    (Kind.RECORDING_ENDED, {"leg": f"{CALL}-2", "seconds": 3.5}),
    (Kind.CALL_ENDED, {"reason": "citizen_hung_up", "node": "goodbye"}),
)

values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
names = st.text(min_size=1).filter(lambda name: name not in ("call", "seq", "at", "kind"))
events = st.builds(
    CallEvent,
    call_id=st.text(min_size=1),
    seq=st.integers(1, 10**6),
    at=st.datetimes(timezones=st.just(UTC)),
    kind=st.sampled_from(Kind),
    data=st.dictionaries(names, values, max_size=4),
)


@given(events)
def test_an_event_comes_back_from_its_line_as_it_was(event: CallEvent) -> None:
    assert CallEvent.from_json(json.loads(json.dumps(event.to_json()))) == event


@given(st.recursive(values | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_no_event_is_refused_in_one_way(nonsense: object) -> None:
    with pytest.raises(ValueError, match="not an event"):
        CallEvent.from_json(nonsense)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ['{"call":"a","seq":1e999,"at":"2026-03-02","kind":"call.ended"}', "[]", "7", "null"])
def test_a_damaged_line_is_refused_in_one_way(line: str) -> None:
    with pytest.raises(ValueError, match="not an event"):
        CallEvent.from_json(json.loads(line))


@given(st.permutations(THREE_WAY), st.lists(st.sampled_from(THREE_WAY), max_size=5))
def test_order_and_repetition_change_nothing(shuffled: list[CallEvent], again: list[CallEvent]) -> None:
    assert fold([*shuffled, *again]) == fold(THREE_WAY)


@given(st.sets(st.sampled_from(range(len(THREE_WAY))), min_size=1))
def test_a_history_with_holes_still_folds(kept: set[int]) -> None:
    call = fold(THREE_WAY[n] for n in kept)
    assert call.id == CALL
    assert (call.ended_at is not None) == (len(THREE_WAY) - 1 in kept)


def test_the_fold_tells_who_was_there_and_why_somebody_was_not() -> None:
    call = fold(THREE_WAY)
    citizen, operator, department = call.legs
    assert [leg.role for leg in call.legs] == [Role.CITIZEN, Role.OPERATOR, Role.DEPARTMENT]
    assert operator.joined_at == NOON + timedelta(seconds=4)
    assert department.cause == "busy"
    assert department.joined_at is None
    assert citizen.left_at == call.ended_at == NOON + timedelta(seconds=11)
    assert call.recordings[0].seconds == 3.5
    assert call.answered
    assert call.facts == {"urgency": "urgent"}


def test_a_call_needs_an_event() -> None:
    with pytest.raises(ValueError, match="at least one"):
        fold([])
    assert Call("x").started_at.year == 1
