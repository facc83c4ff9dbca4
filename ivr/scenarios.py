"""`hotline test`: scenarios beside the flows, in the administrators' own words, and what they leave untested.

flow: main
scenarios:
  - name: 春节凌晨来电，没有话务员，留言
    at: "2026-02-17 02:00"
    do: [line: no_operators, message: 20]
    expect: {hears: [leave_message, message_thanks], ended: message}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from config.problems import Place, Problems, did_you_mean, perhaps
from config.yaml_reader import Fields, Items, Reader, Value, read
from ivr.flow import Flow, Flows
from ivr.hours import ZONE
from ivr.load import CALENDARS, shown
from ivr.script import Scripted, Step, read_steps
from ivr.session import Facts
from ivr.simulator import Trace, simulate

SOME_CALLER = "13800000000"
SOME_MOMENT = datetime(2026, 3, 4, 10, 0, tzinfo=ZONE)  # an ordinary Wednesday


@dataclass(frozen=True, slots=True)
class Expected:
    """Each is checked only where it is written. `hears` and `passes` are in order, with anything in between."""

    hears: tuple[str, ...] = ()
    not_hears: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    ended: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    flow: str
    name: str
    place: Place
    at: datetime = SOME_MOMENT
    facts: Facts = field(default_factory=lambda: Facts(caller=SOME_CALLER))
    steps: tuple[Step, ...] = ()
    expected: Expected = Expected()


@dataclass(frozen=True, slots=True)
class Result:
    """`wrong` is empty when the scenario went as expected; otherwise sentences for the administrator."""

    scenario: Scenario
    trace: Trace
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one flow: how many nodes and exits there are, and which of them no call has passed."""

    nodes: int
    missed_nodes: tuple[str, ...]
    exits: int
    missed_exits: tuple[str, ...]


def read_scenarios(folder: Path, flows: Flows, problems: Problems) -> list[Scenario]:
    """All scenarios in `folder`/tests."""
    found, files = [], [path for path in folder.glob("*.yaml") if path.name != CALENDARS]
    unread = len(files) > len(flows.flows)
    for path in sorted((folder / "tests").glob("*.yaml")):
        root = read(path, problems, shown(path))
        if root is not None:
            found += _ScenarioReader(problems).file(root, flows, unread)
    return found


def read_script(root: Value, flow_id: str, problems: Problems) -> Scenario:
    """A script for `hotline simulate`: a scenario without a name and expectations, or just its list of steps."""
    return _ScenarioReader(problems).script(root, flow_id)


def run_scenario(flows: Flows, scenario: Scenario) -> Result:
    caller = Scripted(list(scenario.steps))
    trace = simulate(flows, scenario.flow, scenario.facts, scenario.at, caller)
    return Result(scenario, trace, tuple(_wrong(scenario.expected, trace, caller.left)))


def coverage(flows: Flows, traces: Iterable[Trace]) -> dict[str, Coverage]:
    """For each flow, what these calls have passed."""
    rows = [(row.flow, row.node, row.data["way"]) for t in traces for row in t.rows if row.event == "node.entered"]
    return {
        flow.id: _covered(flow, [(node, way) for flow_id, node, way in rows if flow_id == flow.id])
        for flow in flows.flows.values()
    }


def _covered(flow: Flow, passed: list[tuple[str, str]]) -> Coverage:
    nodes, ways = {node for node, _way in passed}, {way for _node, way in passed}
    exits = [f"{node.name}.{edge.exit}" for node in flow.nodes.values() for edge in node.edges]
    return Coverage(len(flow.nodes), tuple(n for n in flow.nodes if n not in nodes),
                    len(exits), tuple(e for e in exits if e not in ways))  # fmt: skip


def _wrong(expected: Expected, trace: Trace, unused: list[Step]) -> list[str]:
    wrong = []
    if expected.ended and expected.ended != trace.ended:
        wrong.append(f"应以 '{expected.ended}' 结束，实际是 '{trace.ended}'")
    for what, wanted, found in (("听到", expected.hears, trace.heard()), ("经过", expected.passes, trace.nodes())):
        if missing := _first_missing(wanted, found):
            wrong.append(f"应{what} '{missing}'，实际{what}的是：{'、'.join(found)}")
    wrong += [f"不应听到 '{prompt}'" for prompt in expected.not_hears if prompt in trace.heard()]
    facts = {row.data["name"]: str(row.data["value"]) for row in trace.rows if row.event == "fact.set"}
    wrong += [f"'{k}' 应是 '{v}'，实际是 '{facts.get(k, '')}'" for k, v in expected.facts if facts.get(k) != v]
    wrong += [f"步骤 '{step.what}' 没有用上：电话里没有走到需要它的地方" for step in unused]
    return wrong


def _first_missing(wanted: tuple[str, ...], found: list[str]) -> str:
    """The first wanted one that does not follow the ones before it."""
    rest = iter(found)
    return next((one for one in wanted if one not in rest), "")


class _ScenarioReader(Reader):
    def file(self, root: Value, flows: Flows, unread: bool) -> list[Scenario]:
        """`unread`: a flow is missing because its file could not be read, which is told there."""
        given = self.fields(root, known={"flow", "scenarios"}, needed=("flow", "scenarios"))
        flow_id = self.name(given.get("flow"))
        if flow_id not in flows.flows and unread:
            return []
        if "flow" in given and flow_id not in flows.flows:
            self.problems.add(given["flow"].place, "F012", f"no flow is named '{flow_id}'"
                              f"{did_you_mean(flow_id, flows.flows)}",
                              f"没有名为 '{flow_id}' 的流程。{perhaps(flow_id, flows.flows)}")  # fmt: skip
            return []
        return [self._scenario(v, flow_id) for v in self.items(given.get("scenarios"))]

    def script(self, root: Value, flow_id: str) -> Scenario:
        if isinstance(root, Items):
            return Scenario(flow_id, "", root.place, steps=tuple(read_steps(root, self)))
        return self._scenario(root, flow_id, needed=())

    def _scenario(self, value: Value, flow_id: str, needed: tuple[str, ...] = ("name", "expect")) -> Scenario:
        known = {"name", "at", "caller", "list", "open_case", "waiting", "values", "do", "expect"}
        given = self.fields(value, known=known, needed=needed)
        values = {name: self.text(v) for name, v in self.fields(given.get("values")).items()}
        facts = Facts(
            caller=self.text(given.get("caller")) or SOME_CALLER,
            caller_list=self.choice(given.get("list"), ("none", "blocked", "priority")).replace("none", ""),
            open_case=self.truth(given.get("open_case")),
            line_waiting=self.integer(given.get("waiting")),
            values=values,
        )
        steps = tuple(read_steps(given.get("do"), self))
        name = self.text(given.get("name"))
        return Scenario(flow_id, name, value.place, self._moment(given.get("at")), facts, steps, self._expected(given))

    def _moment(self, value: Value | None) -> datetime:
        if value is None:
            return SOME_MOMENT
        moment = moment_of(self.text(value))
        if moment is None:
            self._not_a(value, 'a moment such as "2026-02-14 02:00"', '这里需要一个时间，例如 "2026-02-14 02:00"')
        return moment or SOME_MOMENT

    def _expected(self, scenario: dict[str, Value]) -> Expected:
        known = {"hears", "not_hears", "passes", "ended", "facts"}
        given = self.fields(scenario.get("expect"), known=known)
        facts = given.get("facts")
        return Expected(
            hears=self.names(given.get("hears")),
            not_hears=self.names(given.get("not_hears")),
            passes=self.names(given.get("passes")),
            ended=self.name(given.get("ended")),
            facts=tuple((k, self.text(v)) for k, v in self.fields(facts).items()) if isinstance(facts, Fields) else (),
        )


def moment_of(text: str) -> datetime | None:
    """A moment as people write it; the city's clock unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
