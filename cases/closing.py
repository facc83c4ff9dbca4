"""The end of a case, and its return from there: refused, visited, closed on grounds, withdrawn, taken up again.

How visits are planned, tried and asked is in `return_visit.py`; these are the steps it takes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from cases.actor import Actor
from cases.fold import Case, went_badly
from cases.history import record
from cases.lifecycle import Step
from cases.model import CaseRow
from cases.reasons import RejectReason, Satisfied, Solved, Told, Way
from cases.refusal import Refusal
from cases.rework import again
from cases.words import State
from config.city import City


def reject(
    session: Session, row: CaseRow, reason: RejectReason, channel: str, way: Way, by: Actor, *, now: datetime
) -> Case:
    """Not accepted (不予受理), and the citizen was told where to turn instead."""
    if not channel.strip():
        raise Refusal("请写明已告知诉求人的正确渠道，例如应拨打的电话", field="channel")
    data = {"reason": reason.value, "channel": channel.strip(), "way": way.value}
    return record(session, row, Step.REJECT, by, data, now=now)


def tell(session: Session, row: CaseRow, about: Told, way: Way, by: Actor, *, now: datetime) -> Case:
    """The citizen was told (告知): what proves the rate of feedback (反馈率)."""
    return record(session, row, Step.TOLD, by, {"about": about.value, "way": way.value}, now=now)


def visit(
    session: Session,
    row: CaseRow,
    by: Actor,
    *,
    city: City,
    now: datetime,
    solved: Solved,
    satisfied: Satisfied,
    contacted: bool | None = None,
    true: bool | None = None,
    way: Way = Way.CALL,
    visit_id: str = "",
) -> Case:
    """What the citizen said (回访). Not solved or not satisfied: the lead does it again, by a new deadline."""
    said = {"solved": solved.value, "satisfied": satisfied.value, "contacted": contacted, "true": true,
            "way": way.value, "visit": visit_id or None}  # fmt: skip
    data = {name: value for name, value in said.items() if value is not None}
    if went_badly(data) and row.state == State.RETURN_VISIT:
        return again(session, row, Step.VISIT, data, by, city=city, now=now)
    return record(session, row, Step.VISIT, by, data, now=now)


def visit_attempt(session: Session, row: CaseRow, way: Way, by: Actor, *, now: datetime, visit_id: str = "") -> Case:
    """Nobody answered (未接通). Never counted as satisfied."""
    data = {"way": way.value, **({"visit": visit_id} if visit_id else {})}
    return record(session, row, Step.VISIT_ATTEMPT, by, data, now=now)


def close_unreached(session: Session, row: CaseRow, by: Actor, *, now: datetime) -> Case:
    return record(session, row, Step.CLOSE_UNREACHED, by, {}, now=now)


def close_unresolved(session: Session, row: CaseRow, basis: str, explained: Way, by: Actor, *, now: datetime) -> Case:
    """It can't be solved, a rule says why (有据办结), and the citizen has been told so."""
    if not basis.strip():
        raise Refusal("请写明依据：哪一条规定使它无法解决", field="basis")
    data = {"basis": basis.strip(), "explained": explained.value}
    return record(session, row, Step.CLOSE_UNRESOLVED, by, data, now=now)


def cancel(session: Session, row: CaseRow, way: Way, by: Actor, *, now: datetime, recording: str = "") -> Case:
    """The citizen's own wish (撤回). A visit asks later whether it was."""
    data = {"way": way.value, **({"recording": recording} if recording else {})}
    return record(session, row, Step.CANCEL, by, data, now=now)


def reopen(session: Session, row: CaseRow, reason: str, by: Actor, *, city: City, now: datetime) -> Case:
    """Taken up again (重办): by the department that led it, or to be dispatched if none did."""
    if not reason.strip():
        raise Refusal("请写明重办的理由", field="reason")
    data = {"reason": reason.strip()}
    if row.state in (State.CLOSED, State.CLOSED_UNRESOLVED):
        return again(session, row, Step.REOPEN, data, by, city=city, now=now)
    return record(session, row, Step.REOPEN, by, data, now=now)
