"""Telling a department what has changed about its share, in the transaction that changes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases import outbox
from cases.deadlines import Deadline, rfc3339
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow
from cases.words import Event


def changed(session: Session, row: CaseRow, share: AssignmentRow, step: Step, *, now: datetime, **more: Any) -> None:
    """`case.updated` with `change`: which step it was. `more` are facts of that step, never the citizen's words."""
    data = {"change": step.value, "due_at": rfc3339(share.due_at), **more}
    outbox.put(session, row, share, Event.UPDATED, data, now=now)


def new_deadline(share: AssignmentRow, found: Deadline) -> None:
    """What is kept of a deadline beside the history: its explanation, and by which calendar it was counted."""
    share.due_explained, share.due_provisional = list(found.explained), found.provisional
    share.due_calendar = found.calendar
