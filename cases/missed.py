"""Callbacks that were promised, and whose citizen was not reached.

They are listed until somebody has talked with the citizen, or has made a case of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from cases.model import CallRow, CaseRow
from ivr.call import CALLBACK_MISSED

KEPT = timedelta(days=30)
SHOWN = 50


def still_missed() -> ColumnElement[bool]:
    """Of a row of `calls`: a missed callback that nobody has made good yet."""
    later = aliased(CallRow)
    talked = exists().where(later.caller == CallRow.caller, later.answered, later.started_at > CallRow.started_at)
    registered = exists().where(CaseRow.call_id == CallRow.id)
    return and_(CallRow.ended_because == CALLBACK_MISSED, ~talked, ~registered)


def missed_callbacks(session: Session, now: datetime) -> list[CallRow]:
    """The latest first."""
    chosen = select(CallRow).where(still_missed(), CallRow.started_at > now - KEPT)
    return list(session.scalars(chosen.order_by(CallRow.started_at.desc()).limit(SHOWN)))
