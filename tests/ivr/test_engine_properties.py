"""Whatever a citizen does, and whatever the world answers: nobody is ever stuck."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from ivr import actions as do
from ivr import events as ev
from ivr.acts import ON_EVENT
from ivr.engine import Facts, ProtocolError, Session, Sprint, start, step
from ivr.flow import Flows
from ivr.lint import lint
from tests.ivr.flows import NOON, answers_to, flows_of, made_up_flows, shipped

SHIPPED = shipped()
AWAITING = do.Play | do.Collect | do.RecordMessage | do.JoinLine | do.DialDepartment | do.BookCallback | do.Do
FACTS = st.builds(
    Facts,
    caller=st.sampled_from(["13800000000", "", "anonymous"]),
    caller_list=st.sampled_from(["", "priority"]),
    open_case=st.booleans(),
    line_waiting=st.integers(0, 50),
    values=st.just({"case_no": "20260001"}),
)
QUIET = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
MANY_EVENTS = 1500  # steps x tries, twice over: a call that lasts longer is endless


def check_shape(sprint: Sprint) -> None:
    """At most the last action awaits; a session that goes on awaits something; one that has ended says so last."""
    assert not any(isinstance(a, AWAITING | do.Hangup | do.FallBack) for a in sprint.actions[:-1])
    assert isinstance(sprint.actions[-1], do.Hangup | do.FallBack if sprint.session.ended else AWAITING)


def contents(event_: ev.Event) -> bool:
    """Has the citizen got a human, a message or a callback, or asked for something by key or word?"""
    match event_:
        case ev.LineEnded("talked" | "key") | ev.DialEnded("joined") | ev.CallbackEnded("booked" | "already"):
            return True
        case ev.Recorded() | ev.Digits() | ev.Heard() | ev.HungUp():
            return True
        case _:
            return False


def hold(flows: Flows, flow: str, data: st.DataObject) -> tuple[Sprint, bool]:
    """A whole call with any answers; at every step the session goes through JSON, as after a restart."""
    sprint, content = start(flows, flow, data.draw(FACTS), NOON), False
    for _ in range(MANY_EVENTS):
        check_shape(sprint)
        if sprint.session.ended is not None:
            return sprint, content
        answer = data.draw(answers_to(sprint.actions[-1]))
        content = content or contents(answer)
        revived = Session.from_json(json.loads(json.dumps(sprint.session.to_json())))
        again = step(flows, revived, answer, NOON)
        sprint = step(flows, sprint.session, answer, NOON)
        assert again == sprint
    raise AssertionError("the call does not end")


@QUIET
@given(st.data(), st.sampled_from(sorted(SHIPPED.flows)))
def test_every_call_through_the_shipped_flows_comes_to_a_good_end(data: st.DataObject, flow: str) -> None:
    sprint, content = hold(SHIPPED, flow, data)

    event(str(sprint.session.ended))
    assert content or flow != "main" or sprint.session.ended == "fallback"


@QUIET
@given(made_up_flows(), st.data())
def test_no_caller_is_ever_stuck_in_a_flow_that_the_linter_lets_pass(text: str, data: st.DataObject) -> None:
    flows = flows_of(text)
    assume(not [p for p in lint(flows) if p.code != "F020"])
    sprint, content = hold(flows, "main", data)

    event(str(sprint.session.ended))
    assert content or sprint.session.ended == "fallback"


@QUIET
@given(made_up_flows(), st.data())
def test_the_recording_notice_comes_before_every_room(text: str, data: st.DataObject) -> None:
    flows = flows_of(text)
    assume(not [p for p in lint(flows) if p.code != "F020"])
    sprint = start(flows, "main", data.draw(FACTS), NOON)
    for _ in range(30):
        if sprint.session.ended is not None:
            return
        if isinstance(sprint.actions[-1], do.JoinLine | do.DialDepartment):
            assert sprint.session.noticed
        sprint = step(flows, sprint.session, data.draw(answers_to(sprint.actions[-1])), NOON)


ANY_EVENT: list[ev.Event] = [
    ev.Played(), ev.Digits("1"), ev.NoInput(), ev.Heard("啊"), ev.Recorded(3.0), ev.RecordFailed(),
    ev.LineEnded("talked"), ev.DialEnded("busy"), ev.CallbackEnded("booked"), ev.Done("failed"),
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_driver_that_sends_nonsense_is_told_and_harms_nothing(data: st.DataObject) -> None:
    sprint = start(SHIPPED, "main", data.draw(FACTS), NOON)
    for _ in range(8):
        if sprint.session.ended is not None:
            return
        node = SHIPPED.flows[sprint.session.flow].nodes[sprint.session.node]
        for wrong in (e for e in ANY_EVENT if (type(node.act), type(e)) not in ON_EVENT):
            with pytest.raises(ProtocolError, match=f"{type(wrong).__name__} .*'{node.name}'"):
                step(SHIPPED, sprint.session, wrong, NOON)
        sprint = step(SHIPPED, sprint.session, data.draw(answers_to(sprint.actions[-1])), NOON)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(0, 12))
def test_hanging_up_at_any_moment_ends_the_call_there(data: st.DataObject, patience: int) -> None:
    sprint = start(SHIPPED, "main", data.draw(FACTS), NOON)
    for _ in range(patience):
        if sprint.session.ended is not None:
            return
        sprint = step(SHIPPED, sprint.session, data.draw(answers_to(sprint.actions[-1])), NOON)
    if sprint.session.ended is None:
        over = step(SHIPPED, sprint.session, ev.HungUp(), NOON)
        assert over.actions == (do.Hangup("hangup", sprint.session.node),)
