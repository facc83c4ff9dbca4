"""The ways through a flow as one flat graph: parts that are `run` are laid out in place, so a way crosses files.

A spot is a node in its place of the layout. All walks here are loops, not recursion: a flow may have 2,000 nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from config.problems import Place
from ivr.flow import End, Flow, Flows, Node, Run
from ivr.walk import MAX_DEPTH


@dataclass(frozen=True, slots=True)
class Arc:
    """A way from one spot to another; `place` is where it is written."""

    exit: str
    goal: int
    place: Place


@dataclass(frozen=True, slots=True)
class Spot:
    flow: Flow
    node: Node
    arcs: tuple[Arc, ...]


Chosen = Callable[[Spot], Iterable[Arc]]
Stack = tuple[str, ...]


def all_arcs(spot: Spot) -> Iterable[Arc]:
    return spot.arcs


def lay_out(flows: Flows, flow: Flow, entry: str) -> list[Spot]:
    """Every spot that can be reached from the entry, which is the first."""
    return _Layout(flows, flow, entry).spots


class _Layout:
    def __init__(self, flows: Flows, flow: Flow, entry: str) -> None:
        self._flows = flows
        self._numbers: dict[tuple[Stack, str, str], int] = {}
        self._open: list[tuple[int, Stack, Flow, Node]] = []
        self._backs: dict[Stack, dict[str, int]] = {}
        self._number((), flow, entry)
        laid = {}
        while self._open:
            number, stack, here, node = self._open.pop()
            laid[number] = Spot(here, node, self._arcs(stack, here, node))
        self.spots = [laid[number] for number in range(len(laid))]

    def _number(self, stack: Stack, flow: Flow, name: str) -> int:
        key = (stack, flow.id, name)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._open.append((self._numbers[key], stack, flow, flow.nodes[name]))
        return self._numbers[key]

    def _arcs(self, stack: Stack, flow: Flow, node: Node) -> tuple[Arc, ...]:
        arcs = tuple(Arc(edge.exit, self._number(stack, flow, edge.target), edge.place) for edge in node.edges)
        if isinstance(node.act, Run) and len(stack) < MAX_DEPTH:
            part, inner = self._flows.flows[node.act.flow], (*stack, f"{flow.id}.{node.name}")
            self._backs[inner] = {arc.exit: arc.goal for arc in arcs}
            into = Arc("run", self._number(inner, part, part.entry), node.place)
            return (into, *(arc for arc in arcs if arc.exit == "failed"))
        if isinstance(node.act, End) and stack:
            exit_name = "failed" if node.act.reason == "failed" else "done"
            return (Arc("back", self._backs[stack][exit_name], node.place),)
        return arcs


def reach(spots: list[Spot], starts: Iterable[int], arcs: Chosen = all_arcs) -> dict[int, Arc | None]:
    """Every spot that can be reached by these arcs, with the arc it was reached by (None for the starts)."""
    found: dict[int, Arc | None] = dict.fromkeys(starts)
    todo = list(found)
    while todo:
        for arc in arcs(spots[todo.pop()]):
            if arc.goal not in found:
                found[arc.goal] = arc
                todo.append(arc.goal)
    return found


def leading_to(spots: list[Spot], wanted: Callable[[Spot], bool]) -> set[int]:
    """Every spot from which a wanted one can be reached."""
    sources: dict[int, list[int]] = {}
    for number, spot in enumerate(spots):
        for arc in spot.arcs:
            sources.setdefault(arc.goal, []).append(number)
    found = {number for number, spot in enumerate(spots) if wanted(spot)}
    todo = list(found)
    while todo:
        for source in sources.get(todo.pop(), ()):
            if source not in found:
                found.add(source)
                todo.append(source)
    return found


def circles(spots: list[Spot], inside: Callable[[Spot], bool]) -> list[list[int]]:
    """The groups of spots that lead to each other without leaving `inside`."""
    return _Circles(spots, inside).found


class _Circles:
    """Tarjan's strongly connected components."""

    def __init__(self, spots: list[Spot], inside: Callable[[Spot], bool]) -> None:
        self._goals = [[a.goal for a in s.arcs if inside(spots[a.goal])] if inside(s) else [] for s in spots]
        self._order: dict[int, int] = {}
        self._low: dict[int, int] = {}  # only of those that are held
        self._held: list[int] = []
        self.found: list[list[int]] = []
        for number in range(len(spots)):
            if number not in self._order:
                self._visit(number)

    def _visit(self, root: int) -> None:
        path = [(root, self._enter(root))]
        while path:
            number, rest = path[-1]
            goal = next(rest, None)
            if goal is None:
                path.pop()
                self._leave(number, path[-1][0] if path else None)
            elif goal not in self._order:
                path.append((goal, self._enter(goal)))
            elif goal in self._low:
                self._low[number] = min(self._low[number], self._order[goal])

    def _enter(self, number: int) -> Iterator[int]:
        self._order[number] = self._low[number] = len(self._order)
        self._held.append(number)
        return iter(self._goals[number])

    def _leave(self, number: int, parent: int | None) -> None:
        if parent is not None:
            self._low[parent] = min(self._low[parent], self._low[number])
        if self._low[number] != self._order[number]:
            return
        members: list[int] = []
        while not members or members[-1] != number:
            members.append(self._held.pop())
            del self._low[members[-1]]
        if len(members) > 1 or number in self._goals[number]:
            self.found.append(sorted(members))
