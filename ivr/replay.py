"""Recorded calls on other flows: who would land elsewhere if this draft had been live? Pure.

A recorded call is first run on the version it really ran on. Only when it goes the very way it went, node by node, is
it run on the draft: so what is said of the draft rests on answers that are known to be right. Where the draft asks
something that this citizen was never asked, the citizen is taken to be silent and the world to take its usual course;
these nodes are named beside the result (`assumed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ivr import actions as do
from ivr import engine
from ivr import events as ev
from ivr.acts import SHORTEST_MESSAGE
from ivr.flow import Ask, Dial, DoAction, End, Flows, Node, Queue, Recording, Say, Set, Switch
from ivr.recorded import Answer, Recorded, cases_of
from ivr.script import usual
from ivr.session import Session, Sprint

MAX_STEPS = 500
RINGING_SECONDS = 20  # whoever is being called when the longest wait is over is still waited for


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a citizen has got to: the best of it, not the last. `detail` is a node's, department's or reason's name."""

    kind: str  # operator, department, message, callback, ended, hung_up, waited_in_vain, fallback
    detail: str = ""

    def __str__(self) -> str:
        return f"{LANDINGS[self.kind]}（{self.detail}）" if self.detail else LANDINGS[self.kind]


# The best first.
LANDINGS = {
    "operator": "人工", "department": "承办单位", "message": "留言", "callback": "预约回拨", "ended": "结束",
    "fallback": "流程出错，走备用线路", "waited_in_vain": "排队时挂机", "hung_up": "中途挂机",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A call and where it landed, or would have; `assumed` are the nodes at which nobody knows what would happen."""

    call: str
    old: Landing
    new: Landing
    assumed: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        return self.old != self.new

    def to_json(self) -> dict[str, Any]:
        return {"call": self.call, "old": str(self.old), "new": str(self.new), "assumed": list(self.assumed)}


def compare(call: Recorded, own: Flows, draft: Flows) -> Elsewhere | None:
    """None when the call does not even go its own way again: then nothing can honestly be said of the draft."""
    if call.flow not in draft.flows:
        return None
    before = _Replay(own, call)
    if before.path != list(call.path):
        return None
    after = _Replay(draft, call)
    return Elsewhere(call.id, before.landing, after.landing, tuple(after.assumed))


class _Replay:
    """One run. Every answer is used once: for its own node, or else for one that asks the same."""

    def __init__(self, flows: Flows, call: Recorded) -> None:
        self.flows, self.call = flows, call
        self.path: list[tuple[str, str]] = []
        self.assumed: dict[str, None] = {}
        self._left, self._now, self._set = list(call.answers), call.at, set[str]()
        self.landing = self._run()

    def _run(self) -> Landing:
        sprint = engine.start(self.flows, self.call.flow, self.call.facts, self._now)
        landings: list[Landing | None] = []
        for _ in range(MAX_STEPS):
            self._follow(sprint)
            if sprint.session.ended is not None:
                break
            node = self._node(sprint.session)
            event, reached = self._answer(sprint, node)
            landings.append(_landed(event, reached, node, inside_part=bool(sprint.session.stack)))
            sprint = engine.step(self.flows, sprint.session, event, self._now)
        order = list(LANDINGS)
        return min(filter(None, [*landings, _at_the_end(sprint)]), key=lambda one: order.index(one.kind))

    def _node(self, session: Session) -> Node:
        return self.flows.flows[session.flow].nodes[session.node]

    def _follow(self, sprint: Sprint) -> None:
        for action in sprint.actions:
            if isinstance(action, do.Enter):
                self.path.append((action.flow, action.node))
                self._look_at(self.flows.flows[action.flow].nodes[action.node])

    def _look_at(self, node: Node) -> None:
        """A fact that nobody asked for in the recorded call, or not with these cases, is not known."""
        if isinstance(node.act, Set):
            self._set |= {name for name, _value in node.act.values}
        if isinstance(node.act, Switch) and not self._knows(node.act.fact, node):
            self.assumed[node.name] = None

    def _knows(self, fact: str, node: Node) -> bool:
        return fact.startswith("count.") or fact in self._set or (fact, cases_of(node)) in self.call.known

    def _answer(self, sprint: Sprint, node: Node) -> tuple[ev.Event, str]:
        """What answers this node, and in which talk the citizen then was."""
        action = sprint.actions[-1]
        found = self._find(sprint.session.flow, node)
        if found is None:
            if not isinstance(node.act, Say | Recording | End):
                self.assumed[node.name] = None
            event = usual(action)
            return event, ""
        self._left.remove(found)
        self._now = max(self._now, found.at)
        return self._fitted(found, action, node)

    def _find(self, flow: str, node: Node) -> Answer | None:
        its_own = (a for a in self._left if (a.flow, a.node.name) == (flow, node.name) and _same_kind(a.node, node))
        alike = (a for a in self._left if not self._has(a) and _asks_the_same(a.node, node))
        world = (a for a in self._left if _asks_the_same(a.node, node) and not isinstance(node.act, Ask | Say))
        lost = (a for a in self._left[:1] if isinstance(a.event, ev.HungUp) and not self._has(a))
        return next(its_own, None) or next(alike, None) or next(world, None) or next(lost, None)

    def _has(self, answer: Answer) -> bool:
        flow = self.flows.flows.get(answer.flow)
        return bool(flow and answer.node.name in flow.nodes)

    def _fitted(self, found: Answer, action: do.Action, node: Node) -> tuple[ev.Event, str]:
        """An answer of the waiting line is bent to the draft's own keys and patience."""
        if isinstance(action, do.JoinLine):
            if 0 < action.max_wait < found.waited - RINGING_SECONDS:
                return ev.LineEnded("timeout"), ""
            if (
                isinstance(found.event, ev.LineEnded)
                and found.event.how == "key"
                and found.event.key not in action.keys
            ):
                self.assumed[node.name] = None
                return usual(action), ""
        return found.event, found.reached


def _same_kind(one: Node, other: Node) -> bool:
    return type(one.act) is type(other.act)


def _asks_the_same(one: Node, other: Node) -> bool:
    """Does another node want the same of the citizen or of the world?"""
    if not _same_kind(one, other):
        return False
    match one.act, other.act:
        case (Ask(prompts=a), Ask(prompts=b)) | (Say(prompts=a), Say(prompts=b)):
            return a == b
        case (Dial(department=c), Dial(department=d)) | (DoAction(action=c), DoAction(action=d)):
            return c == d
    return not isinstance(one.act, End)


def _landed(event: ev.Event, reached: str, node: Node, *, inside_part: bool) -> Landing | None:
    match event:
        case ev.LineEnded("talked"):
            return Landing("operator")
        case ev.DialEnded("joined"):
            return Landing("department", node.act.department if isinstance(node.act, Dial) else "")
        case ev.Recorded(seconds) if seconds >= SHORTEST_MESSAGE:
            return Landing("message")
        case ev.CallbackEnded("booked" | "already"):
            return Landing("callback")
        case ev.HungUp():
            return _hung_up(reached, node, inside_part)
    return None


def _hung_up(reached: str, node: Node, inside_part: bool) -> Landing:
    if reached:
        return Landing(reached, node.act.department if isinstance(node.act, Dial) else "")
    if isinstance(node.act, End) and not inside_part:  # the farewell has begun
        return Landing("ended", node.act.reason)
    return Landing("waited_in_vain" if isinstance(node.act, Queue) else "hung_up")


def _at_the_end(sprint: Sprint) -> Landing:
    ended = sprint.session.ended
    if ended in (None, "fallback"):
        return Landing("fallback")
    return Landing("hung_up") if ended == "hangup" else Landing("ended", ended or "")
