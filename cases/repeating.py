"""Repeat complaints (重复投诉): a person says that a case is the same citizen's same matter again, or takes it back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from cases import case, feed
from cases.actor import Actor
from cases.model import RepeatLink
from cases.refusal import Refusal


def link(session: Session, number: str, earlier: str | None, by: Actor, *, now: datetime) -> None:
    """`earlier` None: it repeats none. Each case repeats one at most, an older one: so never in a circle."""
    row, known = case.find(session, number, by, lock=True), session.get(RepeatLink, number)
    if earlier is None:
        if known:
            session.delete(known)
    else:
        before = case.find(session, earlier, by)
        if (before.created_at, before.number) >= (row.created_at, row.number):
            raise Refusal("重复投诉只能关联更早登记的工单", field="number")
        session.merge(RepeatLink(case_number=number, earlier_number=earlier, said_by=by.title, at=now))
    session.flush()
    feed.note(session, "case", number)


def earlier_of(session: Session, number: str) -> str | None:
    """Which case this one repeats."""
    found = session.get(RepeatLink, number)
    return found.earlier_number if found else None
