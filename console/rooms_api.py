"""Rooms and operators over HTTP: the exchange's requests, with roles and readable refusals (DESIGN §5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cases.actor import Actor
from cases.api.access import Access
from cases.api.bodies import NO_NUL, Line
from cases.problem_details import USUAL, documented, problem
from cases.words import Role as UserRole
from console.hub import participant_json, room_json
from ivr import room as rooms_of_calls
from ivr.board import Operator, Participant, Place, RecordingState, Room, Status
from ivr.call import Role
from ivr.exchange import Exchange
from ivr.live import Refused

_NOT_FOUND = {"no_room", "no_participant"}
_UNKNOWN = {"unknown_department", "unknown_operator", "no_telephone"}


class StatusBody(BaseModel):
    """What an operator says of themselves."""

    model_config = ConfigDict(extra="forbid")
    status: Status
    reason: Annotated[str, Field(max_length=50, pattern=NO_NUL)] = ""


class Invitation(BaseModel):
    """Exactly one of the two. `muted`: a colleague who only listens."""

    model_config = ConfigDict(extra="forbid")
    department: Line | None = None
    operator: Line | None = None
    muted: bool = False

    @model_validator(mode="after")
    def _one(self) -> Invitation:
        if bool(self.department) == bool(self.operator):
            raise ValueError("name a department or an operator")
        return self


class Change(BaseModel):
    """What is not named stays as it is. `whisper_to: null` ends a whisper."""

    model_config = ConfigDict(extra="forbid")
    muted: bool | None = None
    held: bool | None = None
    whisper_to: Line | None = None


class RecordingBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    state: RecordingState


def router(access: Access, exchange: Callable[[], Exchange]) -> APIRouter:
    """`exchange` raises 503 while the telephone half is not there."""
    routes = APIRouter(tags=["rooms"], responses=documented(*USUAL))
    floor = access.some(UserRole.OPERATOR, UserRole.DISPATCHER, UserRole.SUPERVISOR, UserRole.ADMINISTRATOR)

    def mine(room_id: str, actor: Actor) -> Room:
        """A room that this person may look into; for anybody else it does not exist."""
        room = exchange().board().room(room_id)
        if room is None or not _may_see(room, actor):
            raise HTTPException(404, "没有这个会议室，或通话已经结束")
        return room

    def touch(room_id: str, actor: Actor) -> None:
        """Only who takes part in a talk may change it, or who leads."""
        if not _may_touch(mine(room_id, actor), actor):
            raise Refused("not_in_room", "您不在这个通话里，不能操作。")

    @routes.put("/operators/me", summary="Ready, paused or away")
    def status(body: StatusBody, actor: Actor = floor) -> dict[str, Any]:
        return _operator(exchange().set_operator(actor.name, body.status, body.reason))

    @routes.get("/operators", summary="What the operators do")
    def operators(_actor: Actor = floor) -> dict[str, Any]:
        return {"items": [_operator(o) for o in exchange().board().operators], "next": None}

    @routes.get("/line", summary="Who waits")
    def line(_actor: Actor = floor) -> dict[str, Any]:
        return {"items": [_place(p) for p in exchange().board().places], "next": None}

    @routes.get("/rooms", summary="Rooms that are open now")
    def rooms(actor: Actor = floor) -> dict[str, Any]:
        return {"items": [room_json(r) for r in exchange().board().rooms if _may_see(r, actor)], "next": None}

    @routes.get("/rooms/{room_id}", summary="One room")
    def room(room_id: str, actor: Actor = floor) -> dict[str, Any]:
        return room_json(mine(room_id, actor))

    @routes.post("/rooms/{room_id}/participants", status_code=201, summary="Call a department or a colleague in")
    def add(room_id: str, body: Invitation, actor: Actor = floor) -> dict[str, Any]:
        touch(room_id, actor)
        return participant_json(
            exchange().add(room_id, department=body.department, operator=body.operator, muted=body.muted, by=actor.name)
        )

    @routes.patch("/rooms/{room_id}/participants/{leg}", summary="Mute, hold, whisper")
    def change(room_id: str, leg: str, body: Change, actor: Actor = floor) -> dict[str, Any]:
        touch(room_id, actor)
        whisper = body.whisper_to if "whisper_to" in body.model_fields_set else ...
        return participant_json(exchange().change(room_id, leg, muted=body.muted, held=body.held, whisper_to=whisper))

    @routes.delete("/rooms/{room_id}/participants/{leg}", status_code=204, summary="Somebody has to go")
    def remove(room_id: str, leg: str, actor: Actor = floor) -> Response:
        touch(room_id, actor)
        exchange().remove(room_id, leg)
        return Response(status_code=204)

    @routes.put("/rooms/{room_id}/recording", summary="Pause the recording, or go on")
    def recording(room_id: str, body: RecordingBody, actor: Actor = floor) -> dict[str, Any]:
        touch(room_id, actor)
        return {"state": exchange().record(room_id, body.state).value}

    return routes


def install(app: FastAPI) -> None:
    """Refusals of the exchange as problem documents."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(TimeoutError, _busy)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101  told to the type checker
    status = 404 if error.code in _NOT_FOUND else 422 if error.code in _UNKNOWN else 409
    return problem(status, code=error.code, title="现在不能这样做", detail=str(error))


def _busy(_request: Request, _error: Exception) -> Response:
    return problem(
        503, code="exchange_busy", detail="电话系统没有及时响应，通话不受影响，请重试", headers={"Retry-After": "1"}
    )


def _leads(actor: Actor) -> bool:
    return actor.role in (UserRole.SUPERVISOR, UserRole.ADMINISTRATOR)


def _own(room: Room, actor: Actor) -> list[Participant]:
    """This person's own legs. A department may be called as somebody logs in, so its legs do not count."""
    return [p for p in room.participants if p.name == actor.name and p.role in (Role.OPERATOR, Role.SUPERVISOR)]


def _may_see(room: Room, actor: Actor) -> bool:
    return _leads(actor) or bool(_own(room, actor))


def _may_touch(room: Room, actor: Actor) -> bool:
    there = rooms_of_calls.PRESENT | rooms_of_calls.COMING
    return _leads(actor) or any(p.state in there for p in _own(room, actor))


def _operator(o: Operator) -> dict[str, Any]:
    return {"name": o.name, "status": o.status.value, "reason": o.reason, "activity": o.activity.value,
            "since": o.since.isoformat(), "room": o.room}  # fmt: skip


def _place(p: Place) -> dict[str, Any]:
    return {"call": p.call_id, "caller": p.caller, "since": p.joined_at.isoformat(), "priority": p.priority,
            "position": p.position, "callback": p.callback,
            "not_before": p.not_before.isoformat() if p.not_before else None}  # fmt: skip
