"""`hotline check` of flows: first every name, then, where the names are sound, every way.

A broken name breaks ways, so the ways of a flow are checked only when nothing else is wrong with its file: otherwise
one slip of the pen would be reported five times.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath

from config.problems import Problem, Problems
from ivr.flow import Flow, Flows, Run
from ivr.lint_names import Known, NameCheck
from ivr.lint_ways import WayCheck

__all__ = ["Known", "lint"]


def lint(flows: Flows, known: Known | None = None, broken: Collection[str] = ()) -> list[Problem]:
    """Every problem of loaded flows. `broken`: files that already had problems when they were read."""
    problems = Problems()
    unread = {PurePath(file).stem for file in broken if PurePath(file).parent.name == "prompts"}
    names = NameCheck(flows, known or Known(), problems, unread)
    for flow in flows.flows.values():
        names.flow(flow)
    unsound = {*broken, *(p.file for p in problems)}
    ways = WayCheck(flows, problems)
    for flow in flows.flows.values():
        if not _files(flows, flow) & unsound:
            ways.flow(flow)
    return list(problems)


def _files(flows: Flows, flow: Flow) -> set[str]:
    """The files that a flow's ways lead through."""
    found: dict[str, Flow] = {flow.id: flow}
    todo = [flow]
    while todo:
        for node in todo.pop().nodes.values():
            part = flows.flows.get(node.act.flow) if isinstance(node.act, Run) else None
            if part and part.id not in found:
                found[part.id] = part
                todo.append(part)
    return {f.place.file for f in found.values()}
