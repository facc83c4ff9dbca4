"""The audit over HTTP: who did and saw what, and whether the record is as it was written."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import select

from cases import audit
from cases.actor import Actor
from cases.api.answers import moment
from cases.api.paging import Limit
from cases.api.setting import Setting
from cases.audit_chain import Action, Entry
from cases.audit_check import verify
from cases.model import AuditRow
from cases.words import Role

_KNOWN = {action.value: action.label for action in Action}
_LARGEST = 2**62


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["audit"])
    leaders = setting.access.some(Role.SUPERVISOR, Role.ADMINISTRATOR)

    @router.get("/audit", summary="Who did and saw what, newest first")
    def read(
        case: Annotated[str | None, Query(max_length=40, description="Of this case only")] = None,
        actor: Annotated[str | None, Query(max_length=100, description="Of this login or department:CODE only")] = None,
        action: Action | None = None,
        limit: Limit = 50,
        cursor: Annotated[int | None, Query(ge=1, le=_LARGEST, description="`next` of the page before")] = None,
        _leader: Actor = leaders,
    ) -> dict[str, Any]:
        """Entries hold no names, numbers or words of citizens."""
        wanted = {"case_number": case, "actor": actor, "action": action.value if action else None}
        chosen = select(AuditRow).where(*(getattr(AuditRow, k) == v for k, v in wanted.items() if v is not None))
        if cursor:
            chosen = chosen.where(AuditRow.seq < cursor)
        with setting.database.session() as session:
            rows = list(session.scalars(chosen.order_by(AuditRow.seq.desc()).limit(limit + 1)))
        more = rows[limit - 1].seq if len(rows) > limit else None
        return {"items": [_entry(audit.entry_of(row)) for row in rows[:limit]], "next": more}

    @router.get("/audit/verify", summary="Is the audit as it was written?")
    def check(_leader: Actor = leaders) -> dict[str, Any]:
        """Reads all of it: about 20 s for a million entries. `findings` name every place that is not as it was."""
        return verify(setting.database, setting.settings, setting.clock()).to_json()

    return router


def _entry(entry: Entry) -> dict[str, Any]:
    return {"seq": entry.seq, "at": moment(entry.at), "action": entry.action,
            "action_label": _KNOWN.get(entry.action, entry.action), "actor": entry.actor, "case": entry.case,
            "data": dict(entry.data), "digest": entry.digest}  # fmt: skip
