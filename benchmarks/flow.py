"""What call flows cost: a step of the engine, a whole call, and the check of ever bigger flows.

    python -m benchmarks.flow [--seconds 2] [--json]

Limits are ratios, so that they hold on any machine. A step is measured against the least that any engine in Python has
to do: look the next node up in a dict of dicts and make a new frozen value (`bare`). Aim: at most 30 times that. The
check of a flow must grow in a straight line: per node, 4,000 nodes cost at most twice what 250 cost. (Without Python's
garbage collector, which looks at everything again and again and would be what is measured.)
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ivr import actions as do
from ivr import engine
from ivr import events as ev
from ivr.difference import difference
from ivr.flow import Flows
from ivr.hours import ZONE
from ivr.lint import lint
from ivr.script import usual
from ivr.session import Facts
from tests.ivr.flows import flow_of, flows_of, shipped
from tests.ivr.test_lint import big_flow

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=ZONE)
SIZES = (250, 500, 1000, 2000, 4000)
MOST_TIMES_BARE, MOST_GROWTH = 30.0, 2.0


@dataclass(frozen=True)
class Spot:
    node: str
    steps: int = 0
    visits: int = 0


def per_second(work: Callable[[], int], seconds: float) -> float:
    """How many of its units of work get done in a second of this process's own time: the best of three."""
    best = 0.0
    for _ in range(3):
        done, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds / 3:
            done += work()
        best = max(best, done / spent)
    return best


def bare_steps(count: int = 1000) -> int:
    """A walk round a ring of dicts."""
    ring = {f"n{n}": {"next": f"n{(n + 1) % 50}"} for n in range(50)}
    spot = Spot("n0")
    for _ in range(count):
        spot = replace(spot, node=ring[spot.node]["next"], steps=spot.steps + 1)
    return count


def engine_steps(flows: Flows, count: int = 1000) -> int:
    """Round and round a menu; every step is an answer, an exit and a new node."""
    sprint = engine.start(flows, "main", Facts(caller="13800000000"), NOW)
    for _ in range(count):
        event = ev.Digits("1") if isinstance(sprint.actions[-1], do.Collect) else usual(sprint.actions[-1])
        sprint = engine.step(flows, sprint.session, event, NOW)
    return count


def whole_calls(flows: Flows) -> int:
    """A call through the shipped flow: greeting, notice, line, talk, survey, goodbye."""
    sprint = engine.start(flows, "main", Facts(caller="13800000000"), NOW)
    while sprint.session.ended is None:
        sprint = engine.step(flows, sprint.session, usual(sprint.actions[-1]), NOW)
    return 1


def kept_sessions(flows: Flows) -> int:
    """What a restart costs each call: the session to JSON text and back."""
    sprint = engine.start(flows, "main", Facts(caller="13800000000"), NOW)
    for _ in range(100):
        engine.Session.from_json(json.loads(json.dumps(sprint.session.to_json())))
    return 100


RING = """flow: main
title: a ring
entry: a
limits: {keys_to_human: 9}
on_error: operators
nodes:
  a: {ask: q, choices: {"1": b}, on: {no_input: operators, no_match: operators, too_many: operators}}
  b: {ask: q, choices: {"1": a}, on: {no_input: operators, no_match: operators, too_many: operators}}
  operators: {queue: operators, on: {talked: bye, timeout: bye, no_operators: bye, full: bye}}
  bye: {end: thanks}
"""


def ring() -> Flows:
    """Two questions that lead to each other, for ever."""
    flows = flows_of(RING)
    flow = flows.flows["main"]
    nodes = {n: replace(node, act=replace(node.act, visits=10**9)) if hasattr(node.act, "visits") else node
             for n, node in flow.nodes.items()}  # fmt: skip
    endless = replace(flow, nodes=nodes, limits=replace(flow.limits, steps=10**9))
    return replace(flows, flows={"main": endless})


def seconds_of(work: Callable[[], object]) -> float:
    """The quickest of three."""
    spent = []
    for _ in range(3):
        gc.collect()
        gc.disable()
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
        gc.enable()
    return min(spent)


def sizes() -> list[dict[str, float]]:
    rows = []
    for size in SIZES:
        text = big_flow(size)
        flows = flows_of(text)
        rows.append({
            "nodes": size,
            "read_ms": 1000 * seconds_of(lambda t=text: flow_of(t)),
            "check_ms": 1000 * seconds_of(lambda f=flows: lint(f)),
            "difference_ms": 1000 * seconds_of(lambda f=flows: difference(f, f)),
        })  # fmt: skip
    return rows


def measured(seconds: float) -> dict[str, object]:
    flows, bare = ring(), per_second(bare_steps, seconds)
    steps, rows = per_second(lambda: engine_steps(flows), seconds), sizes()
    growth = {
        name: (rows[-1][name] / rows[-1]["nodes"]) / (rows[0][name] / rows[0]["nodes"])
        for name in ("read_ms", "check_ms", "difference_ms")
    }
    return {
        "bare_steps_per_second": round(bare),
        "engine_steps_per_second": round(steps),
        "times_bare": round(bare / steps, 1),
        "microseconds_per_step": round(1e6 / steps, 1),
        "calls_per_second": round(per_second(lambda: whole_calls(shipped()), seconds)),
        "sessions_kept_per_second": round(per_second(lambda: kept_sessions(shipped()), seconds)),
        "sizes": [{name: round(value, 1) for name, value in row.items()} for row in rows],
        "growth_per_node": {name: round(value, 2) for name, value in growth.items()},
        "good": bare / steps <= MOST_TIMES_BARE and max(growth.values()) <= MOST_GROWTH,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    options.add_argument("--json", action="store_true")
    told = options.parse_args()
    found = measured(told.seconds)
    if told.json:
        print(json.dumps(found, indent=1))
    else:
        _print(found)
    raise SystemExit(0 if found["good"] else 1)


def _print(found: dict[str, object]) -> None:
    for name, value in found.items():
        if name == "sizes":
            for row in value:  # type: ignore[attr-defined]
                print("  " + "  ".join(f"{column} {figure:g}" for column, figure in row.items()))
        else:
            print(f"{name:<26} {value}")


if __name__ == "__main__":
    main()
