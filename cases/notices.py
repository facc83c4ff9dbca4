"""Notices to departments (督办通知单): proposed, issued under a number, answered, withdrawn. `supervision.py` says why.

Nobody is admonished by a machine: what the system proposes, a supervisor issues or dismisses with a reason. A public
censure needs two of them. What was issued is withdrawn only by somebody who did not sign it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cases import feed
from cases.actor import Actor
from cases.deadlines import CITY_TIME
from cases.model import AssignmentRow, CaseRow, DocumentNumber, SupervisionRow, Watch
from cases.refusal import Conflict, NotFound, Refusal, Stale, needed
from cases.supervision import FORMS, Level, NoticeState, Trigger, answer_by, may_arrive
from cases.words import Urgency
from config.city import City

BASIS = (
    "国务院办公厅《关于进一步优化地方政务服务便民热线的指导意见》（国办发〔2020〕53号），以及本市12345热线工单办理时限"
)
_OPEN = (NoticeState.PROPOSED, NoticeState.ISSUED)
SEEN_BY_DEPARTMENTS = (NoticeState.ISSUED, NoticeState.ANSWERED, NoticeState.CANCELLED)


class SamePerson(Refusal):
    status = 409
    code = "second_person_needed"
    title = "需要另一人办理"


def find(session: Session, key: str, by: Actor, *, version: int | None = None, lock: bool = False) -> SupervisionRow:
    """The notice, if it exists and is theirs: a department sees its own, and those only that were issued."""
    chosen = select(SupervisionRow).where(SupervisionRow.id == key)
    row = session.scalar(chosen.with_for_update() if lock else chosen)
    hidden = row and not by.sees_all and (row.department != by.department or row.state not in SEEN_BY_DEPARTMENTS)
    if row is None or hidden:
        raise NotFound("没有这份督办通知，或者它不归您办理")
    if version is not None and version != row.version:
        raise Stale("您打开之后，别人更新过这份督办通知；请重新打开，核对后再提交")
    return row


def write(
    session: Session,
    case: CaseRow,
    share: AssignmentRow,
    level: Level,
    trigger: Trigger,
    *,
    keys: Sequence[str],
    facts: str,
    by: str,
    now: datetime,
) -> SupervisionRow:
    """A notice that waits to be issued; a reminder is issued as it is written."""
    form = FORMS.get(level)
    row = SupervisionRow(
        case_number=case.number,
        assignment_id=share.id,
        department=share.department,
        level=level.value,
        state=(NoticeState.PROPOSED if form else NoticeState.ISSUED).value,
        trigger=trigger.value,
        keys=list(keys),
        basis=BASIS,
        facts=facts,
        demand=form.demand if form else "",
        made_by=by,
        made_at=now,
        signatories=[],
        issued_at=None if form else now,
        version=1,
    )
    session.add(row)
    session.flush()
    return _noted(session, row)


def start(
    session: Session,
    case: CaseRow,
    share: AssignmentRow,
    level: Level,
    reason: str,
    by: Actor,
    *,
    city: City,
    now: datetime,
) -> SupervisionRow:
    """By hand, at any level, with the reason. One matter, one form: an open one of this level stands in the way."""
    same = SupervisionRow.assignment_id == share.id, SupervisionRow.level == level, SupervisionRow.state.in_(_OPEN)
    if level in FORMS and session.scalar(select(SupervisionRow.id).where(*same)):
        raise Conflict(f"对这个单位的这件工单，已有一份未了结的{level.label}；一事一单，请在原单上办理")
    trigger = Trigger.CONSEQUENCE if level is Level.TRANSFER else Trigger.OTHER
    facts, key = needed(reason, "reason", "启动督办的事由"), f"{trigger}:{now.isoformat()}"
    row = write(session, case, share, level, trigger, keys=[key], facts=facts, by=by.title, now=now)
    if level is Level.REMINDER:
        remind(row, case, city=city, now=now)
    elif FORMS[level].signatories > 1:
        row.signatories = [by.title]
    return row


def remind(row: SupervisionRow, case: CaseRow, *, city: City, now: datetime) -> None:
    """A reminder needs no signature: it reaches the department as soon as its office is open."""
    row.tell_at = may_arrive(Urgency(case.urgency), now, city.workdays)


def join(session: Session, row: SupervisionRow, keys: Sequence[str], facts: str) -> SupervisionRow:
    """More has become due while this one is open. What was signed is not rewritten: there it stands as `later`."""
    row.keys, row.version = [*row.keys, *keys], row.version + 1
    if row.state == NoticeState.PROPOSED:
        row.facts = f"{row.facts}\n{facts}"
    else:
        row.later = f"{row.later}\n{facts}".strip()
    return _noted(session, row)


def issue(session: Session, row: SupervisionRow, by: Actor, *, city: City, now: datetime) -> SupervisionRow:
    """Sign it (签发). With the last signature needed it gets its number and its time for an answer, and is sent."""
    _expect(row, "签发", NoticeState.PROPOSED)
    if by.title in row.signatories:
        raise SamePerson("您已经签过；这一级督办须由另一位督办员签发")
    row.signatories, row.version = [*row.signatories, by.title], row.version + 1
    level = Level(row.level)
    if len(row.signatories) >= FORMS[level].signatories:
        case = session.get_one(CaseRow, row.case_number)
        row.tell_at = may_arrive(Urgency(case.urgency), now, city.workdays)
        row.state, row.issued_at, row.number = NoticeState.ISSUED.value, now, _next_number(session, level, now)
        row.answer_by = answer_by(level, row.tell_at, city.workdays)
        _look_again(session, row.case_number, row.answer_by)
    return _noted(session, row)


def answer(
    session: Session, row: SupervisionRow, text: str, signed_by: str, by: Actor, *, now: datetime
) -> SupervisionRow:
    """The department's written answer, late ones too. From yellow on its leader has signed it."""
    _expect(row, "回复", NoticeState.ISSUED)
    if row.level not in FORMS:
        raise Conflict("催办提醒不需要书面回复，请直接办理工单")
    if FORMS[Level(row.level)].leader_answers:
        needed(signed_by, "signed_by", "签字的单位负责人姓名")
    row.answer, row.answer_signed_by = needed(text, "answer", "回复内容"), signed_by.strip()
    row.state, row.answered_by, row.answered_at = NoticeState.ANSWERED.value, by.title, now
    row.version += 1
    return _noted(session, row)


def cancel(
    session: Session, row: SupervisionRow, reason: str, by: Actor, *, city: City, now: datetime
) -> SupervisionRow:
    """Withdraw what was issued (撤销): somebody who has not signed it. Who was told of it hears of this as well."""
    _expect(row, "撤销", NoticeState.ISSUED)
    if by.title in row.signatories:
        raise SamePerson("签发人不能撤销自己签发的督办，请由另一位督办员撤销")
    case = session.get_one(CaseRow, row.case_number)
    row.tell_at = may_arrive(Urgency(case.urgency), now, city.workdays) if row.told_at else None
    row.told_at = None
    return _end(session, row, NoticeState.CANCELLED, reason, by, now)


def dismiss(session: Session, row: SupervisionRow, reason: str, by: Actor, *, now: datetime) -> SupervisionRow:
    """Do not issue what was proposed. The record stays, with the reason: no trigger is passed over in silence."""
    _expect(row, "不予督办", NoticeState.PROPOSED)
    return _end(session, row, NoticeState.DISMISSED, reason, by, now)


def of_share(session: Session, assignment_id: str) -> Sequence[SupervisionRow]:
    """All notices of a department's share of a case, oldest first, locked until the transaction ends."""
    chosen = select(SupervisionRow).where(SupervisionRow.assignment_id == assignment_id)
    return session.scalars(chosen.order_by(SupervisionRow.made_at, SupervisionRow.id).with_for_update()).all()


def _look_again(session: Session, number: str, at: datetime) -> None:
    """Whether it was answered has to be asked then, even if nothing else happens to the case any more."""
    later = Watch.case_number == number, or_(Watch.look_at.is_(None), Watch.look_at > at)
    session.execute(update(Watch).where(*later).values(look_at=at))


def _end(
    session: Session, row: SupervisionRow, state: NoticeState, reason: str, by: Actor, now: datetime
) -> SupervisionRow:
    row.ended_because = needed(reason, "reason", f"{state.label}的理由")
    row.state, row.ended_by, row.ended_at, row.version = state.value, by.title, now, row.version + 1
    return _noted(session, row)


def _expect(row: SupervisionRow, act: str, state: NoticeState) -> None:
    now = NoticeState(row.state)
    if now is not state:
        raise Conflict(f"这份督办通知{now.label}，不能{act}；只有{state.label}的可以")


def _next_number(session: Session, level: Level, now: datetime) -> str:
    """热线督字〔2026〕7号: by series and year, without gaps or doubles, because it commits or fails with its notice."""
    series, year = FORMS[level].series, now.astimezone(CITY_TIME).year
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    first = insert(DocumentNumber).values(series=series, year=year, last=1)
    more = {"last": DocumentNumber.last + 1}
    counted = first.on_conflict_do_update(index_elements=["series", "year"], set_=more).returning(DocumentNumber.last)
    return f"热线{series}字〔{year}〕{session.scalars(counted).one()}号"


def _noted(session: Session, row: SupervisionRow) -> SupervisionRow:
    session.flush()
    feed.note(session, "case", row.case_number)
    return row
