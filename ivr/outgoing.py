"""Calls that the hotline makes by a flow, such as a return visit (回访). Pure.

When one may be made, and what came of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.call import CallEvent, Kind, Role


@dataclass(frozen=True, slots=True)
class Traffic:
    """What goes on now: citizens in the line, calls that flows make, and lines of the trunk in use (of `lines`, 0 for
    not counted)."""

    waiting: int
    outgoing: int
    in_use: int
    lines: int


def why_not_now(traffic: Traffic, at_once: int) -> str:
    """Citizens who dial come first: the last line of the trunk is theirs, and nobody is called while somebody waits."""
    if at_once == 0:
        return "没有开启自动外呼（HOTLINE_OUTGOING_CALLS）。"
    if traffic.waiting:
        return "有市民正在排队，暂不外呼。"
    if traffic.outgoing >= at_once:
        return f"同时外呼最多 {at_once} 路，请稍候。"
    if traffic.lines and traffic.in_use + 1 >= traffic.lines:
        return "中继线路只剩一路，要留给来电。"
    return ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of such a call. `outcome`: answered, or why not (busy, refused, no_answer, unreachable, …).

    `choices` are exits of nodes: what was pressed or said at each question. `facts` are what the flow noted, and the
    digits that were typed. `ended` is the reason the flow gave; a citizen may also have hung up.
    """

    outcome: str
    ended: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    talked: bool = False
    messages: tuple[str, ...] = ()


def result_of(events: Iterable[CallEvent]) -> Result:
    """From the history of a call that is over."""
    outcome, ended, talked = "failed", "", False
    choices, facts, messages = dict[str, str](), dict[str, Any](), list[str]()
    for e in events:
        match e.kind:
            case Kind.LEG_JOINED if e.data["role"] == Role.CITIZEN:
                outcome = "answered"
            case Kind.LEG_JOINED:
                talked = talked or e.data["role"] == Role.OPERATOR
            case Kind.LEG_FAILED if outcome == "failed":
                outcome = e.data.get("cause", outcome)
            case Kind.NODE_ENTERED if e.data.get("way"):
                node, _, exit_name = e.data["way"].partition(".")
                choices[node] = exit_name
            case Kind.FACT_SET:
                facts[e.data["name"]] = e.data["value"]
            case Kind.RECORDING_STARTED if e.data.get("what") == "message":
                messages.append(e.data["leg"])
            case Kind.CALL_ENDED:
                ended = e.data.get("reason", "")
    return Result(outcome, ended, choices, facts, talked, tuple(messages))
