"""What the hotline makes of a reply: passed on to the return visit (审核通过), or sent back (退回重办)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from cases import clock, rework
from cases.actor import Actor
from cases.fold import Case, written
from cases.history import record, share_of
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow
from cases.reasons import SendBackReason
from cases.refusal import Refusal
from config.city import City


def approve(session: Session, row: CaseRow, by: Actor, *, now: datetime) -> Case:
    """The lead's reply answers the citizen. Next, somebody asks the citizen."""
    return record(session, row, Step.APPROVE, by, {}, now=now)


def send_back(
    session: Session,
    row: CaseRow,
    share: AssignmentRow,
    reasons: Sequence[SendBackReason],
    text: str,
    by: Actor,
    *,
    city: City,
    now: datetime,
) -> Case:
    """To be done again, by a shorter deadline of its own; also an assisting department's part alone."""
    if not reasons:
        raise Refusal("请选择退回重办的原因", field="reasons")
    found = clock.again(share_of(session, share), now, city.workdays)
    data = {"assignment": share.id, "reasons": [each.value for each in reasons], "text": text.strip(),
            "due_at": written(found.due_at), "before": written(share.due_at)}  # fmt: skip
    case = record(session, row, Step.SEND_BACK, by, data, now=now)
    rework.tell(session, row, share, found, reasons, now=now)
    return case
