"""How return visits read on the wire: for whoever calls, and for the citizen who holds a link."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from cases import privacy, visits
from cases.actor import Actor
from cases.api.answers import moment
from cases.history import assignments, lead_of
from cases.model import AssignmentRow, CaseRow, ReturnVisit, VisitTry
from cases.return_visit import QUESTIONS, Outcome, VisitState, script
from cases.words import Confidentiality, State
from config.city import City

__all__ = ["for_citizen", "line", "moment", "view"]


def line(visit: ReturnVisit, case: CaseRow, actor: Actor) -> dict[str, Any]:
    """A visit in the queue. Nobody's whole number stands in a list."""
    seen = privacy.in_list(case, privacy.sight(Confidentiality(case.confidentiality), actor.role))
    return {
        "id": visit.id,
        "case": visit.case_number,
        "case_state": case.state,
        "case_state_label": State(case.state).label,
        "summary": seen["summary"],
        "phone": seen["phone"],
        "caller_name": seen["caller_name"],
        "state": visit.state,
        "state_label": VisitState(visit.state).label,
        "due_at": moment(visit.due_at),
        "promised_on": visit.promised_on.isoformat() if visit.promised_on else None,
        "tries": visit.tries,
        "instruction": visit.instruction,
        "opened_at": moment(visit.opened_at),
        "version": visit.version,
    }


def view(session: Session, visit: ReturnVisit, case: CaseRow, actor: Actor, city: City) -> dict[str, Any]:
    """One visit, for whoever is about to call: the whole number, as far as the role may see it."""
    seen = privacy.as_seen(case, privacy.sight(Confidentiality(case.confidentiality), actor.role))
    return line(visit, case, actor) | {
        "phone": seen["phone"],
        "caller_name": seen["caller_name"],
        "place": seen["place"],
        "text": seen["text"],
        "script": _script(session, case, city),
        "attempts": [_try(each) for each in visits.tries_of(session, visit)],
        "solved": visit.solved,
        "satisfied": visit.satisfied,
        "contacted": visit.contacted,
        "true": visit.is_true,
        "words": visit.words or None,
        "way": visit.way,
        "answered_by": visit.answered_by or None,
        "answered_at": moment(visit.answered_at),
        "ended_at": moment(visit.ended_at),
        "call": visit.call_id,
    }


def for_citizen(session: Session, visit: ReturnVisit, case: CaseRow, city: City) -> dict[str, Any]:
    """What whoever holds the link may see: perhaps it is not the citizen who opens it."""
    return {
        "case": case.number,
        "asked_at": moment(visit.opened_at),
        "script": _script(session, case, city),
    }


def _script(session: Session, case: CaseRow, city: City) -> dict[str, Any]:
    lead = lead_of(assignments(session, case.number))
    hidden = {case.phone: "*" * len(case.phone), case.caller_name: "*"}
    hello = script(
        city=city.name,
        summary=privacy.masked_text(case.summary, hidden),
        department=_name(lead, city),
        reply=privacy.masked_text(lead.reply if lead else "", hidden),
        said_on=case.created_at,
    )
    questions = [{"field": q.field, "text": q.text, "choices": dict(q.choices)} for q in QUESTIONS]
    return {"hello": hello, "questions": questions}


def _name(share: AssignmentRow | None, city: City) -> str:
    found = city.department(share.department) if share else None
    return found.name if found else "承办单位"


def _try(row: VisitTry) -> dict[str, Any]:
    return {"n": row.n, "at": moment(row.at), "way": row.way, "by": row.by, "outcome": row.outcome,
            "outcome_label": Outcome(row.outcome).label, "call": row.call_id}  # fmt: skip
