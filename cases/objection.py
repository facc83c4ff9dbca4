"""A department says that a case is not its own (退单). It may once; the second time a supervisor rules (裁定).

While the hotline decides, nobody has to sign, but the department's clock runs on: an objection gains no time. A ruling
is kept as a precedent, so that the next case of its kind goes to the right department at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases import conflict, shares
from cases.actor import Actor
from cases.counting import count
from cases.fold import Case, written
from cases.history import folded, record, share_of
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow, RulingRow, new_id
from cases.reasons import ReturnReason
from cases.refusal import Refusal
from cases.telling import changed
from cases.words import Part
from config.city import City


@dataclass(frozen=True, slots=True)
class Objection:
    """Why it is not ours, which rule says so, and whose it is."""

    reason: ReturnReason
    basis: str
    suggested: str


def object_to(
    session: Session,
    row: CaseRow,
    share: AssignmentRow,
    why: Objection,
    by: Actor,
    *,
    second: bool = False,
    city: City,
    now: datetime,
) -> Case:
    """Give it back (申请退单). The second time, after a denial, it goes to the supervisor (提请裁定)."""
    _check(why, share, city)
    step = Step.DISPUTE if second or share.returns else Step.REQUEST_RETURN
    data = {"assignment": share.id, "reason": why.reason.value, "basis": why.basis.strip(), "suggested": why.suggested}
    return record(session, row, step, by, data, now=now)


def grant(session: Session, row: CaseRow, share: AssignmentRow, reason: str, by: Actor, *, now: datetime) -> Case:
    """It is not theirs: the case waits to be dispatched to somebody else."""
    return record(session, row, Step.GRANT_RETURN, by, {"assignment": share.id, "reason": reason.strip()}, now=now)


def deny(
    session: Session, row: CaseRow, share: AssignmentRow, reason: str, by: Actor, *, city: City, now: datetime
) -> Case:
    """It stays theirs, and due when it was; they have a new time to sign."""
    if not reason.strip():
        raise Refusal("请写明为什么仍由这个单位办理", field="reason")
    sign_by = _sign_by(session, share, city, now)
    data = {"assignment": share.id, "reason": reason.strip(), "sign_by": sign_by}
    case = record(session, row, Step.DENY_RETURN, by, data, now=now)
    changed(session, row, share, Step.DENY_RETURN, now=now)
    return case


def rule(
    session: Session,
    row: CaseRow,
    share: AssignmentRow,
    department: str,
    text: str,
    by: Actor,
    *,
    city: City,
    now: datetime,
) -> Case:
    """Whose it is, in writing. To the same department its clock runs on; another one gets a share of its own."""
    shares.check_department(department, city, "department")
    conflict.check(row.accused, [("department", department)], city)
    if not text.strip():
        raise Refusal("请写明裁定的理由和依据：它以后就是同类工单派单的先例", field="text")
    ruling = _ruling(row, share, department, text.strip(), by, now)
    data: dict[str, Any] = {"assignment": share.id, "ruling": ruling.id, "department": department, "text": ruling.text}
    if department == share.department:
        data |= {"sign_by": _sign_by(session, share, city, now)}
        case = record(session, row, Step.RULE, by, data, now=now)
        changed(session, row, share, Step.RULE, now=now)
    else:
        case = _move(session, row, share, department, data, by, city, now)
    session.add(ruling)
    return case


def _move(
    session: Session,
    row: CaseRow,
    share: AssignmentRow,
    department: str,
    data: dict[str, Any],
    by: Actor,
    city: City,
    now: datetime,
) -> Case:
    before = folded(session, row.number)
    if any(each.department == department for each in before.at_work):
        raise Refusal("这个单位已经在协办；请先对它“免予答复”，再裁定由它办理", field="department")
    given = shares.new_shares(row, [(department, Part(share.part))], len(before.assignments), city, now)
    case = record(session, row, Step.RULE, by, data | shares.told(given, row, city), now=now)
    shares.hand_out(session, row, given, now=now)
    return case


def _check(why: Objection, share: AssignmentRow, city: City) -> None:
    if not why.basis.strip():
        raise Refusal("请写明依据：哪一条规定说明这不是本单位的职责", field="basis")
    shares.check_department(why.suggested, city, "suggested")
    if why.suggested == share.department:
        raise Refusal("建议的承办单位应当是其他单位", field="suggested")


def _sign_by(session: Session, share: AssignmentRow, city: City, now: datetime) -> str | None:
    """As long as at the beginning, counted from the decision."""
    rule = share_of(session, share).rule
    limit = rule.sign if rule else None
    return written(count(now, limit, city.workdays).at) if limit else None


def _ruling(row: CaseRow, share: AssignmentRow, department: str, text: str, by: Actor, now: datetime) -> RulingRow:
    return RulingRow(
        id=new_id(),
        case_number=row.number,
        category=row.category,
        place=row.place,
        department=department,
        against=share.department,
        text=text,
        by=by.title,
        at=now,
    )
