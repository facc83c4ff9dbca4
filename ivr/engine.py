"""The call-flow engine: a session and an event in, a session and actions out. No clock, no I/O, no randomness.

    sprint = start(flows, "main", Facts(caller=...), now)
    while sprint.session.ended is None:
        carry out sprint.actions; the last one awaits an event
        sprint = step(flows, sprint.session, event, now)

The rules:

1.  ON_ENTRY (`ivr/acts.py`) says what a kind of node does when it is entered: either it is left at once by a named
    exit, or it gives an action that awaits an event, as the last of the sprint.
2.  ON_EVENT (beside it) says what a kind of node makes of an event: the exit, or None when it asks again. An event
    that is not in the table is the driver's mistake: ProtocolError, and nothing has changed.
3.  A hang-up is possible at any moment and ends everything. Nothing is asked of a citizen who has gone.
4.  When a talk is over and the citizen is still there, the first flow's `after` runs once, then the exit is taken.
5.  A failure *of the flow* (too many steps, a prompt that is gone, an unknown value) is nobody's fault on the line:
    a part fails back to its `run`, an `after` is skipped, the first flow goes to `on_error`, which leads to a human.
    If that fails too, the driver is told to FallBack to its static path. Nobody is ever dropped by a mistake of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ivr import actions as do
from ivr import events as ev
from ivr.acts import ON_ENTRY, ON_EVENT
from ivr.events import ProtocolError
from ivr.flow import Flows, Node
from ivr.session import Facts, Session, Sprint
from ivr.walk import ENTRY, FlowError, Walk

__all__ = ["Facts", "ProtocolError", "Session", "Sprint", "awaited", "start", "step"]

MAX_FAILURES = 3

Leave = Callable[[], str | None]  # finds the exit to leave the current node by


def start(flows: Flows, flow_id: str, facts: Facts, now: datetime) -> Sprint:
    """Begin a call. Raises KeyError when there is no such flow."""
    flows.flows[flow_id]
    walk = Walk(flows, Session(flow_id, flows.version, facts, variables=dict(facts.values)), now)
    return _run(walk, lambda: ENTRY)


def step(flows: Flows, session: Session, event: ev.Event, now: datetime) -> Sprint:
    """Go on with a call. Raises ProtocolError, and changes nothing, when the event does not fit."""
    name = type(event).__name__
    if session.ended is not None:
        raise ProtocolError(f"{name} cannot come: the session has ended ({session.ended})")
    if session.version != flows.version:
        raise ProtocolError(f"the session is of version {session.version}, the flows are {flows.version}")
    walk = Walk(flows, replace(session, typed=""), now)  # a key counts for the question that follows at once
    if isinstance(event, ev.HungUp):
        return _gone(walk)
    if walk.lost:  # the flows were changed under a call that was given their version
        return _run(walk, _lost)
    node = walk.node
    on_event = ON_EVENT.get((type(node.act), type(event)))
    if on_event is None:
        raise ProtocolError(f"{name} does not fit: node '{node.name}' ({node.word}) awaits {', '.join(awaited(node))}")
    if isinstance(event, ev.Recorded) and event.how == "hangup":
        walk.tell(do.Note("message", "kept"))
        return _gone(walk)
    return _run(walk, lambda: on_event(walk, node.act, event))


def awaited(node: Node) -> list[str]:
    """The names of the events that a node can await."""
    return sorted(event.__name__ for kind, event in ON_EVENT if kind is type(node.act)) or ["nothing"]


def _lost() -> str | None:
    raise FlowError("the node is no longer in the flow")


def _gone(walk: Walk) -> Sprint:
    walk.hang_up("hangup")
    return Sprint(walk.session, tuple(walk.actions))


def _run(walk: Walk, leave: Leave | None) -> Sprint:
    """Go from node to node until something is awaited or the call is over. A failure of the flow is a way, too."""
    while leave:
        try:
            leave = _next(walk, leave)
        except FlowError as error:
            leave = _recover(walk, str(error))
    return Sprint(walk.session, tuple(walk.actions))


def _next(walk: Walk, leave: Leave) -> Leave | None:
    exit_name = leave()
    if exit_name is None:
        return None
    walk.follow(exit_name)
    return _entry(walk)


def _entry(walk: Walk) -> Leave:
    act = walk.node.act
    return lambda: ON_ENTRY[type(act)](walk, act)


def _recover(walk: Walk, why: str) -> Leave | None:
    """Rule 5. The steps are counted anew, so that the way out is not cut short by the mistake."""
    walk.tell(do.Note("flow_error", why))
    session = walk.session
    walk.change(steps=0, failures=session.failures + 1)
    if session.failures < MAX_FAILURES and session.stack:
        return lambda: walk.leave_part("failed")
    flow = walk.flows.flows.get(session.flow)
    if session.failures >= MAX_FAILURES or session.rescued or flow is None or flow.on_error not in flow.nodes:
        walk.fall_back(why)
        return None
    walk.change(rescued=True)
    walk.enter(flow.on_error, "")
    return _entry(walk)
