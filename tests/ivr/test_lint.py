"""Checks that need more than one mistake to show; the single ones are in `bad_flows/`."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ivr.distance import distance
from ivr.lint import Known, lint
from tests.ivr.flows import flows_of, shipped

FRAME = """flow: main
title: test
entry: notice
limits: {{keys_to_human: 9, seconds_to_human: 600}}
on_error: operators
nodes:
  notice: {{recording: on, notice: told, next: first}}
{nodes}
  operators: {{queue: operators, on: {{talked: bye, timeout: message, no_operators: message, full: message}}}}
  message: {{record: speak, on: {{left: bye, empty: bye, failed: operators}}}}
  bye: {{end: thanks}}
"""
MISSED = "no_input: operators, no_match: operators, too_many: operators"


def codes(nodes: str) -> list[str]:
    return [p.code for p in lint(flows_of(FRAME.format(nodes=nodes)))]


def test_the_shipped_flows_pass() -> None:
    assert lint(shipped(), Known(departments=set(), year=2026)) == []


def test_a_key_may_lead_to_the_goodbye_but_silence_may_not() -> None:
    asked_for = f'  first: {{ask: q, choices: {{"1": operators, "9": bye}}, on: {{{MISSED}}}}}'
    silent = asked_for.replace("no_input: operators", "no_input: bye")

    assert codes(asked_for) == []
    assert codes(silent) == ["F024"]


def test_silence_behind_a_key_must_not_lead_to_the_goodbye_either() -> None:
    nodes = f"""  first: {{ask: q, choices: {{"1": second}}, on: {{{MISSED}}}}}
  second: {{ask: q, choices: {{"1": operators}}, on: {{{MISSED.replace("no_input: operators", "no_input: bye")}}}}}"""

    assert codes(nodes) == ["F024"]


def test_only_the_block_list_may_send_somebody_away() -> None:
    assert codes("  first: {switch: caller.list, on: {blocked: bye, otherwise: operators}}") == []
    assert codes("  first: {switch: caller.list, on: {priority: bye, otherwise: operators}}") == ["F024"]
    assert codes("  first: {hours: working, on: {open: operators, closed: bye, holiday: bye}}") == ["F024", "F024"]


def test_a_circle_is_endless_unless_something_in_it_is_counted() -> None:
    circle = """  first: {{say: a, next: second}}
  second: {{switch: {fact}, on: {{"3": operators, otherwise: first}}}}"""

    assert codes(circle.format(fact="line.waiting")) == ["F022"]
    assert codes(circle.format(fact="count.first")) == []


def test_ways_are_checked_only_where_the_names_are_sound() -> None:
    assert codes("  first: {say: a, next: nowhere}\n  lost: {say: a, next: bye}") == ["F006"]


PART = """flow: part
title: part
use: part
entry: go
nodes:
  go: {queue: operators, on: {talked: out, timeout: out, no_operators: out, full: out}}
  out: {end: }
"""


def test_a_room_inside_a_part_needs_the_notice_before_the_part() -> None:
    inside = FRAME.format(nodes="  first: {run: part, on: {done: message, failed: operators}}")
    before = inside.replace("entry: notice", "entry: first").replace("next: first", "next: operators")

    assert lint(flows_of(inside, PART)) == []
    assert {(p.code, p.line) for p in lint(flows_of(before, PART))} >= {("F028", 6)}


def test_the_distance_takes_the_best_key_and_the_worst_hour() -> None:
    menu = f"""  first: {{hours: working, on: {{open: operators, closed: menu, holiday: menu}}}}
  menu: {{ask: q, choices: {{"1": more, "0": operators}}, on: {{{MISSED}}}}}
  more: {{ask: q, choices: {{"0": operators}}, on: {{{MISSED}}}}}"""
    flows = flows_of(FRAME.format(nodes=menu))
    found = distance(flows, flows.flows["main"])

    assert found is not None
    assert found.keys == 1
    assert found.seconds == pytest.approx(0.24 * len("told") + 0.24 + 2)


def test_languages_that_a_citizen_may_be_switched_to_need_every_prompt() -> None:
    problems = lint(flows_of(FRAME.format(nodes="  first: {set: {language: en}, next: operators}")))

    assert {p.code for p in problems} == {"F011"}
    assert all("in en" in p.message for p in problems)


def test_a_category_must_be_one_of_the_citys() -> None:
    flows = flows_of(FRAME.format(nodes="  first: {set: {category: enviroment}, next: operators}"))
    (problem,) = lint(flows, Known(categories={"environment", "housing"}))

    assert problem.code == "F013"
    assert "did you mean 'environment'?" in problem.message
    assert lint(flows, Known()) == []


def big_flow(size: int) -> str:
    lines = ["  first: {say: a, next: n0}"]
    for n in range(size):
        goal = f"n{n + 1}" if n + 1 < size else "operators"
        lines.append(f'  n{n}: {{ask: q, choices: {{"1": {goal}, "2": n{n // 2}}}, on: {{{MISSED}}}}}')
    return FRAME.format(nodes="\n".join(lines))


def test_a_flow_of_two_thousand_nodes_is_checked_in_a_second_or_two() -> None:
    flows = flows_of(big_flow(2000))
    began = time.process_time()
    problems = lint(flows)

    assert problems == []
    assert time.process_time() - began < 2.0


def test_a_thousand_slips_are_told_of_in_a_second_or_two() -> None:
    flows = flows_of(big_flow(1000).replace("n1", "m1"))
    slips = replace(flows.flows["main"], nodes={k: v for k, v in flows.flows["main"].nodes.items() if k[0] != "m"})
    began = time.process_time()
    problems = lint(replace(flows, flows={"main": slips}))

    assert {p.code for p in problems} == {"F006"}
    assert time.process_time() - began < 2.0
