"""Return visits (回访) carried out: opened when a case waits for one, tried, answered, or closed as not reached.

The rules are in `return_visit.py`; this file writes them down. What the citizen said moves the case (`Step.VISIT`): it
is closed, or it goes back to the departments with a new and shorter deadline. The citizen's own words stay here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import closing, feed, instructions, rework
from cases.actor import Actor, Outside
from cases.deadlines import CITY_TIME
from cases.history import assignments, folded, lead_of, record
from cases.lifecycle import Step
from cases.model import CaseRow, ReturnVisit, VisitTry
from cases.promises import promises
from cases.reasons import Way
from cases.refusal import Conflict, NotFound, NotYours, Refusal, Stale
from cases.return_visit import FIRST_SLOT, Answers, Outcome, VisitState, enough, first_try, next_try
from cases.words import Role, State
from config.city import City

ASKED_IN = (State.RETURN_VISIT, State.MERGED, State.CANCELLED)  # whoever withdrew or was merged is asked as well
WAITING = ReturnVisit.state == VisitState.WAITING.value
MERGED_ASKED = (State.RETURN_VISIT, State.CLOSED)  # with the case it was merged into
_NOT_PEOPLE = (Outside.CITIZEN, Outside.SYSTEM)


def open_for(session: Session, case: CaseRow, *, now: datetime) -> ReturnVisit | None:
    """The visit this case waits for: made when there is none, and None when there is nothing to ask. Lock the case."""
    visit = session.scalar(select(ReturnVisit).where(ReturnVisit.case_number == case.number, WAITING))
    if State(case.state) not in ASKED_IN:
        if visit and (visit.promised_on is None or case.state != State.CLOSED):
            _end(session, visit, VisitState.DROPPED, now)
        return None
    if visit or _nothing_to_ask(session, case):
        return visit
    instructed = instructions.of_case(session, case.number)
    not_by = instructed[-1].taken_by if instructed else ""
    return _open(session, case, bool(instructed), not_by, now, due_at=first_try(now))


def _open(
    session: Session,
    case: CaseRow,
    instruction: bool,
    not_by: str,
    now: datetime,
    *,
    due_at: datetime,
    promised_on: date | None = None,
) -> ReturnVisit:
    visit = ReturnVisit(
        case_number=case.number,
        opened_version=case.version,
        state=VisitState.WAITING.value,
        opened_at=now,
        due_at=due_at,
        promised_on=promised_on,
        tries=0,
        instruction=instruction,
        not_by=not_by,
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
    """What the citizen said. It closes the case, sends it back, or takes it up again; both locked by the caller."""
    may_visit(visit, by)
    _expect_open(visit, by)
    if said.empty:
        raise Refusal("请至少记录是否解决或是否满意；没有接通请登记为一次尝试", field="solved")
    _keep(session, visit, said, by, way, now)
    visit.call_id = call_id or visit.call_id
    _note_try(session, visit, Outcome.REACHED, way, by, now, call_id)
    _move(session, visit, case, said, by, way, city=city, now=now)
    return visit


def _move(
    session: Session,
    visit: ReturnVisit,
    case: CaseRow,
    said: Answers,
    by: Actor,
    way: Way,
    *,
    city: City,
    now: datetime,
) -> None:
    """What the answer means for the case, by how far it is: it may have been closed before the answer came."""
    data = said.for_history() | {"way": way.value, "visit": visit.id}
    if case.state == State.RETURN_VISIT and said.unhappy:
        rework.again(session, case, Step.VISIT, data, by, city=city, now=now)
    elif case.state == State.RETURN_VISIT:
        record(session, case, Step.VISIT, by, data, now=now)
        _keep_in_mind(session, visit, case, city, now)
    elif case.state in ASKED_IN:
        record(session, case, Step.VISIT, by, data, now=now)
    elif case.state == State.CLOSED and said.unhappy:
        closing.reopen(session, case, "诉求人在办结之后表示没有解决或不满意", by, city=city, now=now)


def _keep_in_mind(session: Session, visit: ReturnVisit, case: CaseRow, city: City, now: datetime) -> None:
    """The citizen was content with a promise: on the day after it came due somebody asks whether it was kept."""
    lead = lead_of(assignments(session, case.number))
    said_on = (lead.replied_at if lead and lead.replied_at else now).astimezone(CITY_TIME).date()
    promised = promises(lead.reply if lead else "", city.reply_words, said_on, city.workdays)
    due = max((each.due for each in promised if each.due), default=said_on)
    if due >= now.astimezone(CITY_TIME).date() and due > said_on:
        after = datetime.combine(due + timedelta(days=1), FIRST_SLOT, CITY_TIME)
        _open(session, case, visit.instruction, visit.not_by, now, due_at=after, promised_on=due)


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
        if State(case.state) in ASKED_IN:
            closing.visit_attempt(session, case, way, by, now=now, visit_id=visit.id)
    made = _made(session, visit, case)
    if outcome.counts and enough(made):
        return _unreached(session, visit, case, by, now)
    visit.due_at = _later(again_at, now) if again_at else next_try(made, now)
    visit.version += 1
    return _noted(session, visit)


def close_unreached(session: Session, case: CaseRow, by: Actor, *, now: datetime) -> None:
    """By hand: the history says whether it was tried often enough."""
    visit = open_for(session, case, now=now)
    closing.close_unreached(session, case, by, now=now)
    if visit is not None:
        _end(session, visit, VisitState.UNREACHED, now)


def tries_of(session: Session, visit: ReturnVisit) -> Sequence[VisitTry]:
    return session.scalars(select(VisitTry).where(VisitTry.visit_id == visit.id).order_by(VisitTry.n)).all()


def put_off(session: Session, visit: ReturnVisit, due_at: datetime, by: Actor, *, now: datetime) -> ReturnVisit:
    """Promise another time, as the citizen wished."""
    may_visit(visit, by)
    _expect_waiting(visit)
    visit.due_at, visit.version = _later(due_at, now), visit.version + 1
    return _noted(session, visit)


def _nothing_to_ask(session: Session, case: CaseRow) -> bool:
    """A case that was withdrawn is asked about once, one that was merged too, when the other one is done."""
    if case.state == State.RETURN_VISIT:
        return False
    asked = session.scalar(select(ReturnVisit.id).where(ReturnVisit.case_number == case.number).limit(1))
    primary = session.get(CaseRow, case.merged_into) if case.merged_into else None
    early = case.state == State.MERGED and (primary is None or State(primary.state) not in MERGED_ASKED)
    return asked is not None or early


def _made(session: Session, visit: ReturnVisit, case: CaseRow) -> Sequence[datetime]:
    """The tries that count: those of the case's history, whoever noted them; of a closed case, this visit's."""
    if State(case.state) in ASKED_IN:
        return folded(session, case.number).tries
    return [each.at for each in tries_of(session, visit) if Outcome(each.outcome).counts]


def _unreached(session: Session, visit: ReturnVisit, case: CaseRow, by: Actor, now: datetime) -> ReturnVisit:
    if case.state == State.RETURN_VISIT:
        closing.close_unreached(session, case, by, now=now)
    return _end(session, visit, VisitState.UNREACHED, now)


def _note_try(
    session: Session, visit: ReturnVisit, outcome: Outcome, way: Way, by: Actor, now: datetime, call_id: str | None
) -> None:
    n = len(tries_of(session, visit)) + 1
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


def _expect_open(visit: ReturnVisit, by: Actor) -> None:
    """A citizen who was not reached may still say by the link how it went."""
    if not (visit.state == VisitState.UNREACHED and by.role is Outside.CITIZEN):
        _expect_waiting(visit)


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
