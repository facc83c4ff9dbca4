"""A call, over or still going on: its events, legs, recordings, transcript and draft."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import FileResponse

from cases import audit, intake
from cases.actor import FRONT, Actor
from cases.api.answers import moment
from cases.api.setting import Setting
from cases.audit_chain import Action
from cases.calls_identity import tip_offs
from cases.model import CaseRow, TranscriptRow
from cases.refusal import NotFound, NotYours
from cases.words import Role
from ivr.call import Call, CallEvent, Recording, fold
from ivr.call import Role as Party

_CALL_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
_OURS = frozenset({Party.OPERATOR, Party.SUPERVISOR})


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["calls"])
    front = setting.access.some(*FRONT)

    @router.get("/calls/{call_id}", summary="A call with everything known of it")
    def read(call_id: str, actor: Actor = front) -> dict[str, Any]:
        with setting.database.session() as session:
            events = events_of(session, call_id, actor, setting)
            audit.note(session, Action.CALL_READ, actor.title, now=setting.clock(), call=call_id)
            return call_view(session, events)

    @router.get("/calls/{call_id}/recordings/{leg}.wav", summary="What one leg said", response_class=FileResponse)
    def recording(call_id: str, leg: str, part: int = Query(1, ge=1, le=1000), actor: Actor = front) -> FileResponse:
        with setting.database.session() as session:
            events = events_of(session, call_id, actor, setting)
            audit.note(session, Action.HEARD, actor.title, now=setting.clock(), call=call_id, leg=leg)
        found = [each for each in fold(events).recordings if each.leg == leg][part - 1 : part]
        path = _file(found[0], setting.settings.recordings_dir) if found else None
        if path is None:
            raise NotFound("没有这段录音")
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
        return FileResponse(path, media_type="audio/wav", headers=headers)

    return router


def call_view(session: Session, events: list[CallEvent]) -> dict[str, Any]:
    """The answer for one call, from its events, wherever these stand now."""
    call = fold(events)
    said, draft = session.get(TranscriptRow, call.id), intake.draft_of(session, call.id)
    numbers = session.scalars(select(CaseRow.number).where(CaseRow.call_id == call.id).order_by(CaseRow.number))
    return _call(call) | {
        "events": [_event(each) for each in sorted(events, key=lambda e: e.seq)],
        "transcript": said.content if said else None,
        "transcript_state": said.state if said else None,
        "draft": intake.merged(draft) if draft else None,
        "cases": list(numbers),
    }


def events_of(session: Session, call_id: str, actor: Actor, setting: Setting) -> list[CallEvent]:
    """What the database has, and what has happened since. A call that is not theirs does not exist for them."""
    known = {each.seq: each for each in live_events(call_id, setting)}
    known |= {each.seq: each for each in intake.call_events(session, call_id)}
    events = list(known.values())
    if not events or not _theirs(fold(events), actor):
        raise NotFound("没有这通电话的记录")
    _check_tip_off(session, fold(events), actor)
    return events


def live_events(call_id: str, setting: Setting) -> Sequence[CallEvent]:
    """What stands beside the database. The name becomes a file's there, so only a name of ours is asked for."""
    return setting.live_events(call_id) if _CALL_ID.fullmatch(call_id) else ()


def _theirs(call: Call, actor: Actor) -> bool:
    """Operators hear the calls they were in, and messages left when nobody answered; those who lead hear all."""
    talked = _talked(call)
    return actor.role is not Role.OPERATOR or not talked or actor.name in talked


def _check_tip_off(session: Session, call: Call, actor: Actor) -> None:
    """Number and voice would tell who gave it: they are for who took the call, or registered what was left."""
    case = tip_offs(session, [call.id]).get(call.id)
    if case and actor.name not in _talked(call) | {session.get_one(CaseRow, case).created_by}:
        raise NotYours("这是举报电话：只有接听和登记的话务员可以查看；举报人的身份请在工单中申请，由第二人同意")


def _talked(call: Call) -> set[str]:
    return {leg.name for leg in call.legs if leg.joined_at and leg.role in _OURS}


def _call(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "caller": call.caller,
        "dialled": call.dialled,
        "flow": call.flow,
        "version": call.version,
        "started_at": moment(call.started_at),
        "ended_at": moment(call.ended_at),
        "ended_because": call.ended_because or None,
        "answered": call.answered,
        "satisfaction": call.facts.get("satisfaction"),
        "legs": [_leg(each) for each in call.legs],
        "recordings": [_recording(call, each) for each in call.recordings],
    }


def _event(event: CallEvent) -> dict[str, Any]:
    return {"seq": event.seq, "at": event.at.isoformat(), "kind": event.kind.value, "data": dict(event.data)}


def _leg(leg: Any) -> dict[str, Any]:
    times = {name: moment(getattr(leg, name)) for name in ("asked_at", "joined_at", "left_at")}
    return {"id": leg.id, "role": leg.role.value, "name": leg.name, "cause": leg.cause or None} | times


def _recording(call: Call, r: Recording) -> dict[str, Any]:
    same = [each for each in call.recordings if each.leg == r.leg]
    part = f"?part={same.index(r) + 1}" if len(same) > 1 else ""
    url = f"/api/v1/calls/{call.id}/recordings/{r.leg}.wav{part}"
    return {"leg": r.leg, "what": r.what, "started_at": moment(r.started_at), "seconds": r.seconds, "url": url}


def _file(r: Recording, folder: Path) -> Path | None:
    """The path comes from our own events, but is believed no more than a stranger's."""
    path = (folder / r.path).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
