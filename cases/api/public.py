"""What a citizen may ask without a login: how far their case is, and who has looked at their name or number."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from cases import citizen_access, reveals
from cases.api.access import address_of
from cases.api.answers import moment
from cases.api.setting import Setting
from cases.history import assignments, history
from cases.model import AssignmentRow, CaseRow
from cases.refusal import NotFound
from cases.timeline import Name, plainly
from cases.words import Kind, Part, Progress, State

NOT_FOUND = "没有找到这个工单。请核对工单号和查询码，或拨 12345。"
_GONE = (Progress.RETURNED, Progress.RECALLED)


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["public"])

    @router.get("/public/cases/{number}", summary="How far a case is, for the citizen with its code")
    def read(
        number: str,
        request: Request,
        response: Response,
        code: Annotated[str, Query(max_length=40, description="查询码，登记时告诉市民")] = "",
    ) -> dict[str, Any]:
        """An unknown number and a wrong code get the same answer; after five wrong ones in an hour, for a case or from
        an address, it is 429 whatever the code. `looked`: who has seen the name or number, when and why.
        """
        address = address_of(request)
        if not citizen_access.opens(setting.database, number, code, address, now=setting.clock()):
            raise NotFound(NOT_FOUND)
        response.headers["Cache-Control"] = "private, no-store"
        with setting.database.session() as session:
            return _answer(session, session.get_one(CaseRow, number), setting)

    return router


def _answer(session: Session, row: CaseRow, setting: Setting) -> dict[str, Any]:
    shares = [each for each in assignments(session, row.number) if each.progress not in _GONE]
    lead = next((each for each in shares if each.part == Part.LEAD), None)
    told = history(session, row.number)

    def name(code: str) -> str:
        found = setting.city.department(code)
        return found.name if found else code

    return {
        "number": row.number,
        "state": row.state,
        "state_label": State(row.state).label,
        "kind": row.kind,
        "kind_label": Kind(row.kind).label,
        "summary": row.summary,
        "registered_at": moment(row.created_at),
        "closed_at": moment(row.closed_at),
        "due_at": moment(lead.due_at) if lead else None,
        "departments": [_share(each, name) for each in shares],
        "answer": row.answer or None,
        "timeline": [{"at": moment(h.at), "text": text} for h in told if (text := plainly(h, name))],
        "looked": [
            {"at": moment(look.at), "who": look.who, "field": look.field, "purpose": look.purpose}
            for look in reveals.looks(session, row.number, setting.city)
        ],
    }


def _share(row: AssignmentRow, name: Name) -> dict[str, Any]:
    """A reply is the citizen's to read when it has been reviewed."""
    return {
        "name": name(row.department),
        "part_label": Part(row.part).label,
        "state_label": Progress(row.progress).label,
        "signed_at": moment(row.signed_at),
        "reply": row.reply if row.progress == Progress.APPROVED else None,
    }
