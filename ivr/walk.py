"""One sprint in the making: the session as it changes, and the actions told so far."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ivr import actions as do
from ivr.flow import Flow, Flows, Node
from ivr.session import Frame, Session

MAX_DEPTH = 3  # of flows that run flows
ENTRY = ""  # the exit that leads to the entry of the session's flow


class FlowError(Exception):
    """The flow itself is at fault. The text is for the history and holds nothing of the citizen's."""


class Walk:
    """One sprint in the making."""

    def __init__(self, flows: Flows, session: Session, now: datetime) -> None:
        self.flows, self.session, self.now = flows, session, now
        self.actions: list[do.Action] = []

    @property
    def lost(self) -> bool:
        """Is the session where these flows have no node (any more)?"""
        flow = self.flows.flows.get(self.session.flow)
        return flow is None or self.session.node not in flow.nodes

    @property
    def flow(self) -> Flow:
        return self.flows.flows[self.session.flow]

    @property
    def node(self) -> Node:
        return self.flow.nodes[self.session.node]

    def tell(self, action: do.Action) -> None:
        self.actions.append(action)

    def change(self, **changes: Any) -> None:
        self.session = replace(self.session, **changes)

    def follow(self, exit_name: str) -> None:
        """Leave the current node by an exit, and enter the node it leads to."""
        if exit_name != ENTRY and self.lost:
            raise FlowError("the node is no longer in the flow")
        target = self.flow.entry if exit_name == ENTRY else self.node.target(exit_name)
        if target is None or target not in self.flow.nodes:
            raise FlowError(f"node '{self.session.node}' has no way out by '{exit_name}'")
        self.enter(target, f"{self.session.node}.{exit_name}" if exit_name != ENTRY else "")

    def enter(self, name: str, way: str) -> None:
        session, key = self.session, f"{self.session.flow}.{name}"
        limits = self.flows.flows.get(session.root, self.flow).limits
        if session.steps >= limits.steps:
            raise FlowError("too many steps")
        visits = {**session.visits, key: session.visits.get(key, 0) + 1}
        self.change(node=name, steps=session.steps + 1, misses=0, visits=visits)
        self.tell(do.Enter(name, session.flow, way))

    def fall_back(self, why: str) -> None:
        self.tell(do.FallBack(why, self.session.node))
        self.change(ended="fallback")

    def hang_up(self, reason: str) -> None:
        self.tell(do.Hangup(reason, self.session.node))
        self.change(ended=reason)

    def spoken(self, prompt_ids: tuple[str, ...]) -> tuple[do.Spoken, ...]:
        return tuple(self._spoken(prompt_id) for prompt_id in prompt_ids)

    def _spoken(self, prompt_id: str) -> do.Spoken:
        language = self.flows.language_of(prompt_id, self.session.language, self.flow.language)
        prompt = self.flows.prompt(prompt_id, language)
        if prompt is None:
            raise FlowError(f"no prompt '{prompt_id}'")
        return do.Spoken(prompt_id, {name: self.variable(name) for name in prompt.names}, language)

    def variable(self, name: str) -> str | int:
        if name not in self.session.variables:
            raise FlowError(f"no value '{name}'")
        return self.session.variables[name]

    def keep(self, name: str, value: str | int) -> None:
        self.change(variables={**self.session.variables, name: value})

    def into(self, flow_id: str, done: str, failed: str) -> str:
        """Go into another flow, and come back to this node by one of the two exits."""
        session = self.session
        if flow_id not in self.flows.flows or len(session.stack) >= MAX_DEPTH:
            raise FlowError(f"cannot run the flow '{flow_id}' here")
        frame = Frame(session.flow, session.node, done, failed)
        self.change(stack=(*session.stack, frame), flow=flow_id, node="")
        return ENTRY

    def leave_part(self, reason: str) -> str:
        *rest, frame = self.session.stack
        self.change(stack=tuple(rest), flow=frame.flow, node=frame.node)
        return frame.failed if reason == "failed" else frame.done

    def after_talk(self, exit_name: str) -> str:
        """The talk is over: first the survey, if there is one and it has not been yet, then the exit."""
        after = self.flows.flows.get(self.session.root, self.flow).after
        full = len(self.session.stack) >= MAX_DEPTH
        if self.session.after_run or after not in self.flows.flows or full:
            return exit_name
        self.change(after_run=True)
        return self.into(after, exit_name, exit_name)

    def after_callback(self) -> str | None:
        """The talk of a callback is over: the survey, if there is one, and then the call ends."""
        after = self.flows.flows.get(self.session.root, self.flow).after
        if after not in self.flows.flows:
            self.hang_up("callback")
            return None
        self.change(after_run=True, stack=(), flow=after, node="")
        return ENTRY

    def finish(self, reason: str) -> str | None:
        if self.session.stack:
            return self.leave_part(reason)
        self.hang_up(reason)
        return None
