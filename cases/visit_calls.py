"""Return visits that the telephone makes by itself: whom it may ask, whom it is asking, and what they answered.

The telephone side knows no cases: it is told a number, and tells what came of the call (`ivr.outgoing.Result`). Keys
are the citizen's own answer; everything else is left to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import visits
from cases.actor import THE_CITIZEN, THE_SYSTEM
from cases.model import CaseRow, ReturnVisit, VisitTry
from cases.reasons import Way
from cases.return_visit import Outcome, VisitState, read_call
from cases.words import Confidentiality, State
from config.city import City

_CALL_LASTS = timedelta(minutes=15)  # nobody else calls meanwhile
_OUTCOMES = {
    "answered": Outcome.NO_ANSWER,  # picked up and said nothing
    "busy": Outcome.BUSY,
    "refused": Outcome.REFUSED,
    "no_answer": Outcome.NO_ANSWER,
}


@dataclass(frozen=True, slots=True)
class DueCall:
    """A citizen who may be called automatically now."""

    visit_id: str
    case_number: str
    number: str


def due_calls(session: Session, now: datetime, limit: int = 20) -> list[DueCall]:
    """Whom the telephone may ask by itself now. Under an instruction, and where secrecy was promised, people ask."""
    chosen = select(ReturnVisit.id, CaseRow.number, CaseRow.phone).join(
        CaseRow, CaseRow.number == ReturnVisit.case_number
    )
    automatic = visits.WAITING, ReturnVisit.due_at <= now, ReturnVisit.instruction.is_(False)
    known = (
        CaseRow.phone != "",
        CaseRow.confidentiality == Confidentiality.ORDINARY,
        CaseRow.state == State.RETURN_VISIT,
    )
    rows = session.execute(chosen.where(*automatic, *known).order_by(ReturnVisit.due_at).limit(limit))
    return [DueCall(*row) for row in rows]


def begin_call(session: Session, visit_id: str, call_id: str, *, now: datetime) -> bool:
    """Claim the visit for this call: nobody else calls meanwhile. False when somebody was quicker."""
    visit, _case = visits.find(session, visit_id, lock=True)
    if visit.state != VisitState.WAITING or visit.due_at > now:
        return False
    visit.call_id, visit.due_at = call_id, now + _CALL_LASTS
    session.flush()
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
    visit, case = visits.find(session, key, lock=True)
    if visit.state != VisitState.WAITING:
        return None
    said = read_call(choices or {}, facts or {})
    if outcome == "answered" and not said.empty:
        return visits.answered(session, visit, case, said, THE_CITIZEN, Way.CALL, city=city, now=now, call_id=call_id)
    came = _OUTCOMES.get(outcome, Outcome.FAILED)
    return visits.tried(session, visit, case, came, THE_SYSTEM, Way.CALL, now=now, call_id=call_id)
