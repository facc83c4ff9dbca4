"""Cases as a list, newest first: by words, by how far they are, by department, by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from cases import audit
from cases.actor import FRONT, Actor
from cases.api.answers import case_line
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.audit_chain import Action
from cases.model import AssignmentRow, CaseRow, CaseShare
from cases.search import called_from, search
from cases.words import Kind, Part, State, Urgency

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)  # what every database can count with
Moment = Annotated[AwareDatetime, Field(ge=_FIRST, lt=_LAST)]
Words = Annotated[str | None, Field(max_length=100)]


class Wanted(BaseModel):
    """What a list is narrowed to: each narrows it further, and a repeated `state` means any of these."""

    q: Words = Field(None, description="Words in matter, text and place, or a case's number; all of them must be found")
    state: list[State] = []
    urgency: list[Urgency] = []
    level: list[Urgency] = Field([], description="The same as urgency")
    kind: list[Kind] = []
    category: list[str] = Field([], max_length=50)
    department: Words = None
    due_before: Moment | None = Field(None, description="Not replied yet, and due before this moment")
    created_from: Moment | None = None
    created_to: Moment | None = Field(None, description="Not including this moment")
    phone: Annotated[str | None, Field(max_length=40)] = Field(None, description="The caller's whole number")
    call: Annotated[str | None, Field(max_length=200)] = None


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["cases"])
    all_roles = setting.access.some(*FRONT, departments=True)

    @router.get("/cases", summary="List and find cases, newest first")
    def list_cases(
        request: Request,
        response: Response,
        wanted: Annotated[Wanted, Query()],
        limit: Limit = 50,
        cursor: Cursor = None,
        actor: Actor = all_roles,
    ) -> dict[str, Any]:
        """Departments find their own cases only, and nobody's by telephone number."""
        with setting.database.session() as session:
            rows = _found(session, wanted, actor, cursor, limit + 1)
            if wanted.phone is not None:
                audit.note(session, Action.SEARCHED, actor.title, now=setting.clock(), found=len(rows))
        more = cursor_after(rows[limit - 1].created_at, rows[limit - 1].number) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [case_line(row, actor) for row in rows[:limit]], "next": more}

    return router


def _found(session: Session, wanted: Wanted, actor: Actor, cursor: str | None, limit: int) -> list[CaseRow]:
    department = wanted.department if actor.sees_all else actor.department
    chosen, order, state = _scope(department)
    chosen = chosen.where(*_narrowed(wanted, order[0], state))
    if wanted.phone is not None:
        chosen = chosen.where(called_from(wanted.phone) if actor.sees_all else false())
    if wanted.due_before:
        chosen = chosen.where(_due_before(wanted.due_before, actor))

    def paged(some: Select[Any], at_most: int) -> Select[Any]:
        return page(some, *order, cursor, at_most - 1)

    if wanted.q is None:
        return list(session.scalars(paged(chosen, limit)))
    return search(session, chosen, wanted.q, paged, limit, phones=actor.sees_all)


def _scope(department: str | None) -> tuple[Select[Any], tuple[Any, Any], Any]:
    """Everybody's cases or one department's; what they are put in order by, and their state: the indexes to walk."""
    if department is None:
        return select(CaseRow), (CaseRow.created_at, CaseRow.number), CaseRow.state
    theirs = select(CaseRow).join(CaseShare, CaseShare.case_number == CaseRow.number)
    theirs = theirs.where(CaseShare.department == department)
    return theirs, (CaseShare.created_at, CaseShare.case_number), CaseShare.state


def _narrowed(wanted: Wanted, created_at: Any, state: Any) -> list[ColumnElement[bool]]:
    any_of: dict[InstrumentedAttribute[Any], Sequence[str]] = {
        state: wanted.state,
        CaseRow.urgency: [*wanted.urgency, *wanted.level],
        CaseRow.kind: wanted.kind,
        CaseRow.category: wanted.category,
        CaseRow.call_id: [] if wanted.call is None else [wanted.call],
    }
    narrowed: list[ColumnElement[bool]] = [column.in_(values) for column, values in any_of.items() if values]
    if wanted.created_from:
        narrowed.append(created_at >= wanted.created_from)
    if wanted.created_to:
        narrowed.append(created_at < wanted.created_to)
    return narrowed


def _due_before(moment: datetime, actor: Actor) -> ColumnElement[bool]:
    """The department's own share, for the hotline the lead's."""
    whose = AssignmentRow.part == Part.LEAD if actor.sees_all else AssignmentRow.department == actor.department
    due = select(AssignmentRow.case_number).where(AssignmentRow.due_at < moment, AssignmentRow.replied_at.is_(None))
    return CaseRow.number.in_(due.where(whose))
