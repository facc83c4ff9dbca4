"""What else stands in the way of a step that the tables have: limits of time, of number, and of persons. Pure.

Each guard answers with a sentence that says what is missing, or with nothing. They are asked before a step is taken and
never when a history is read again; `at` is the moment of asking, `by` is who would take the step.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cases.actor import Actor, Outside
from cases.fold import ENOUGH_TRIES, Assignment, Case, Happening, after, in_table, in_table_for, went_badly
from cases.lifecycle import BY_SYSTEM, ON_SHARES, Impossible, Step
from cases.words import Part, Role, State
from config.workdays import CITY_TIME

REOPEN_WITHIN = timedelta(days=30)  # by the citizen, or by the operator whom the citizen calls
TRY_ON_DAYS = 2

Guard = Callable[[Case, Assignment | None, datetime, Actor], str]


def take(case: Case, h: Happening, by: Actor) -> Case:
    """The case after this step. Raises Impossible with what stands in the way, and what this actor can do instead."""
    share = case.assignment(h.data.get("assignment", "")) if h.step in ON_SHARES else None
    options = possible_for(case, share, h.at, by) if share else possible(case, h.at, by)
    try:
        moved = after(case, h)
    except Impossible as refusal:
        raise Impossible(h.step, refusal.now, options) from None
    if because := hindrance(case, share, h.step, h.at, by) or _without_lead(case, h):
        raise Impossible(h.step, share.progress if share else case.state, options, because)
    return moved


def possible(case: Case, at: datetime, by: Actor) -> tuple[Step, ...]:
    """What this actor may do with the case itself now; deny by default."""
    return tuple(step for step in in_table(case) if by.may(step) and not hindrance(case, None, step, at, by))


def possible_for(case: Case, share: Assignment, at: datetime, by: Actor) -> tuple[Step, ...]:
    """What this actor may do with this share now. A department only with its own."""
    if by.department is not None and by.department != share.department:
        return ()
    steps = (step for step in in_table_for(share) if step not in BY_SYSTEM)
    return tuple(step for step in steps if by.may(step) and not hindrance(case, share, step, at, by))


def hindrance(case: Case, share: Assignment | None, step: Step, at: datetime, by: Actor) -> str:
    guard = GUARDS.get(step)
    return guard(case, share, at, by) if guard else ""


def _first_objection(_case: Case, share: Assignment | None, at: datetime, _by: Actor) -> str:
    assert share is not None  # noqa: S101 - told to the type checker; the same below
    if share.returns:
        return "每个单位只能退单一次；仍有异议的，提请裁定"
    if share.return_by and at > share.return_by:
        return f"退单应在 {share.return_by.astimezone(CITY_TIME):%Y-%m-%d %H:%M} 前申请"
    return ""


def _second_objection(_case: Case, share: Assignment | None, _at: datetime, _by: Actor) -> str:
    assert share is not None  # noqa: S101
    if share.rulings:
        return "已经裁定由本单位办理"
    return "" if share.returns else "请先申请退单；被驳回后仍有异议的，才提请裁定"


def _all_helped(case: Case, share: Assignment | None, _at: datetime, _by: Actor) -> str:
    """The lead answers for everybody: only when every assisting department has replied or was waived."""
    if share is not None and share.part is Part.ASSISTING:
        return ""
    return f"还有 {len(case.unfinished)} 个协办单位没有答复，也没有免予答复" if case.unfinished else ""


def _only_assisting(_case: Case, share: Assignment | None, _at: datetime, _by: Actor) -> str:
    assert share is not None  # noqa: S101
    return "主办单位必须答复" if share.part is Part.LEAD else ""


def _asks_in_time(_case: Case, share: Assignment | None, at: datetime, _by: Actor) -> str:
    assert share is not None  # noqa: S101
    if share.extension_asked:
        return "上一次延期申请还没有决定"
    due = f"{share.due_at.astimezone(CITY_TIME):%Y-%m-%d %H:%M}"
    return f"应在到期前申请延期；{due} 已经到期" if at > share.due_at else ""


def _was_asked(_case: Case, share: Assignment | None, _at: datetime, _by: Actor) -> str:
    assert share is not None  # noqa: S101
    return "" if share.extension_asked else "没有待决定的延期申请"


def _tried_enough(case: Case, _share: Assignment | None, _at: datetime, _by: Actor) -> str:
    days = {each.astimezone(CITY_TIME).date() for each in case.tries}
    if len(case.tries) >= ENOUGH_TRIES and len(days) >= TRY_ON_DAYS:
        return ""
    return f"应在至少 {TRY_ON_DAYS} 天里回访 {ENOUGH_TRIES} 次，已在 {len(days)} 天里回访 {len(case.tries)} 次"


def _second_person(case: Case, _share: Assignment | None, _at: datetime, by: Actor) -> str:
    return "须由审核答复以外的另一人批准" if by.title == case.reviewed_by else ""


def _not_too_late(case: Case, _share: Assignment | None, at: datetime, by: Actor) -> str:
    for_the_citizen = by.role in (Outside.CITIZEN, Role.OPERATOR)
    if for_the_citizen and case.closed_at and at > case.closed_at + REOPEN_WITHIN:
        return f"办结已超过 {REOPEN_WITHIN.days} 天；请重新登记，或由派单员、督办员决定"
    return ""


def _citizens_time_is_over(case: Case, _share: Assignment | None, at: datetime, _by: Actor) -> str:
    if case.closed_at and at < case.closed_at + REOPEN_WITHIN:
        return f"办结后 {REOPEN_WITHIN.days} 天内诉求人可以要求重办，期满后才归档"
    return ""


def _without_lead(case: Case, h: Happening) -> str:
    """What goes back goes back to its lead at least."""
    named = {each["id"] for each in h.data.get("assignments", ())}
    badly = h.step is Step.VISIT and case.state is State.RETURN_VISIT and went_badly(h.data)
    if badly or (h.step is Step.REOPEN and named):
        return "" if case.lead and case.lead.id in named else "应交主办单位重办"
    return ""


GUARDS: dict[Step, Guard] = {
    Step.REQUEST_RETURN: _first_objection,
    Step.DISPUTE: _second_objection,
    Step.REPLY: _all_helped,
    Step.APPROVE: _all_helped,
    Step.WAIVE: _only_assisting,
    Step.REQUEST_EXTENSION: _asks_in_time,
    Step.GRANT_EXTENSION: _was_asked,
    Step.DENY_EXTENSION: _was_asked,
    Step.CLOSE_UNREACHED: _tried_enough,
    Step.CLOSE_UNRESOLVED: _second_person,
    Step.REOPEN: _not_too_late,
    Step.ARCHIVE: _citizens_time_is_over,
}
