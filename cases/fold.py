"""What a case's history amounts to. Pure: the history goes in line by line, the case comes out.

`after` asks nothing but the tables of `lifecycle.py`, so that what was once done can always be read again, whatever
limits (`guards.py`) are changed later. A step the tables do not have raises `Impossible`, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cases.counting import Pause
from cases.kept_rule import read_rule
from cases.lifecycle import (
    ASSIGNMENT_STEPS,
    CASE_MOVES_SHARES,
    CASE_STEPS,
    ENDED,
    LEAD_SHOWS,
    ON_SHARES,
    ON_THE_WAY,
    OVER,
    Impossible,
    Step,
)
from cases.reasons import PauseReason, Satisfied, Solved
from cases.standing import Assignment, Case, Happening
from cases.words import Part, Progress, State
from config.rules import Limit, Unit

__all__ = [
    "ENOUGH_TRIES",
    "Assignment",
    "Case",
    "Happening",
    "after",
    "fold",
    "in_table",
    "in_table_for",
    "went_badly",
    "written",
]

ENOUGH_TRIES = 3  # of reaching a citizen who does not answer


def fold(history: Iterable[Happening]) -> Case:
    case = Case()
    for happening in sorted(history, key=lambda h: h.seq):
        case = after(case, happening)
    return case


def after(case: Case, h: Happening) -> Case:
    """The case after one more step. Raises Impossible."""
    if h.step is Step.REGISTER:
        return replace(case, version=h.seq)
    moved = _share_stepped(case, h) if h.step in ON_SHARES else _case_stepped(case, h)
    return replace(moved, version=h.seq)


def went_badly(data: Mapping[str, Any]) -> bool:
    """Does what the citizen said at the return visit send the case back?"""
    return data.get("solved") == Solved.NO or data.get("satisfied") == Satisfied.NO


def in_table(case: Case) -> tuple[Step, ...]:
    """What the tables have for the case itself now, the steps on the way to another included."""
    found = {step for state, step in [*CASE_STEPS, *ON_THE_WAY] if state is case.state}
    return tuple(step for step in Step if step in found)


def in_table_for(share: Assignment) -> tuple[Step, ...]:
    found = {step for progress, step in ASSIGNMENT_STEPS if progress is share.progress}
    return tuple(step for step in Step if step in found)


# --- the case itself ---------------------------------------------------------------------------------------------


def _case_stepped(case: Case, h: Happening) -> Case:
    ends = CASE_STEPS.get((case.state, h.step))
    if ends is None:
        raise Impossible(h.step, case.state, in_table(case))
    state = ends[0] if len(ends) == 1 else _which(case, h)
    noted = _noted(case, h)
    shares = tuple(_moved_by_case(each, h, state) for each in noted.assignments)
    closed_at = h.at if state in OVER and case.state not in OVER else case.closed_at
    return replace(noted, state=state, assignments=shares, closed_at=closed_at if state in OVER else None)


def _which(case: Case, h: Happening) -> State:
    """Of two ends of a step, the one that was meant."""
    match h.step:
        case Step.VISIT:
            return State.REWORK if went_badly(h.data) else State.CLOSED
        case Step.REOPEN:
            return State.REWORK if h.data.get("assignments") else State.ACCEPTED
        case _:
            return case.unmerged_state


def _noted(case: Case, h: Happening) -> Case:
    match h.step:
        case Step.ANSWER:
            return replace(case, answer=h.data["answer"])
        case Step.DISPATCH:
            recalled = set(h.data.get("recalled", ()))
            kept = tuple(_recalled(each) if each.id in recalled else each for each in case.assignments)
            return replace(case, assignments=kept + _given(h))
        case Step.APPROVE:
            return replace(case, reviewed_by=h.actor, tries=())
        case Step.VISIT_ATTEMPT:
            return replace(case, tries=(*case.tries, h.at))
        case Step.REOPEN:
            return replace(case, reopened=case.reopened + 1)
        case Step.MERGE:
            return replace(case, merged_into=h.data["into"], unmerged_state=case.state)
        case Step.UNMERGE:
            return replace(case, merged_into="")
        case _:
            return case


def _moved_by_case(share: Assignment, h: Happening, state: State) -> Assignment:
    if state in OVER:
        return share if share.progress in ENDED else _recalled(share)
    progress = CASE_MOVES_SHARES.get((share.progress, h.step), share.progress)
    if progress is share.progress or progress is not Progress.REWORK:
        return replace(share, progress=progress)
    again = next((each for each in h.data.get("assignments", ()) if each["id"] == share.id), None)
    return _to_do_again(share, progress, again, h) if again else share


def _recalled(share: Assignment) -> Assignment:
    return replace(share, progress=Progress.RECALLED)


def _given(h: Happening) -> tuple[Assignment, ...]:
    """The shares this step hands out."""
    rules, rule = h.data.get("rules", ""), read_rule(h.data.get("rule"))
    return tuple(
        Assignment(
            id=each["id"],
            department=each["department"],
            part=Part(each["part"]),
            due_at=datetime.fromisoformat(each["due_at"]),
            started_at=h.at,
            rules=rules,
            rule=rule,
            sign_by=_moment(each.get("sign_by")),
            return_by=_moment(each.get("return_by")),
        )
        for each in h.data.get("assignments", ())
    )


# --- a department's share ----------------------------------------------------------------------------------------


def _share_stepped(case: Case, h: Happening) -> Case:
    share = case.assignment(h.data["assignment"])
    if share is None:
        raise Impossible(h.step, case.state, in_table(case))
    ends = ASSIGNMENT_STEPS.get((share.progress, h.step))
    if ends is None:
        raise Impossible(h.step, share.progress, in_table_for(share))
    given = _given(h) if h.step is Step.RULE else ()
    progress = ends[-1] if given else ends[0]
    moved = _stamped(replace(share, progress=progress), h)
    everyone = tuple(moved if each.id == moved.id else each for each in case.assignments) + given
    new = replace(case, assignments=everyone)
    leads = case.lead is not None and case.lead.id == share.id
    return replace(new, state=_shown(new)) if leads and h.step not in (Step.DELIVER, Step.RECOUNT) else new


def _shown(case: Case) -> State:
    """What the citizen sees while departments work."""
    return LEAD_SHOWS.get(case.lead.progress, case.state) if case.lead else case.state


def _stamped(share: Assignment, h: Happening) -> Assignment:
    data = h.data
    match h.step:
        case Step.DELIVER:
            return replace(share, delivered_at=share.delivered_at or h.at)
        case Step.SIGN:
            return replace(share, signed_at=h.at, signed_by=h.actor)
        case Step.CONTACT:
            return _contacted(share, h)
        case Step.REQUEST_RETURN | Step.DISPUTE:
            return replace(share, returns=share.returns + 1)
        case Step.DENY_RETURN:
            return replace(share, sign_by=_moment(data.get("sign_by")) or share.sign_by)
        case Step.RULE:
            return replace(share, rulings=share.rulings + 1, sign_by=_moment(data.get("sign_by")) or share.sign_by)
        case Step.PAUSE:
            pause = Pause(h.at, datetime.fromisoformat(data["until"]), PauseReason(data["reason"]).label)
            return replace(share, pauses=(*share.pauses, pause), due_at=_due(h))
        case Step.RESUME:
            ended = replace(share.pauses[-1], end=min(h.at, share.pauses[-1].end))
            return replace(share, pauses=(*share.pauses[:-1], ended), due_at=_due(h))
        case Step.REQUEST_EXTENSION:
            return replace(share, extension_asked=data["extension"])
        case Step.GRANT_EXTENSION:
            granted = Limit(data["amount"], Unit(data["unit"]))
            return replace(share, extension_asked="", extensions=(*share.extensions, granted), due_at=_due(h))
        case Step.DENY_EXTENSION:
            return replace(share, extension_asked="")
        case Step.RECOUNT:
            return replace(share, due_at=_due(h), sign_by=_moment(data.get("sign_by")) or share.sign_by)
        case Step.REPLY:
            return replace(share, replied_at=h.at, replied_by=h.actor, reply=data["reply"], extension_asked="")
        case Step.SEND_BACK:
            return _to_do_again(share, share.progress, data, h)
        case _:
            return share


def _contacted(share: Assignment, h: Happening) -> Assignment:
    """Reached, or tried often enough: then the citizen has been contacted."""
    tries = share.contact_tries + (not h.data.get("reached"))
    enough = h.data.get("reached") or tries >= ENOUGH_TRIES
    return replace(share, contact_tries=tries, contacted_at=share.contacted_at or (h.at if enough else None))


def _to_do_again(share: Assignment, progress: Progress, again: Mapping[str, Any], h: Happening) -> Assignment:
    """A new clock, and the old reply counts no more; it stays in the history."""
    return replace(
        share,
        progress=progress,
        due_at=datetime.fromisoformat(again["due_at"]),
        started_at=h.at,
        pauses=(),
        extensions=(),
        extension_asked="",
        reworks=share.reworks + 1,
        replied_at=None,
        replied_by="",
        reply="",
    )


def _due(h: Happening) -> datetime:
    return datetime.fromisoformat(h.data["due_at"])


def written(moment: datetime | None) -> str | None:
    """A moment as the history keeps it."""
    return moment.isoformat() if moment else None


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
