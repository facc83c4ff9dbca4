"""Publishing a ranking: it is kept as it was, and appeals about its time are over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.actor import Actor
from cases.figures.period import Period
from cases.model import CaseRow, ExclusionRow, PublishedRanking
from cases.refusal import Conflict, NotFound


def publish(session: Session, period: Period, content: dict[str, Any], by: Actor, *, now: datetime) -> PublishedRanking:
    """Once, after the time is over and every appeal about it is decided."""
    if now < period.end:
        raise Conflict("统计期还没有结束，不能公布")
    if session.get(PublishedRanking, period.name):
        raise Conflict("这一期的考评已经公布")
    if waiting := len(_waiting(session, period)):
        raise Conflict(f"还有 {waiting} 个剔除申请（考核申诉）没有决定，决定之后才能公布")
    row = PublishedRanking(
        period=period.name,
        starts_at=period.start,
        ends_at=period.end,
        content=content,
        published_by=by.title,
        published_at=now,
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, name: str) -> PublishedRanking:
    row = session.get(PublishedRanking, name)
    if row is None:
        raise NotFound("这一期的考评还没有公布")
    return row


def _waiting(session: Session, period: Period) -> list[str]:
    """Undecided exclusions of cases that were registered in this time."""
    chosen = select(ExclusionRow.id).join(CaseRow, CaseRow.number == ExclusionRow.case_number)
    of_period = CaseRow.created_at >= period.start, CaseRow.created_at < period.end
    return list(session.scalars(chosen.where(ExclusionRow.granted.is_(None), *of_period)))
