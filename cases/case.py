"""Cases: registered by a person, from a corrected draft or without a call; corrected, accepted, answered at once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cases import calls_identity, identities
from cases import knowledge as entries
from cases.actor import Actor
from cases.deadlines import CITY_TIME
from cases.fold import Case
from cases.history import record
from cases.lifecycle import GIVEN_UP, Step
from cases.model import AssignmentRow, CallRow, CaseNumber, CaseRow, DraftRow
from cases.refusal import NotFound, Refusal, Stale
from cases.words import Confidentiality, Kind, Urgency
from config.city import City

_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another when read aloud
_CODE_LENGTH = 10
_SHOWN_IN_HISTORY = frozenset({"kind", "category", "urgency", "confidentiality", "place", "accused"})


@dataclass(frozen=True, slots=True)
class Fields:
    """What a person may write into a case."""

    kind: Kind
    category: str
    urgency: Urgency = Urgency.ORDINARY
    confidentiality: Confidentiality = Confidentiality.ORDINARY
    place: str = ""
    phone: str = ""
    caller_name: str = ""
    summary: str = ""
    text: str = ""
    accused: str = ""


def register(
    session: Session, given: Fields, by: Actor, *, city: City, now: datetime, call_id: str | None = None
) -> CaseRow:
    """A new case (登记), numbered by the day of the city's clock. `call_id` must be in the calls table."""
    values = _checked(given, city)
    identity = identities.taken_out(values)
    row = CaseRow(
        number=_next_number(session, now),
        code="".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH)),
        call_id=_known_call(session, call_id),
        draft_id=session.scalar(select(DraftRow.id).where(DraftRow.call_id == call_id)) if call_id else None,
        state="registered",
        version=1,
        created_by=by.title,
        created_at=now,
        updated_at=now,
        **values,
    )
    session.add(row)
    session.flush()
    identities.seal(session, row.number, identity, now=now)
    calls_identity.hide(session, row.call_id, now=now)
    record(session, row, Step.REGISTER, by, {"fields": sorted(k for k, v in values.items() if v)}, now=now)
    return row


def find(session: Session, number: str, by: Actor, *, version: int | None = None, lock: bool = False) -> CaseRow:
    """The case, if it exists and is theirs. With `version`, only if nobody has changed it since."""
    chosen = select(CaseRow).where(CaseRow.number == number)
    if not by.sees_all:
        mine = AssignmentRow.department == by.department, AssignmentRow.progress.not_in(GIVEN_UP)
        own = select(AssignmentRow.case_number).where(*mine)
        chosen = chosen.where(CaseRow.number.in_(own))
    row = session.scalar(chosen.with_for_update() if lock else chosen)
    if row is None:
        raise NotFound("没有这个工单，或者它不归您办理")
    if version is not None and version != row.version:
        raise Stale("您打开之后，别人更新过这个工单；请重新打开，核对后再提交")
    return row


def correct(session: Session, row: CaseRow, changes: dict[str, Any], by: Actor, *, city: City, now: datetime) -> Case:
    """Change what stands in the case, before it is dispatched or answered."""
    old = {field.name: getattr(row, field.name) for field in fields(Fields)}
    new = _checked(Fields(**_words(old | changes)), city)
    if old["confidentiality"] == Confidentiality.TIP_OFF != new["confidentiality"]:
        raise Refusal("举报件的保密级别不能降低", field="confidentiality")
    identities.seal(session, row.number, identities.taken_out(new), now=now)
    changed = {
        name: [old[name], new[name]] if name in _SHOWN_IN_HISTORY else [] for name in new if new[name] != old[name]
    }
    case = record(session, row, Step.CORRECT, by, {"fields": changed}, now=now)
    for name, value in new.items():
        setattr(row, name, value)
    calls_identity.hide(session, row.call_id, now=now)
    return case


def accept(session: Session, row: CaseRow, by: Actor, *, now: datetime) -> Case:
    return record(session, row, Step.ACCEPT, by, {}, now=now)


def answer(
    session: Session,
    row: CaseRow,
    text: str,
    by: Actor,
    *,
    now: datetime,
    knowledge: str = "",
    solved: bool | None = None,
) -> Case:
    """Answered on the spot (直接答复): more than half of all calls end so.

    `knowledge`: the entry it was read from; `solved`: what the citizen said when asked whether that settles it.
    """
    if not text.strip():
        raise Refusal("请写明答复了什么", field="answer")
    data: dict[str, Any] = {"answer": text.strip()}
    if knowledge:
        entries.used(session, knowledge)
        data |= {"knowledge": knowledge}
    data |= {"solved": solved} if solved is not None else {}
    return record(session, row, Step.ANSWER, by, data, now=now)


def _words(values: dict[str, Any]) -> dict[str, Any]:
    typed = {"kind": Kind, "urgency": Urgency, "confidentiality": Confidentiality}
    return {name: typed[name](value) if name in typed else value for name, value in values.items()}


def _checked(given: Fields, city: City) -> dict[str, Any]:
    """The columns. A tip-off is always protected; a case needs at least its matter."""
    values: dict[str, Any] = {field.name: str(getattr(given, field.name)).strip() for field in fields(Fields)}
    if city.category(values["category"]) is None:
        known = "、".join(f"{each.code}（{each.name}）" for each in city.categories)
        raise Refusal(f"没有这个类别；可用的类别：{known}", field="category")
    if values["accused"] and city.department(values["accused"]) is None:
        raise Refusal("没有这个代码的承办单位；被反映的不是承办单位时请写在 text（详情）里", field="accused")
    if given.kind is Kind.TIP_OFF:
        values["confidentiality"] = Confidentiality.TIP_OFF.value
    values["summary"] = values["summary"] or values["text"][:80]
    if not values["summary"]:
        raise Refusal("请写明诉求内容：summary（摘要）和 text（详情）至少填一项", field="summary")
    return values


def _known_call(session: Session, call_id: str | None) -> str | None:
    if call_id and session.get(CallRow, call_id) is None:
        raise Refusal("没有这通电话的记录；不是来电登记的工单请不要填 call", field="call")
    return call_id or None


def _next_number(session: Session, now: datetime) -> str:
    """YYYYMMDD and at least four digits; two registrations at once never get the same."""
    day = f"{now.astimezone(CITY_TIME):%Y%m%d}"
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    first = insert(CaseNumber).values(day=day, last=1)
    counted = first.on_conflict_do_update(index_elements=["day"], set_={"last": CaseNumber.last + 1})
    return f"{day}{session.scalars(counted.returning(CaseNumber.last)).one():04d}"
