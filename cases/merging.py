"""Merging (并单): one case is worked on, the others follow it. Every citizen keeps number, notices and return visit.

A case leads its group or follows in one. Who would lead and follow at once makes a chain, and is refused: here with a
sentence, and by the table itself when two people merge from two sides.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cases import case, telling
from cases.actor import Actor
from cases.fold import Case
from cases.history import assignments, record
from cases.lifecycle import ENDED, OVER, Step
from cases.model import CaseRow, MergeMember, insert_new
from cases.refusal import Conflict, Refusal
from cases.words import Confidentiality, Progress, State


def merge(
    session: Session, number: str, into: str, by: Actor, *, now: datetime, version: int | None = None
) -> tuple[CaseRow, Case]:
    """The case `number` follows `into` from now on. The department that works on that one is told."""
    if number == into:
        raise Refusal("工单不能并入自己；into 填主工单的编号", field="into")
    both = _locked(session, number, into, by, version)
    row, primary = both[number], both[into]
    _check(session, row, primary)
    insert_new(session, MergeMember, [{"number": into, "primary_number": into, "since": now}])
    session.add(MergeMember(number=number, primary_number=into, since=now))
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("这两个工单刚刚被别人并单；请刷新后再看") from None
    merged = record(session, row, Step.MERGE, by, {"into": into}, now=now)
    for share in assignments(session, into):
        if Progress(share.progress) not in ENDED:
            telling.changed(session, primary, share, Step.MERGE, now=now)
    return row, merged


def unmerge(
    session: Session, number: str, reason: str, by: Actor, *, now: datetime, version: int | None = None
) -> tuple[CaseRow, Case]:
    """The case stands by itself again, where it stood before."""
    if not reason.strip():
        raise Refusal("请写明拆并的理由", field="reason")
    primary = case.find(session, number, by).merged_into or number
    row = _locked(session, number, primary, by, version)[number]
    moved = record(session, row, Step.UNMERGE, by, {"from": primary, "reason": reason.strip()}, now=now)
    session.execute(delete(MergeMember).where(MergeMember.number == number))
    if not followers(session, primary):
        session.execute(delete(MergeMember).where(MergeMember.number == primary))
    return row, moved


def followers(session: Session, primary: str) -> list[str]:
    """The numbers of the cases that were merged into this one: their citizens hear what its citizen hears."""
    follow = MergeMember.primary_number == primary, MergeMember.number != primary
    return list(session.scalars(select(MergeMember.number).where(*follow).order_by(MergeMember.number)))


def _locked(session: Session, number: str, other: str, by: Actor, version: int | None) -> dict[str, CaseRow]:
    """Always in the order of their numbers: two people who merge from two sides wait, and do not block each other."""
    return {
        each: case.find(session, each, by, version=version if each == number else None, lock=True)
        for each in sorted({number, other})
    }


def _check(session: Session, row: CaseRow, primary: CaseRow) -> None:
    if primary.merged_into:
        raise Conflict(f"{primary.number} 已并入 {primary.merged_into}；请直接并入 {primary.merged_into}")
    if State(primary.state) in OVER:
        raise Conflict(f"主工单{State(primary.state).label}，不能再并入；再次反映的请登记为重复投诉")
    if session.scalar(select(exists().where(MergeMember.primary_number == row.number))):
        raise Conflict("已有工单并入本工单；请反过来并单，或者先拆并")
    if Confidentiality.TIP_OFF in (row.confidentiality, primary.confidentiality):
        raise Conflict("举报单独办理，不能并单")
    if row.issuer:
        raise Conflict("批示件单独办理，不能并入其他工单；可以把其他工单并入批示件")
