"""Return visits (回访) carried out: opened when a case waits for one, tried, answered, or closed as not reached.

The rules are in `return_visit.py`; this file writes them down. What the citizen said moves the case (`Step.VISIT`): it
is closed, or it goes back to the departments with a new and shorter deadline. The citizen's own words stay here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from cases import closing, feed, instructions, rework
from cases.actor import THE_CITIZEN, THE_SYSTEM, Actor
from cases.history import folded, record
from cases.lifecycle import Step
from cases.model import CaseRow, ReturnVisit, VisitTry
from cases.reasons import Way
from cases.refusal import Conflict, NotFound, NotYours, Refusal, Stale
from cases.return_visit import Answers, Outcome, VisitState, enough, first_try, next_try, read_call
from cases.words import Confidentiality, Role, State
from config.city import City

ASKED_IN = (State.RETURN_VISIT, State.MERGED, State.CANCELLED)  # whoever withdrew or was merged is asked as well
_CALL_LASTS = timedelta(minutes=15)  # nobody else calls meanwhile


@dataclass(frozen=True, slots=True)
class DueCall:
    """A citizen who may be called automatically now."""

    visit_id: str
    case_number: str
    number: str


def open_for(session: Session, case: CaseRow, *, now: datetime) -> ReturnVisit | None:
    """The visit this case waits for: made when there is none, and None when there is nothing to ask. Lock the case."""
    visit = session.scalar(select(ReturnVisit).where(ReturnVisit.case_number == case.number, _WAITING))
    if State(case.state) not in ASKED_IN:
        if visit:
            _end(session, visit, VisitState.DROPPED, now)
        return None
    if visit or _nothing_to_ask(session, case):
        return visit
    instructed = instructions.of_case(session, case.number)
    visit = ReturnVisit(
        case_number=case.number,
        opened_version=case.version,
        state=VisitState.WAITING.value,
        opened_at=now,
        due_at=first_try(now),
        tries=0,
        instruction=bool(instructed),
        not_by=instructed[-1].taken_by if instructed else "",
        version=1,
    )
    session.add(visit)
    return _noted(session, visit)


def find(session: Session, key: str, *, version: int | None = None, lock: bool = False) -> tuple[ReturnVisit, CaseRow]:
    """The visit and its case, which is locked first."""
    number = select(ReturnVisit.case_number).where(ReturnVisit.id == key).scalar_subquery()
    chosen = select(CaseRow).where(CaseRow.number == number)
    case = session.scalar(chosen.with_for_update() if lock else chosen)
    if case is None:
        raise NotFound("没有这次回访")
    visit = session.get_one(ReturnVisit, key, with_for_update=lock, populate_existing=lock)
    if version is not None and version != visit.version:
        raise Stale("您打开之后，别人更新过这次回访；请重新打开，核对后再提交")
    return visit, case


def may_visit(visit: ReturnVisit, by: Actor) -> None:
    """No department; under an instruction the supervisors, and not whoever took it. Raises NotYours."""
    if by.department is not None:
        raise NotYours("承办单位不能回访自己办理的工单")
    if visit.instruction and by.role not in (Role.SUPERVISOR, *_NOT_PEOPLE):
        raise NotYours("批示件由督办员回访")
    if visit.not_by and by.title == visit.not_by:
        raise NotYours("批示件不能由受理它的人回访")


def answered(
    session: Session,
    visit: ReturnVisit,
    case: CaseRow,
    said: Answers,
    by: Actor,
    way: Way,
    *,
    city: City,
    now: datetime,
    call_id: str | None = None,
) -> ReturnVisit:
    """What the citizen said. It closes the case or sends it back; both locked by the caller."""
    may_visit(visit, by)
    _expect_waiting(visit)
    if said.empty:
        raise Refusal("请至少记录是否解决或是否满意；没有接通请登记为一次尝试", field="solved")
    _keep(session, visit, said, by, way, now)
    visit.call_id = call_id or visit.call_id
    _note_try(session, visit, Outcome.REACHED, way, by, now, call_id)
    data = said.for_history() | {"way": way.value, "visit": visit.id}
    if said.unhappy and case.state == State.RETURN_VISIT:
        rework.again(session, case, Step.VISIT, data, by, city=city, now=now)
    else:
        record(session, case, Step.VISIT, by, data, now=now)
    return visit


def answered_late(
    session: Session,
    visit: ReturnVisit,
    case: CaseRow,
    said: Answers,
    by: Actor,
    way: Way,
    *,
    city: City,
    now: datetime,
) -> ReturnVisit:
    """By a link, when the case was closed already because nobody was reached. Who is unhappy gets it reopened."""
    if said.empty:
        raise Refusal("请至少选择是否解决或是否满意", field="solved")
    _keep(session, visit, said, by, way, now)
    if said.unhappy and case.state == State.CLOSED:
        closing.reopen(session, case, "诉求人在回访期限之后表示没有解决或不满意", by, city=city, now=now)
    return visit


def tried(
    session: Session,
    visit: ReturnVisit,
    case: CaseRow,
    outcome: Outcome,
    by: Actor,
    way: Way,
    *,
    now: datetime,
    again_at: datetime | None = None,
    call_id: str | None = None,
) -> ReturnVisit:
    """Nobody was reached, or nothing was said. The third time, on the second day, the case is closed as not reached."""
    may_visit(visit, by)
    _expect_waiting(visit)
    if outcome is Outcome.REACHED:
        raise Refusal("已接通的请填写回访结果", field="outcome")
    _note_try(session, visit, outcome, way, by, now, call_id)
    if outcome.counts:
        visit.tries += 1
        closing.visit_attempt(session, case, way, by, now=now, visit_id=visit.id)
    made = folded(session, case.number).tries
    if outcome.counts and enough(made):
        return _unreached(session, visit, case, by, now)
    visit.due_at = _later(again_at, now) if again_at else next_try(made, now)
    visit.version += 1
    return _noted(session, visit)


def put_off(session: Session, visit: ReturnVisit, due_at: datetime, by: Actor, *, now: datetime) -> ReturnVisit:
    """Promise another time, as the citizen wished."""
    may_visit(visit, by)
    _expect_waiting(visit)
    visit.due_at, visit.version = _later(due_at, now), visit.version + 1
    return _noted(session, visit)


def due_calls(session: Session, now: datetime, limit: int = 20) -> list[DueCall]:
    """Whom the telephone may ask by itself now. Under an instruction, and where secrecy was promised, people ask."""
    chosen = select(ReturnVisit.id, CaseRow.number, CaseRow.phone).join(
        CaseRow, CaseRow.number == ReturnVisit.case_number
    )
    automatic = _WAITING, ReturnVisit.due_at <= now, ReturnVisit.instruction.is_(False)
    known = (
        CaseRow.phone != "",
        CaseRow.confidentiality == Confidentiality.ORDINARY,
        CaseRow.state == State.RETURN_VISIT,
    )
    rows = session.execute(chosen.where(*automatic, *known).order_by(ReturnVisit.due_at).limit(limit))
    return [DueCall(*row) for row in rows]


def begin_call(session: Session, visit_id: str, call_id: str, *, now: datetime) -> bool:
    """Claim the visit for this call: nobody else calls meanwhile. False when somebody was quicker."""
    visit, _case = find(session, visit_id, lock=True)
    if visit.state != VisitState.WAITING or visit.due_at > now:
        return False
    visit.call_id, visit.due_at = call_id, now + _CALL_LASTS
    _noted(session, visit)
    return True


def record_automatic(
    session: Session,
    call_id: str,
    outcome: str,
    *,
    city: City,
    now: datetime,
    choices: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> ReturnVisit | None:
    """What came of a call that the hotline made by itself (`ivr.outgoing.Result`). Twice changes nothing.

    None: no visit was made by this call, or it is settled already. Keys are the citizen's own answer; somebody who
    picks up and says nothing was not asked.
    """
    key = session.scalar(select(ReturnVisit.id).where(ReturnVisit.call_id == call_id))
    if key is None or session.scalar(select(VisitTry.visit_id).where(VisitTry.call_id == call_id)):
        return None
    visit, case = find(session, key, lock=True)
    if visit.state != VisitState.WAITING:
        return None
    said = read_call(choices or {}, facts or {})
    if outcome == "answered" and not said.empty:
        return answered(session, visit, case, said, THE_CITIZEN, Way.CALL, city=city, now=now, call_id=call_id)
    came = _OUTCOMES.get(outcome, Outcome.FAILED)
    return tried(session, visit, case, came, THE_SYSTEM, Way.CALL, now=now, call_id=call_id)


def due_cases(session: Session) -> list[str]:
    """Cases whose visit has to be opened, or dropped because the case went another way."""
    primary = aliased(CaseRow)
    waits = exists().where(ReturnVisit.case_number == CaseRow.number, _WAITING)
    asked = exists().where(ReturnVisit.case_number == CaseRow.number)
    ready = exists().where(primary.number == CaseRow.merged_into, primary.state.in_(_MERGED_ASKED))
    chosen = (
        select(CaseRow.number).where(CaseRow.state == State.RETURN_VISIT, ~waits),
        select(CaseRow.number).where(CaseRow.state == State.CANCELLED, ~asked),
        select(CaseRow.number).where(CaseRow.state == State.MERGED, ready, ~asked),
        select(CaseRow.number).join(ReturnVisit).where(_WAITING, CaseRow.state.not_in(ASKED_IN)),
    )
    return [number for each in chosen for number in session.scalars(each.limit(200))]


_WAITING = ReturnVisit.state == VisitState.WAITING.value
_MERGED_ASKED = (State.RETURN_VISIT, State.CLOSED)  # with the case it was merged into
_NOT_PEOPLE = (THE_CITIZEN.role, THE_SYSTEM.role)
_OUTCOMES = {
    "answered": Outcome.NO_ANSWER,  # picked up and said nothing
    "busy": Outcome.BUSY,
    "refused": Outcome.REFUSED,
    "no_answer": Outcome.NO_ANSWER,
}


def _nothing_to_ask(session: Session, case: CaseRow) -> bool:
    """A case that was withdrawn is asked about once, one that was merged too, when the other one is done."""
    if case.state == State.RETURN_VISIT:
        return False
    asked = session.scalar(select(ReturnVisit.id).where(ReturnVisit.case_number == case.number).limit(1))
    primary = session.get(CaseRow, case.merged_into) if case.merged_into else None
    early = case.state == State.MERGED and (primary is None or State(primary.state) not in _MERGED_ASKED)
    return asked is not None or early


def _unreached(session: Session, visit: ReturnVisit, case: CaseRow, by: Actor, now: datetime) -> ReturnVisit:
    if case.state == State.RETURN_VISIT:
        closing.close_unreached(session, case, by, now=now)
    return _end(session, visit, VisitState.UNREACHED, now)


def _note_try(
    session: Session, visit: ReturnVisit, outcome: Outcome, way: Way, by: Actor, now: datetime, call_id: str | None
) -> None:
    n = len(session.scalars(select(VisitTry.n).where(VisitTry.visit_id == visit.id)).all()) + 1
    made = VisitTry(visit_id=visit.id, n=n, at=now, way=way.value, by=by.title, outcome=outcome.value, call_id=call_id)
    session.add(made)


def _keep(session: Session, visit: ReturnVisit, said: Answers, by: Actor, way: Way, now: datetime) -> None:
    visit.solved, visit.satisfied = said.solved, said.satisfied
    visit.contacted, visit.is_true, visit.words = said.contacted, said.true, said.words.strip()
    visit.way, visit.answered_by, visit.answered_at = way.value, by.title, now
    _end(session, visit, VisitState.ANSWERED, now)


def _end(session: Session, visit: ReturnVisit, state: VisitState, now: datetime) -> ReturnVisit:
    visit.state, visit.ended_at, visit.version = state.value, now, visit.version + 1
    return _noted(session, visit)


def _expect_waiting(visit: ReturnVisit) -> None:
    if visit.state != VisitState.WAITING:
        raise Conflict(f"这次回访{VisitState(visit.state).label}，不用再回访")


def _later(at: datetime, now: datetime) -> datetime:
    if not now < at <= now + timedelta(days=30):
        raise Refusal("请约在今后 30 天内的时间", field="due_at")
    return at


def _noted(session: Session, visit: ReturnVisit) -> ReturnVisit:
    session.flush()
    feed.note(session, "case", visit.case_number)
    return visit
