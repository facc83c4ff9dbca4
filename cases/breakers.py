"""The departments' circuit breakers in the database. Always locked last: after case, delivery and endpoint."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.breaker import Breaker
from cases.model import BreakerRow, insert_new


def breaker(session: Session, department: str) -> Breaker:
    row = session.get(BreakerRow, department, populate_existing=True)
    return _value(row) if row else Breaker()


def locked(session: Session, department: str) -> Breaker:
    """To be changed by this transaction."""
    insert_new(session, BreakerRow, [{"department": department, **_columns(Breaker())}])
    return _value(session.get_one(BreakerRow, department, with_for_update=True, populate_existing=True))


def keep(session: Session, department: str, value: Breaker) -> None:
    """Remember it; it must be locked."""
    row = session.get_one(BreakerRow, department)
    for name, each in _columns(value).items():
        setattr(row, name, each)


def reset(session: Session, department: str) -> None:
    """A new start, because the address has changed or the department answers again."""
    if breaker(session, department) != Breaker():
        locked(session, department)
        keep(session, department, Breaker())


def ask_by_hand(session: Session, department: str, now: datetime) -> None:
    """A person sends something again: the breaker lets one message try."""
    if breaker(session, department).open_until is not None:
        keep(session, department, locked(session, department).asked_by_hand(now))


def in_trouble(session: Session) -> dict[str, Breaker]:
    """Of the departments whose last message failed."""
    return {row.department: _value(row) for row in session.scalars(select(BreakerRow).where(BreakerRow.failures > 0))}


def may_be_asked(session: Session, now: datetime) -> tuple[list[str], set[str]]:
    """Departments to which nothing may be sent now, and those to which one message may be."""
    open_ = {name: value for name, value in in_trouble(session).items() if value.open_until is not None}
    shut = [name for name, value in open_.items() if not value.lets_through(now)]
    return shut, open_.keys() - shut


def _columns(value: Breaker) -> dict[str, int | datetime | None]:
    return {field.name: getattr(value, field.name) for field in fields(Breaker)}


def _value(row: BreakerRow) -> Breaker:
    return Breaker(row.failures, row.since, row.open_until, row.probing_until)
