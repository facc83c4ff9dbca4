"""One flow, several telephones: whatever the flow and whatever the caller does, every driver takes the same way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ivr.flow import Flows
from ivr.session import Facts
from tests.ivr.asterisk_double import asterisk_double
from tests.ivr.courses import Telephone, in_the_simulator, kinds_of_answers
from tests.ivr.flows import flows_of, made_up_flows, shipped

# Every driver but the simulator, each by what makes it. Twilio's belongs here.
TELEPHONES = {"asterisk": asterisk_double}
FACTS = st.builds(
    Facts,
    caller=st.sampled_from(["13800000000", ""]),
    caller_list=st.sampled_from(["", "priority", "blocked"]),
    open_case=st.booleans(),
)
SURVEY = """flow: survey
title: after
use: after
entry: rate
nodes:
  rate: {ask: rate, digits: {max: 1, end: none, type: integer, save: score}, tries: 2,
         on: {ok: save, no_input: bye, no_match: bye, too_many: bye}}
  save: {do: survey.save, on: {ok: bye, not_found: bye, failed: bye}}
  bye: {end: }
"""
WORDS = ('choices: {"1": %s, "2": ', 'choices: {"1": {go: %s, words: [满意, 好]}, "2": ')


@st.composite
def flows_with_everything(draw: st.DrawFn) -> Flows:
    """Made up flows, with spoken choices, and sometimes a survey after the talk."""
    text = draw(made_up_flows())
    if draw(st.booleans()):
        for goal in ("bye", "operators"):
            text = text.replace(WORDS[0] % goal, WORDS[1] % goal)
    if draw(st.booleans()):
        return flows_of(text.replace("entry: notice", "after: survey\nentry: notice", 1), SURVEY)
    return flows_of(text)


@pytest.fixture(scope="module", params=sorted(TELEPHONES))
def telephone(request: pytest.FixtureRequest) -> Iterator[Telephone]:
    with TELEPHONES[request.param]() as made:
        yield made


QUIET = [HealthCheck.too_slow]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(flows_with_everything(), FACTS, st.data())
def test_every_telephone_takes_the_same_way(
    telephone: Telephone, flows: Flows, facts: Facts, data: st.DataObject
) -> None:
    takes_the_same_way(telephone, flows, facts, data)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=QUIET)
@given(flows_with_everything(), FACTS, st.data())
def test_every_telephone_takes_the_same_way_again_and_again(
    telephone: Telephone, flows: Flows, facts: Facts, data: st.DataObject
) -> None:
    takes_the_same_way(telephone, flows, facts, data)


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(FACTS, st.data())
def test_every_telephone_takes_the_same_way_through_the_shipped_flow(
    telephone: Telephone, facts: Facts, data: st.DataObject
) -> None:
    takes_the_same_way(telephone, shipped(), facts, data)


def takes_the_same_way(telephone: Telephone, flows: Flows, facts: Facts, data: st.DataObject) -> None:
    course = in_the_simulator(flows, facts, data)
    for kind in set(kinds_of_answers(course)):
        event(kind)
    event(course.told.ended)

    told = telephone.hold(course)

    assert told.path == course.told.path
    assert told.said == course.told.said
    assert told.ended == course.told.ended
    assert course.told.facts.items() <= {**told.facts, "message": "kept"}.items()
