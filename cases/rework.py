"""Doing it again (重办): a new and shorter deadline for whoever has to, and their department told.

Three things lead here: a reviewer who sends a reply back (`review.py`), a citizen who is not content at the
return visit, and a closed case that is taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases import clock, outbox
from cases.actor import Actor
from cases.deadlines import Deadline
from cases.fold import Case, written
from cases.history import folded, record
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow
from cases.refusal import Conflict
from cases.telling import new_deadline
from cases.words import Event
from config.city import City


def again(
    session: Session, row: CaseRow, step: Step, data: Mapping[str, Any], by: Actor, *, city: City, now: datetime
) -> Case:
    """This step (VISIT or REOPEN) sends the case back to the department that led it."""
    lead = folded(session, row.number).lead
    if lead is None:
        raise Conflict("这个工单没有主办单位，不能退回重办；请重新派单")
    found = clock.again(lead, now, city.workdays)
    doers = [{"id": lead.id, "due_at": written(found.due_at)}]
    case = record(session, row, step, by, {**data, "assignments": doers}, now=now)
    tell(session, row, session.get_one(AssignmentRow, lead.id), found, [step.value], now=now)
    return case


def tell(
    session: Session, row: CaseRow, share: AssignmentRow, found: Deadline, reasons: Sequence[str], *, now: datetime
) -> None:
    """`case.sent_back`, with the new deadline. Its explanation is kept beside the share."""
    new_deadline(share, found)
    told = {"reasons": list(reasons), "due_at": written(found.due_at)}
    outbox.put(session, row, share, Event.SENT_BACK, told, now=now)
