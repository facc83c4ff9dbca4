"""Why a case is due when it is: the explanation that was given at dispatch, assignment by assignment."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from cases import case
from cases.actor import FRONT, Actor
from cases.api.answers import moment
from cases.api.setting import Setting
from cases.history import assignments
from cases.model import AssignmentRow


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["cases"])
    all_roles = setting.access.some(*FRONT, departments=True)

    @router.get("/cases/{number}/deadline", summary="The deadline of each assignment, explained day by day")
    def read(number: str, actor: Actor = all_roles) -> dict[str, Any]:
        """What a department asks about is its own. `provisional`: a year on the way is not announced yet."""
        with setting.database.session() as session:
            row = case.find(session, number, actor)
            mine = [a for a in assignments(session, row.number) if actor.sees_all or a.department == actor.department]
            return {"number": row.number, "assignments": [_explained(each) for each in mine]}

    return router


def _explained(row: AssignmentRow) -> dict[str, Any]:
    """The keys of `Deadline.to_json`, from what was kept: rules and calendar may have changed since."""
    return {
        "assignment": row.id,
        "department": row.department,
        "part": row.part,
        "dispatched_at": moment(row.dispatched_at),
        "due_at": moment(row.due_at),
        "provisional": row.due_provisional,
        "explained": row.due_explained,
        "sign_by": moment(row.sign_by),
        "contact_by": moment(row.contact_by),
        "rules": row.due_rules or None,
        "calendar": row.due_calendar or None,
    }
