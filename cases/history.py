"""A case's history in the database: a step is appended, and the columns become the fold of all steps again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import audit, consequences, feed
from cases.actor import Actor
from cases.fold import Assignment, Case, Happening, fold
from cases.guards import take
from cases.lifecycle import GIVEN_UP, Step
from cases.model import AssignmentRow, CaseEventRow, CaseRow
from cases.refusal import NotFound, NotYours
from cases.words import Part


def history(session: Session, number: str) -> list[Happening]:
    rows = session.scalars(select(CaseEventRow).where(CaseEventRow.case_number == number).order_by(CaseEventRow.seq))
    return [Happening(row.seq, row.at, Step(row.step), row.actor, row.data) for row in rows]


def assignments(session: Session, number: str) -> list[AssignmentRow]:
    chosen = select(AssignmentRow).where(AssignmentRow.case_number == number)
    return list(session.scalars(chosen.order_by(AssignmentRow.place)))


def lead_of(shares: Sequence[AssignmentRow]) -> AssignmentRow | None:
    """Who leads now, or gave the case back last; `shares` in their order."""
    leads = [each for each in shares if each.part == Part.LEAD]
    chosen = [each for each in leads if each.progress not in GIVEN_UP] or leads
    return chosen[-1] if chosen else None


def folded(session: Session, number: str) -> Case:
    return fold(history(session, number))


def share_of(session: Session, row: AssignmentRow) -> Assignment:
    """What the history amounts to for this share."""
    share = folded(session, row.case_number).assignment(row.id)
    if share is None:
        raise NotFound("没有这项承办任务，或者它不归您办理")
    return share


def record(session: Session, row: CaseRow, step: Step, by: Actor, data: dict[str, Any], *, now: datetime) -> Case:
    """Append a step, the only way anything happens to a case. The row must be locked by this transaction.

    Raises NotYours or Impossible, and then nothing has changed.
    """
    before = folded(session, row.number)
    _check_theirs(before, step, by, data)
    happening = Happening(before.version + 1, now, step, by.title, data)
    case = take(before, happening, by)
    event = CaseEventRow(case_number=row.number, seq=happening.seq, at=now, step=step.value, actor=by.title, data=data)
    session.add(event)
    audit.step(session, event)
    _project_case(row, case, now)
    project(assignments(session, row.number), case)
    session.flush()
    consequences.follow(session, row, before, case, now=now)
    feed.note(session, "case", row.number)
    return case


def _check_theirs(case: Case, step: Step, by: Actor, data: dict[str, Any]) -> None:
    """The role must be allowed the step, and a department touches its own share only."""
    if not by.may(step):
        raise NotYours(f"您的角色不能{step.label}")
    share = case.assignment(data.get("assignment", ""))
    if by.department is not None and (share is None or share.department != by.department):
        raise NotYours("这项承办任务不归您所在的单位")


def _project_case(row: CaseRow, case: Case, now: datetime) -> None:
    row.state, row.answer, row.version, row.updated_at = case.state.value, case.answer, case.version, now
    row.merged_into, row.closed_at = case.merged_into or None, case.closed_at


def project(rows: Iterable[AssignmentRow], case: Case) -> None:
    """The columns of these shares, from what the history amounts to."""
    for row in rows:
        if each := case.assignment(row.id):
            _project_share(row, each)


def _project_share(row: AssignmentRow, each: Assignment) -> None:
    row.progress, row.due_at, row.delivered_at = each.progress.value, each.due_at, each.delivered_at
    row.sign_by, row.return_by, row.paused_until = each.sign_by, each.return_by, each.paused_until
    row.signed_at, row.signed_by, row.contacted_at = each.signed_at, each.signed_by, each.contacted_at
    row.returns, row.extensions, row.reworks = each.returns, len(each.extensions), each.reworks
    row.replied_at, row.reply = each.replied_at, each.reply
