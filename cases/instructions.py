"""Instructions of those who govern the city (市长批示): from the words given to the report back to who gave them.

An instruction hangs on a case and stays an object of its own: whatever becomes of the case, only its issuer, after a
report, closes it or gives more time. The case is not merged away while an instruction is open, and its return visit is
made by supervisors.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import feed
from cases.actor import Actor
from cases.model import CaseRow, InstructionEvent, InstructionRow, Person
from cases.refusal import Conflict, NotFound, NotYours, Refusal, Stale, needed
from cases.words import Role

LONGEST = timedelta(days=3)  # until the issuer has heard of it, unless the issuer gives more time
_ISSUERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)


def give(
    session: Session,
    case: CaseRow,
    by: Actor,
    *,
    said_by: str,
    words: str,
    now: datetime,
    demand: str = "",
    issuer: str = "",
    said_at: datetime | None = None,
    report_by: datetime | None = None,
) -> InstructionRow:
    """Note an instruction about this case. `issuer`: whose login closes it; whoever notes it, if they may issue."""
    said_at, until = said_at or now, report_by or now + LONGEST
    if said_at > now:
        raise Refusal("批示时间不能晚于现在", field="said_at")
    if not now < until <= now + LONGEST:
        raise Refusal(f"回告期限最长 {LONGEST.days} 天，请写今后 {LONGEST.days} 天内的时间", field="report_by")
    row = InstructionRow(
        case_number=case.number,
        said_by=needed(said_by, "said_by", "批示人"),
        said_at=said_at,
        words=needed(words, "words", "批示原话"),
        demand=demand.strip(),
        issuer=_issuer(session, issuer.strip() or by.name),
        taken_by=by.title,
        report_by=until,
        state="open",
        made_at=now,
        version=1,
    )
    session.add(row)
    case.issuer = row.issuer  # nobody else grants extensions of the case
    session.flush()
    feed.note(session, "case", case.number)
    return row


def find(session: Session, key: str, *, version: int | None = None, lock: bool = False) -> InstructionRow:
    row = session.get(InstructionRow, key, with_for_update=lock)
    if row is None:
        raise NotFound("没有这件批示")
    if version is not None and version != row.version:
        raise Stale("您打开之后，别人更新过这件批示；请重新打开，核对后再提交")
    return row


def report(session: Session, row: InstructionRow, text: str, by: Actor, *, now: datetime) -> InstructionRow:
    """Tell the issuer how far it is (回告)."""
    return _happen(session, row, "report", needed(text, "text", "办理进展或结果"), by, now)


def extend(
    session: Session, row: InstructionRow, until: datetime, reason: str, by: Actor, *, now: datetime
) -> InstructionRow:
    """More time, from the issuer alone."""
    _only_issuer(row, by, "延长回告期限")
    if until <= row.report_by:
        raise Refusal("新的回告期限应晚于原来的", field="until")
    _happen(session, row, "extend", needed(reason, "reason", "延长的理由"), by, now, until)
    row.report_by = until
    return row


def close(session: Session, row: InstructionRow, text: str, by: Actor, *, now: datetime) -> InstructionRow:
    """The issuer has heard enough (销号). Without any report there is nothing to close upon."""
    _only_issuer(row, by, "销号")
    if not any(each.kind == "report" for each in events(session, row.id)):
        raise Conflict("还没有回告办理情况，不能销号")
    _happen(session, row, "close", needed(text, "text", "销号意见"), by, now)
    row.state = "closed"
    return row


def events(session: Session, key: str) -> Sequence[InstructionEvent]:
    chosen = select(InstructionEvent).where(InstructionEvent.instruction_id == key)
    return session.scalars(chosen.order_by(InstructionEvent.seq)).all()


def of_case(session: Session, number: str) -> Sequence[InstructionRow]:
    chosen = select(InstructionRow).where(InstructionRow.case_number == number)
    return session.scalars(chosen.order_by(InstructionRow.made_at, InstructionRow.id)).all()


def open_for(session: Session, number: str) -> list[InstructionRow]:
    """What keeps a case from being merged away, and lets its supervision start at yellow."""
    return [each for each in of_case(session, number) if each.state == "open"]


def _happen(
    session: Session, row: InstructionRow, kind: str, text: str, by: Actor, now: datetime, until: datetime | None = None
) -> InstructionRow:
    if row.state != "open":
        raise Conflict("这件批示已经销号")
    seq = len(events(session, row.id)) + 1
    event = InstructionEvent(instruction_id=row.id, seq=seq, kind=kind, at=now, by=by.title, text=text, until=until)
    session.add(event)
    row.version += 1
    session.flush()
    feed.note(session, "case", row.case_number)
    return row


def _only_issuer(row: InstructionRow, by: Actor, what: str) -> None:
    if by.name != row.issuer:
        raise NotYours(f"只有批示人可以{what}")


def _issuer(session: Session, name: str) -> str:
    person = session.get(Person, name)
    if person is None or person.role not in _ISSUERS or person.disabled:
        raise Refusal("请在 issuer 写明批示人的登录名（督办员或管理员）；只有批示人可以销号和延期", field="issuer")
    return name
