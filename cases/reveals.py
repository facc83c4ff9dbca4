"""Seeing a name or number that is masked: with a purpose, once, on record, and the citizen can read who looked.

An ordinary case's is shown at once to whom `privacy.may_reveal` lets. A tip-off's takes two persons: one asks, another
grants, and the asker then opens it, once, within a day. A confidential citizen is reached through the hotline only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import audit, identities, privacy
from cases.actor import Actor
from cases.audit_chain import Action
from cases.model import AssignmentRow, CaseRow, Person, RevealRow
from cases.refusal import Conflict, NotFound, NotYours, Refusal
from cases.words import Confidentiality, Labelled, Part, Progress, Role
from config.city import City

OPEN_FOR = timedelta(days=1)
SHORTEST_PURPOSE = 2


class Stage(Labelled):
    """How far a reveal has come."""

    ASKED = "asked", "待第二人同意"
    GRANTED = "granted", "已同意，待查看"
    SHOWN = "shown", "已查看"
    LAPSED = "lapsed", "已过期"


@dataclass(frozen=True, slots=True)
class Look:
    """One line of what the citizen reads."""

    at: datetime
    who: str
    field: str
    purpose: str


def ask(
    session: Session, case: CaseRow, field: str, purpose: str, by: Actor, *, now: datetime
) -> tuple[RevealRow, str | None]:
    """The reveal, and the value unless a second person has to grant it first."""
    level = Confidentiality(case.confidentiality)
    if not privacy.may_reveal(level, by.role, _part(session, case.number, by)):
        raise NotYours(_why_not(level))
    if len(purpose.strip()) < SHORTEST_PURPOSE:
        raise Refusal("请写明查看的用途；市民会看到这句话", field="purpose")
    row = RevealRow(
        case_number=case.number,
        field=field,
        purpose=privacy.masked_text(purpose.strip()),
        asked_by=by.title,
        department=by.department,
        needs_second=level is Confidentiality.TIP_OFF,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    audit.note(session, Action.REVEAL_ASKED, by.title, now=now, case=case.number, reveal=row.id, field=field)
    return row, None if row.needs_second else _show(session, row, case, by, now)


def grant(session: Session, reveal_id: str, by: Actor, *, now: datetime) -> RevealRow:
    """The second person's word (四眼原则)."""
    row = _locked(session, reveal_id)
    if stage(row, now) is not Stage.ASKED:
        raise Conflict(f"这个申请的状态是“{stage(row, now).label}”，不需要同意")
    if row.asked_by == by.title:
        raise NotYours("申请人不能同意自己的申请，请由另一个人同意")
    row.granted_by, row.granted_at = by.title, now
    audit.note(session, Action.REVEAL_GRANTED, by.title, now=now, case=row.case_number, reveal=row.id, field=row.field)
    return row


def open_granted(session: Session, reveal_id: str, by: Actor, *, now: datetime) -> tuple[RevealRow, str]:
    """The value, once, for the one who asked."""
    row = _locked(session, reveal_id)
    if row.asked_by != by.title:
        raise NotFound("没有这个申请，或者它不是您提出的")
    if stage(row, now) is not Stage.GRANTED:
        raise Conflict(f"这个申请的状态是“{stage(row, now).label}”，现在不能查看")
    return row, _show(session, row, session.get_one(CaseRow, row.case_number), by, now)


def stage(row: RevealRow, now: datetime) -> Stage:
    if row.shown_at:
        return Stage.SHOWN
    if now > (row.granted_at or row.asked_at) + OPEN_FOR:
        return Stage.LAPSED
    return Stage.GRANTED if row.granted_at else Stage.ASKED


def waiting(session: Session, now: datetime) -> list[RevealRow]:
    """What needs a second person's word, the oldest first."""
    open_ = RevealRow.needs_second, RevealRow.granted_at.is_(None), RevealRow.asked_at >= now - OPEN_FOR
    return list(session.scalars(select(RevealRow).where(*open_).order_by(RevealRow.asked_at).limit(200)))


def granted(session: Session, by: Actor, now: datetime) -> list[RevealRow]:
    """What this person was granted and has not opened yet."""
    mine = RevealRow.asked_by == by.title, RevealRow.shown_at.is_(None), RevealRow.granted_at >= now - OPEN_FOR
    return list(session.scalars(select(RevealRow).where(*mine).order_by(RevealRow.granted_at)))


def looks(session: Session, number: str, city: City) -> Sequence[Look]:
    """Who has seen this citizen's name or number, when and why."""
    shown = RevealRow.case_number == number, RevealRow.shown_at.is_not(None)
    rows = session.execute(
        select(RevealRow, Person.role)
        .outerjoin(Person, Person.name == RevealRow.asked_by)
        .where(*shown)
        .order_by(RevealRow.shown_at)
    )
    return [Look(row.shown_at or row.asked_at, _who(row, role, city), row.field, row.purpose) for row, role in rows]


def _who(row: RevealRow, role: str | None, city: City) -> str:
    """The department or the role, never a person: their names are in the audit."""
    if row.department:
        found = city.department(row.department)
        return found.name if found else row.department
    return f"12345 热线{Role(role).label if role else ''}"


def _show(session: Session, row: RevealRow, case: CaseRow, by: Actor, now: datetime) -> str:
    secret = case.confidentiality == Confidentiality.TIP_OFF
    value = identities.unseal(session, case.number).get(row.field, "") if secret else getattr(case, row.field)
    if not value:
        raise NotFound("市民没有留下这一项，或者它已按保存期限清除")
    row.shown_at = now
    audit.note(session, Action.REVEALED, by.title, now=now, case=case.number, reveal=row.id, field=row.field)
    return str(value)


def _part(session: Session, number: str, by: Actor) -> Part | None:
    """This department's share, if it is still expected to work on it."""
    if by.department is None:
        return None
    own = AssignmentRow.case_number == number, AssignmentRow.department == by.department
    gone = AssignmentRow.progress.not_in((Progress.RETURNED, Progress.RECALLED))
    parts = set(session.scalars(select(AssignmentRow.part).where(*own, gone)))
    return Part.LEAD if Part.LEAD in parts else Part.ASSISTING


def _why_not(level: Confidentiality) -> str:
    if level is Confidentiality.CONFIDENTIAL:
        return "市民要求保密：姓名和号码不提供给承办单位，需要联系时请由 12345 热线转接"
    if level is Confidentiality.TIP_OFF:
        return "举报人的身份只能由督办员或管理员申请查看，并须第二人同意"
    return "只有主办单位可以查看联系方式；协办单位请通过主办单位联系"


def _locked(session: Session, reveal_id: str) -> RevealRow:
    row = session.get(RevealRow, reveal_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这个申请")
    return row
