"""A case's history in the database: a step is appended, and the columns become the fold of all steps again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import feed
from cases.lifecycle import Assignment, Case, Happening, Step, after, fold
from cases.model import AssignmentRow, CaseEventRow, CaseRow


def history(session: Session, number: str) -> list[Happening]:
    rows = session.scalars(select(CaseEventRow).where(CaseEventRow.case_number == number).order_by(CaseEventRow.seq))
    return [Happening(row.seq, row.at, Step(row.step), row.actor, row.data) for row in rows]


def assignments(session: Session, number: str) -> list[AssignmentRow]:
    chosen = select(AssignmentRow).where(AssignmentRow.case_number == number)
    return list(session.scalars(chosen.order_by(AssignmentRow.place)))


def record(session: Session, row: CaseRow, step: Step, actor: str, data: dict[str, Any], *, now: datetime) -> Case:
    """Append a step. Raises Impossible, and then nothing has changed. The row must be locked by this transaction."""
    before = fold(history(session, row.number))
    happening = Happening(before.version + 1, now, step, actor, data)
    case = after(before, happening)
    event = CaseEventRow(case_number=row.number, seq=happening.seq, at=now, step=step.value, actor=actor, data=data)
    session.add(event)
    row.state, row.answer, row.version, row.updated_at = case.state.value, case.answer, case.version, now
    _project(assignments(session, row.number), case.assignments)
    session.flush()
    feed.note(session, "case", row.number)
    return case


def _project(rows: Iterable[AssignmentRow], folded: Iterable[Assignment]) -> None:
    by_id = {each.id: each for each in folded}
    for row in rows:
        each = by_id[row.id]
        row.progress, row.due_at, row.delivered_at = each.progress.value, each.due_at, each.delivered_at
        row.signed_at, row.signed_by = each.signed_at, each.signed_by
        row.replied_at, row.reply = each.replied_at, each.reply
