"""What the citizen adds to a case (补充), told to every department that is still at work on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import telling
from cases.actor import THE_CITIZEN
from cases.history import assignments
from cases.lifecycle import ENDED, OVER, Step
from cases.model import CaseRow, Supplement
from cases.refusal import Conflict, Refusal
from cases.words import Progress, State

MOST = 50


def add(session: Session, row: CaseRow, text: str, *, now: datetime) -> Supplement:
    """Something more to know. A case that is over takes no more."""
    if not text.strip():
        raise Refusal("请写明要补充的内容", field="text")
    if State(row.state) in OVER:
        raise Conflict("这个工单已经办结，不能再补充；没有解决的，请选择“没有解决”，或拨 12345")
    made = keep(session, row, text, now=now)
    for share in assignments(session, row.number):
        if Progress(share.progress) not in ENDED:
            telling.changed(session, row, share, Step.CORRECT, now=now, supplement=True)
    return made


def keep(session: Session, row: CaseRow, text: str, *, now: datetime) -> Supplement:
    """The words alone."""
    mine = select(func.count()).where(Supplement.case_number == row.number)
    if (session.scalar(mine) or 0) >= MOST:
        raise Conflict(f"一个工单最多补充 {MOST} 次；还有要说的，请拨 12345")
    made = Supplement(case_number=row.number, text=text.strip(), by=THE_CITIZEN.title, at=now)
    session.add(made)
    session.flush()
    return made


def of(session: Session, number: str) -> list[Supplement]:
    chosen = select(Supplement).where(Supplement.case_number == number).order_by(Supplement.at, Supplement.id)
    return list(session.scalars(chosen))
