"""The city's lists of callers, which a call flow asks by `caller.list`: blocked for a time, or first in the line.

Blocking takes a person's way to the city away, so it needs a reason, ends by itself and is never longer than 30 days.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from cases.model import ListedCaller
from cases.refusal import NotFound, Refusal
from cases.words import CallerList

LONGEST_BLOCK = timedelta(days=30)
_NUMBER = re.compile(r"\+?[0-9]{3,20}")


def put(
    session: Session, phone: str, on: CallerList, reason: str, by: str, *, until: datetime | None, now: datetime
) -> ListedCaller:
    """Put a number on a list; one that is on a list already changes over."""
    number = re.sub(r"[\s()-]", "", phone)
    if not _NUMBER.fullmatch(number):
        raise Refusal("号码应为 3 到 20 位数字，与来电显示的一致", field="phone")
    if not reason.strip():
        raise Refusal("请写明理由", field="reason")
    _check_end(on, until, now)
    session.execute(delete(ListedCaller).where(ListedCaller.phone == number))
    made = ListedCaller(phone=number, list=on.value, reason=reason.strip(), added_by=by, added_at=now, until=until)
    session.add(made)
    session.flush()
    return made


def remove(session: Session, key: str) -> None:
    found = session.get(ListedCaller, key)
    if found is None:
        raise NotFound("名单里没有这一条")
    session.delete(found)


def listed(session: Session, now: datetime) -> list[ListedCaller]:
    """Those whose time has not run out, newest first."""
    return list(session.scalars(select(ListedCaller).where(_in_force(now)).order_by(ListedCaller.added_at.desc())))


def list_of(session: Session, phone: str, now: datetime) -> str:
    """`blocked`, `priority`, or "" for everybody else."""
    chosen = select(ListedCaller.list).where(ListedCaller.phone == phone, _in_force(now))
    return session.scalar(chosen) or ""


def _in_force(now: datetime) -> ColumnElement[bool]:
    return or_(ListedCaller.until.is_(None), ListedCaller.until > now)


def _check_end(on: CallerList, until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise Refusal("结束时间应在现在之后", field="until")
    if on is CallerList.BLOCKED and (until is None or until - now > LONGEST_BLOCK):
        raise Refusal(f"拦截必须写明结束时间，最多 {LONGEST_BLOCK.days} 天", field="until")
