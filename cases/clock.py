"""A share's clock after it was started: stopped and set going again, given more time, started anew for a rework. Pure.

Every function answers with the whole deadline, explained anew. A milestone that has passed is not moved by any of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cases.counting import Pause
from cases.deadlines import STATUTE, Deadline, Started, check_extension, due
from cases.fold import Assignment
from config.codes import Urgency
from config.rules import DeadlineRule, Limit
from config.workdays import Workdays


def started(share: Assignment) -> Started:
    """Since when, by which rule, and what has happened to it."""
    rule = share.rule or STATUTE[Urgency.ORDINARY]
    began = share.started_at or share.due_at
    if share.reworks:
        again = DeadlineRule(rule.urgency, rule.rework or rule.due)
        return Started(began, again, pauses=share.pauses, extensions=share.extensions, began="退回重办")
    preset = share.rules.partition("/")[0]
    return Started(began, rule, "" if preset == "statute" else preset, share.pauses, share.extensions)


def paused(share: Assignment, pause: Pause, workdays: Workdays) -> Deadline:
    return due(started(replace(share, pauses=(*share.pauses, pause))), workdays)


def resumed(share: Assignment, at: datetime, workdays: Workdays) -> Deadline:
    """Before its time or at it: what was not needed of the pause is given back."""
    ended = replace(share.pauses[-1], end=min(at, share.pauses[-1].end))
    return due(started(replace(share, pauses=(*share.pauses[:-1], ended))), workdays)


def extended(share: Assignment, limit: Limit, workdays: Workdays, *, asked_at: datetime) -> Deadline:
    """Raises Refusal when the rule does not allow it: too late, too often or too long."""
    check_extension(started(share), limit, workdays, now=asked_at)
    return due(started(replace(share, extensions=(*share.extensions, limit))), workdays)


def again(share: Assignment, at: datetime, workdays: Workdays) -> Deadline:
    """The shorter deadline of a rework (退回重办), from the moment it was sent back."""
    fresh = replace(share, started_at=at, reworks=share.reworks + 1, pauses=(), extensions=())
    return due(started(fresh), workdays)
