"""What clients get. Masking is done here, for every way out: a department never sees who called a confidential case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases import outbox, privacy, supplements
from cases.actor import SYSTEM, Actor
from cases.deadlines import CITY_TIME
from cases.endpoints import public_keys
from cases.fold import Case, Happening, fold
from cases.guards import possible, possible_for
from cases.history import assignments, history, lead_of
from cases.lifecycle import ENDED, LEAD_SHOWS, Step
from cases.model import AssignmentRow, CaseRow, Delivery, Endpoint, Supplement
from cases.timeline import plainly
from cases.words import Channel, Confidentiality, Kind, Part, Progress, Sending, State, Urgency
from config.city import City

_WITH_DEPARTMENT = frozenset(LEAD_SHOWS.values()) - {State.ACCEPTED}


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in the city's own time."""
    return value.astimezone(CITY_TIME).isoformat(timespec="seconds") if value else None


def case_line(row: CaseRow, actor: Actor) -> dict[str, Any]:
    """A case in a list. Nobody's whole number stands in one."""
    return privacy.in_list(row, privacy.sight(Confidentiality(row.confidentiality), actor.login)) | {
        "number": row.number,
        "state": row.state,
        "state_label": State(row.state).label,
        "kind": row.kind,
        "kind_label": Kind(row.kind).label,
        "category": row.category,
        "urgency": row.urgency,
        "urgency_label": Urgency(row.urgency).label,
        "confidential": row.confidentiality != Confidentiality.ORDINARY,
        "confidentiality": row.confidentiality,
        "call": row.call_id if actor.sees_all else None,
        "version": row.version,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }


def case_view(session: Session, row: CaseRow, actor: Actor, city: City, now: datetime) -> dict[str, Any]:
    """A whole case: fields, assignments with their receipts, history, and what may be done now by this actor."""
    told, shares = history(session, row.number), assignments(session, row.number)
    mine = [a for a in shares if actor.sees_all or a.department == actor.department]
    sent = [d for d in outbox.of_case(session, row.number) if actor.sees_all or d.department == actor.department]
    folded = fold(told)
    may = possible_now(folded, actor, now)
    seen = sight(row, mine, actor)
    view = case_line(row, actor) | privacy.as_seen(row, seen)
    view |= {
        "answer": row.answer,
        "assignments": [
            _assignment(each, sent, city, now, open_=each in mine) | {"possible": may[each.id]} for each in shares
        ],
        "deliveries": [delivery(each) for each in sent],
        "supplements": [_supplement(each, seen) for each in supplements.of(session, row.number)],
        "history": [_happening(each, actor) for each in told if actor.sees_all or _shown(each, mine)],
        "possible": list(dict.fromkeys(step for steps in may.values() for step in steps)),
    }
    if actor.sees_all:
        view |= {"code": row.code, "created_by": row.created_by, "accused": row.accused or None}
        if row.confidentiality == Confidentiality.TIP_OFF:
            view["self_identifying"] = privacy.self_identifying(f"{row.summary}\n{row.text}")
    return view | {
        "due_at": moment(folded.lead.due_at) if folded.lead else None,
        "closed_at": moment(row.closed_at),
        "merged_into": row.merged_into if actor.sees_all else None,
        "reopened": folded.reopened,
        "retention": row.retention,
    }


def timeline(session: Session, row: CaseRow, actor: Actor, city: City, now: datetime) -> dict[str, Any]:
    """The way of a case in plain words, and where it is: with whom, since when, until when."""

    def name(code: str) -> str:
        found = city.department(code)
        return found.name if found else code

    shares = assignments(session, row.number)
    mine = [each for each in shares if actor.sees_all or each.department == actor.department]
    told = [h for h in history(session, row.number) if actor.sees_all or _shown(h, mine)]
    lines = ((h, plainly(h, name)) for h in told)
    items = [{"seq": h.seq, "at": moment(h.at), "step": h.step.value, "text": words} for h, words in lines if words]
    lead = lead_of(shares)
    here = {"state": row.state, "state_label": State(row.state).label, "since": items[-1]["at"] if items else None}
    here |= {"department": lead.department, "department_name": name(lead.department),
             "due_at": moment(lead.due_at)} if lead and row.state in _WITH_DEPARTMENT else {}  # fmt: skip
    days = ((row.closed_at or now) - row.created_at).total_seconds() / 86_400
    return {"number": row.number, "now": here, "citizen_days": round(days, 2), "items": items, "next": None}


def share_view(
    session: Session, row: CaseRow, share: AssignmentRow, actor: Actor, city: City, now: datetime
) -> dict[str, Any]:
    """One department's share by itself."""
    sent = [each for each in outbox.of_case(session, row.number) if each.assignment_id == share.id]
    may = possible_now(fold(history(session, row.number)), actor, now)
    view = _assignment(share, sent, city, now, open_=True) | {"possible": may[share.id]}
    return {"case": row.number, "version": row.version, **view}


def sight(row: CaseRow, mine: Iterable[AssignmentRow], actor: Actor) -> privacy.Sight:
    """How much of the citizen this actor sees in this case; a share that was given back counts for nothing."""
    parts = {each.part for each in mine if each.progress not in (Progress.RETURNED, Progress.RECALLED)}
    part = Part.LEAD if Part.LEAD in parts else Part.ASSISTING
    return privacy.sight(Confidentiality(row.confidentiality), actor.login, part)


def delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "case": row.case_number,
        "department": row.department,
        "event": row.event,
        "channel": row.channel,
        "channel_label": Channel(row.channel).label,
        "state": row.state,
        "state_label": Sending(row.state).label,
        "attempts": row.attempts,
        "next_attempt_at": moment(row.due_at) if row.state == Sending.WAITING else None,
        "last_error": row.last_error or None,
        "receipt": row.receipt or None,
        "alarm_at": moment(row.alarm_at) if row.state != Sending.DELIVERED else None,
        "created_at": moment(row.created_at),
        "delivered_at": moment(row.delivered_at),
    }


def endpoint(row: Endpoint | None, department: str) -> dict[str, Any]:
    """Never the secrets: they are shown once, when they are made; nor a key for somebody else's Open311."""
    options = {name: value for name, value in row.options.items() if name != "api_key"} if row else {}
    return {
        "department": department,
        "channel": row.channel if row else Channel.PAGE.value,
        "channel_label": Channel(row.channel).label if row else Channel.PAGE.label,
        "url": row.url if row else None,
        "email": (row.email or None) if row else None,
        "full_body": row.full_body if row else False,
        "open311": options,
        "networks": row.networks if row else [],
        "secrets": len(row.secrets) if row else 0,
        "public_keys": public_keys(row),
        "disabled_because": (row.disabled_because or None) if row else None,
        "changed_at": moment(row.changed_at) if row else None,
    }


def _assignment(
    row: AssignmentRow, sent: Iterable[Delivery], city: City, now: datetime, *, open_: bool
) -> dict[str, Any]:
    """One department's share; what it wrote is shown to itself and to the hotline only."""
    at_work = row.progress not in ENDED
    department = city.department(row.department)
    ways = [each for each in sent if each.assignment_id == row.id]
    trouble = next((each.last_error for each in ways if each.last_error and each.state != Sending.DELIVERED), None)
    return {
        "id": row.id,
        "department": row.department,
        "department_name": department.name if department else row.department,
        "part": row.part,
        "part_label": Part(row.part).label,
        "state": row.progress,
        "state_label": Progress(row.progress).label,
        "due_at": moment(row.due_at),
        "due_explained": row.due_explained,
        "provisional": row.due_provisional,
        "sign_by": moment(row.sign_by),
        "contact_by": moment(row.contact_by),
        "contacted_at": moment(row.contacted_at),
        "contact_missed": bool(row.contact_by and (row.contacted_at or now) > row.contact_by),
        "return_by": moment(row.return_by),
        "paused_until": moment(row.paused_until),
        "overdue": at_work and row.progress != Progress.REPLIED and now > row.due_at,
        "returns": row.returns,
        "extensions": row.extensions,
        "reworks": row.reworks,
        "dispatched_at": moment(row.dispatched_at),
        "delivered_at": moment(row.delivered_at),
        "signed_at": moment(row.signed_at),
        "signed_automatically": row.signed_by == SYSTEM,
        "replied_at": moment(row.replied_at),
        "reply": (row.reply or None) if open_ else None,
        "trouble": trouble,
    }


def _supplement(row: Supplement, seen: privacy.Sight) -> dict[str, Any]:
    """What the citizen has added, masked like their first words."""
    text = row.text if seen is privacy.Sight.FULL else privacy.masked_text(row.text)
    return {"at": moment(row.at), "text": text}


def _happening(h: Happening, actor: Actor) -> dict[str, Any]:
    data = dict(h.data) if actor.sees_all else privacy.masked_data(dict(h.data))
    return {"seq": h.seq, "at": moment(h.at), "step": h.step.value, "step_label": h.label, "actor": h.actor,
            "data": data}  # fmt: skip


def _shown(h: Happening, mine: Iterable[AssignmentRow]) -> bool:
    """A department sees its own share's history, also when the citizen sent it back."""
    own = {each.id for each in mine}
    again = h.step is not Step.DISPATCH and any(each["id"] in own for each in h.data.get("assignments", ()))
    return again or h.data.get("assignment") in own


def possible_now(case: Case, actor: Actor, now: datetime) -> dict[str, list[str]]:
    """The steps this actor may take: on the case itself under "", on each share under its id."""
    of_shares = {each.id: possible_for(case, each, now, actor) for each in case.assignments}
    on_case = possible(case, now, actor) if actor.sees_all else ()
    return {key: [step.value for step in steps] for key, steps in {"": on_case, **of_shares}.items()}
