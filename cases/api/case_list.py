"""Cases as a list, newest first: by words, by how far they are, by department, by day."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import Session

from cases.actor import FRONT, Actor
from cases.api.answers import case_line
from cases.api.paging import Cursor, Limit, cursor_after, link_next, page
from cases.api.setting import Setting
from cases.model import AssignmentRow, CaseRow
from cases.search import Paged, called_from, search
from cases.words import Kind, Part, State, Urgency

_FEW = 5_000  # cases of a department: fewer are looked up one by one, of more the newest cases hold enough

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
    due_before: AwareDatetime | None = Field(None, description="Not replied yet, and due before this moment")
    created_from: AwareDatetime | None = None
    created_to: AwareDatetime | None = Field(None, description="Not including this moment")
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

        def paged(chosen: Select[Any], at_most: int) -> Select[Any]:
            return page(chosen, CaseRow.created_at, CaseRow.number, cursor, at_most - 1)

        with setting.database.session() as session:
            rows = _found(session, wanted, actor, paged, limit + 1)
        more = cursor_after(rows[limit - 1].created_at, rows[limit - 1].number) if len(rows) > limit else None
        link_next(request, response, more)
        return {"items": [case_line(row, actor) for row in rows[:limit]], "next": more}

    return router


def _found(session: Session, wanted: Wanted, actor: Actor, paged: Paged, limit: int) -> list[CaseRow]:
    chosen = select(CaseRow).where(*_narrowed(wanted))
    if (department := wanted.department if actor.sees_all else actor.department) is not None:
        chosen = chosen.where(_theirs(session, department))
    if wanted.phone is not None:
        chosen = chosen.where(called_from(wanted.phone) if actor.sees_all else false())
    if wanted.due_before:
        chosen = chosen.where(_due_before(wanted.due_before, actor))
    if wanted.q is None:
        return list(session.scalars(paged(chosen, limit)))
    return search(session, chosen, wanted.q, paged, limit, phones=actor.sees_all)


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    any_of = {
        CaseRow.state: wanted.state,
        CaseRow.urgency: [*wanted.urgency, *wanted.level],
        CaseRow.kind: wanted.kind,
        CaseRow.category: wanted.category,
        CaseRow.call_id: [] if wanted.call is None else [wanted.call],
    }
    narrowed = [column.in_(values) for column, values in any_of.items() if values]
    if wanted.created_from:
        narrowed.append(CaseRow.created_at >= wanted.created_from)
    if wanted.created_to:
        narrowed.append(CaseRow.created_at < wanted.created_to)
    return narrowed


def _theirs(session: Session, department: str) -> ColumnElement[bool]:
    """A department with many cases is asked for along the newest cases, one with few by its own list."""
    own = select(AssignmentRow.case_number).where(AssignmentRow.department == department)
    count = session.scalar(select(func.count()).select_from(own.limit(_FEW).subquery())) or 0
    if count < _FEW:
        return CaseRow.number.in_(own)
    return own.where(AssignmentRow.case_number == CaseRow.number).exists()


def _due_before(moment: datetime, actor: Actor) -> ColumnElement[bool]:
    """The department's own share, for the hotline the lead's."""
    whose = AssignmentRow.part == Part.LEAD if actor.sees_all else AssignmentRow.department == actor.department
    due = select(AssignmentRow.case_number).where(AssignmentRow.due_at < moment, AssignmentRow.replied_at.is_(None))
    return CaseRow.number.in_(due.where(whose))
