"""Which cases GeoReport shows, and how: those made public, and to a reporter those that came through it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from cases.georeport.answers import Wrong
from cases.history import assignments, history, lead_of
from cases.lifecycle import OVER
from cases.model import CaseRow, Publication, Reported, Reporter
from cases.words import Confidentiality, State
from config.city import City

USUAL_SPAN = timedelta(days=90)
MOST = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question for cases. `numbers` overrides everything else, as GeoReport says."""

    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    status: str = ""  # open, closed, or both when empty
    page: int = 1
    page_size: int = MOST


def listed(session: Session, wanted: Wanted, reporter: Reporter | None, now: datetime) -> list[CaseRow]:
    chosen = _visible(reporter)
    if wanted.numbers:
        return list(session.scalars(_newest(chosen.where(CaseRow.number.in_(wanted.numbers))).limit(MOST)))
    start, end = _span(wanted, now)
    chosen = chosen.where(CaseRow.created_at >= start, CaseRow.created_at <= end)
    if wanted.categories:
        chosen = chosen.where(CaseRow.category.in_(wanted.categories))
    if wanted.status:
        states = [state.value for state in State if (state in OVER) is (wanted.status == "closed")]
        chosen = chosen.where(CaseRow.state.in_(states))
    paged = _newest(chosen).offset((wanted.page - 1) * wanted.page_size).limit(wanted.page_size)
    return list(session.scalars(paged))


def found(session: Session, number: str, reporter: Reporter | None) -> CaseRow:
    row = session.scalar(_visible(reporter).where(CaseRow.number == number))
    if row is None:
        raise Wrong(404, "没有这个工单，或者它没有公开")
    return row


def shown(session: Session, rows: Iterable[CaseRow], city: City, *, extensions: bool) -> list[dict[str, Any]]:
    return [_shown(session, row, city, extensions) for row in rows]


def _shown(session: Session, row: CaseRow, city: City, extensions: bool) -> dict[str, Any]:
    public, said = session.get(Publication, row.number), session.get(Reported, row.number)
    category, state = city.category(row.category), State(row.state)
    lead = lead_of(assignments(session, row.number))
    office = city.department(lead.department) if lead else None
    request: dict[str, Any] = {
        "service_request_id": row.number,
        "status": "closed" if state in OVER else "open",
        "status_notes": (public.answer if public else "") or state.label,
        "service_name": category.name if category else row.category,
        "service_code": row.category,
        "description": public.summary if public else row.text or row.summary,
        "agency_responsible": office.name if office else None,
        "service_notice": None,
        "requested_datetime": row.created_at.isoformat(),
        "updated_datetime": row.updated_at.isoformat(),
        "expected_datetime": lead.due_at.isoformat() if lead else None,
        "address": public.place if public else row.place,
        "address_id": None,
        "zipcode": None,
        "lat": said.latitude if said and not public else None,
        "long": said.longitude if said and not public else None,
        "media_url": None,
    }
    if extensions:
        steps = [{"datetime": h.at.isoformat(), "description": h.label} for h in history(session, row.number)]
        request |= {"notes": steps, "extended_attributes": {"state": state.value, "state_zh": state.label}}
    return request


def _visible(reporter: Reporter | None) -> Select[CaseRow]:
    public = CaseRow.number.in_(select(Publication.case_number))
    open_to_all = public & (CaseRow.confidentiality == Confidentiality.ORDINARY.value)
    if reporter is None:
        return select(CaseRow).where(open_to_all)
    own = select(Reported.case_number).where(Reported.reporter == reporter.name)
    return select(CaseRow).where(or_(open_to_all, CaseRow.number.in_(own)))


def _newest(chosen: Select[CaseRow]) -> Select[CaseRow]:
    return chosen.order_by(CaseRow.created_at.desc(), CaseRow.number.desc())


def _span(wanted: Wanted, now: datetime) -> tuple[datetime, datetime]:
    """The last 90 days, or the 90 days that begin or end where asked."""
    end = wanted.end or (min(now, wanted.start + USUAL_SPAN) if wanted.start else now)
    start = wanted.start or end - USUAL_SPAN
    if end - start > USUAL_SPAN:
        raise Wrong(400, "start_date 和 end_date 之间最多 90 天")
    return start, end
