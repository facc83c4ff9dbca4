"""Taking a case out of a figure (剔除): one person asks with a reason, another decides. A department's asking about its
own case is an appeal (考核申诉), and comes before the ranking of that time is published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cases.actor import Actor
from cases.figures.definitions import RATES, SPANS
from cases.model import CaseRow, ExclusionRow, PublishedRanking
from cases.refusal import Conflict, NotFound, Refusal

FIGURES = frozenset(RATES) | {span.code for span in SPANS}


def ask(session: Session, case: CaseRow, figure: str, reason: str, by: Actor, *, now: datetime) -> ExclusionRow:
    """`figure` "": it should count nowhere."""
    if figure and figure not in FIGURES:
        raise Refusal("没有这个指标；GET /api/v1/reports/kpi 列出全部指标，不填表示所有指标", field="figure")
    if not reason.strip():
        raise Refusal("请写明剔除的理由和依据", field="reason")
    _check_unpublished(session, case, by)
    row = ExclusionRow(
        case_number=case.number,
        figure=figure,
        reason=reason.strip(),
        department=by.department,
        asked_by=by.title,
        asked_at=now,
        granted=None,
        decided_at=None,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("这个工单在这个指标上已经申请过剔除") from None
    return row


def decide(session: Session, key: str, granted: bool, because: str, by: Actor, *, now: datetime) -> ExclusionRow:
    row = session.scalar(select(ExclusionRow).where(ExclusionRow.id == key).with_for_update())
    if row is None:
        raise NotFound("没有这个剔除申请")
    if row.granted is not None:
        raise Conflict("这个剔除申请已经有了决定")
    if row.asked_by == by.title:
        raise Conflict("剔除要由另一个人决定，不能由申请人自己决定")
    if not because.strip():
        raise Refusal("请写明同意或不同意的理由", field="because")
    row.granted, row.decided_by, row.decided_at, row.because = granted, by.title, now, because.strip()
    return row


def _check_unpublished(session: Session, case: CaseRow, by: Actor) -> None:
    """An appeal after publication is too late; the hotline itself may still correct what is to come."""
    if by.department is None:
        return
    over = select(PublishedRanking.period).where(
        PublishedRanking.starts_at <= case.created_at, case.created_at < PublishedRanking.ends_at
    )
    if period := session.scalar(over.limit(1)):
        raise Conflict(f"{period} 的考评已经公布，考核申诉要在公布之前提出")
