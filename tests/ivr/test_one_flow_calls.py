"""The same again over a real Asterisk: made up flows, keys pressed on a real telephone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from ivr.session import Facts
from tests.house import House, tone_file
from tests.ivr.courses import in_the_simulator, kinds_of_answers
from tests.ivr.flows import flows_of, made_up_flows
from tests.ivr.real_asterisk import RealAsterisk, what_takes_no_hours

pytestmark = [pytest.mark.calls, pytest.mark.slow, pytest.mark.timeout(300)]
PROMPTS = ("recorded", "hello", "question", "speak", "thanks")


@pytest.fixture(scope="module")
def asterisk(built_house: House) -> Iterator[RealAsterisk]:
    for prompt in PROMPTS:
        tone_file(built_house.settings.prompts_dir / "zh-CN" / f"{prompt}.wav", 1500, 0.1)
    kept = built_house.loaded, built_house.facts, built_house.ask
    built_house.trunk.answering = "manual"
    with built_house.operator("op1") as telephone:
        yield RealAsterisk(built_house, telephone)
    built_house.loaded, built_house.facts, built_house.ask = kept


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(made_up_flows(), st.sampled_from(["", "priority"]), st.data())
def test_real_calls_take_the_simulators_way(
    asterisk: RealAsterisk, text: str, caller_list: str, data: st.DataObject
) -> None:
    text = text.replace("{ask: question,", "{ask: question, timeout: 1, between: 1, tries: 2,")
    course = in_the_simulator(
        flows_of(text), Facts(caller="13805712345", caller_list=caller_list), data, what_takes_no_hours
    )
    if len(course.answered) > 12:
        return  # too long to be waited for; the double has held many such calls

    for kind in kinds_of_answers(course):
        event(kind)

    told = asterisk.hold(course)

    assert told.path == course.told.path
    said = [said.partition("/")[2] for said in course.told.said]
    assert told.said == said[: len(told.said)]
    assert told.said == said or told.ended == "hangup"
    assert told.ended == course.told.ended
