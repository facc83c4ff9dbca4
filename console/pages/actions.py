"""What an operator does to a call from the desk. Each act answers with one sentence; its effect comes by the stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from console.hub import Viewer
from console.pages import view, words
from console.pages.door import Door
from console.pages.ports import Ports, Refused
from console.pages.presence import DESK
from console.pages.render import html
from ivr.board import Participant, Room, Status
from ivr.call import Role

RECORD = {"pause": "paused", "resume": "on"}


def routes(ports: Ports, door: Door) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/desk/status")
    def status(request: Request, status: Annotated[str, Form()]) -> Response:
        viewer = door.staff(request)
        chosen, reason = words.CHOICES.get(status, (Status.AWAY, ""))
        mark = DESK if chosen is Status.READY else reason
        return attempt(lambda: ports.exchange.set_operator(viewer.name, chosen, mark))

    @router.post("/desk/rooms/{room_id}/legs/{leg}/{act}")
    def on_leg(request: Request, room_id: str, leg: str, act: str) -> Response:
        viewer = door.staff(request)
        return attempt(lambda: _on_leg(ports, viewer, room_id, leg, act))

    @router.post("/desk/rooms/{room_id}/departments/{code}")
    def add(request: Request, room_id: str, code: str) -> Response:
        viewer = door.staff(request)
        return attempt(lambda: _add(ports, viewer, room_id, code))

    @router.post("/desk/rooms/{room_id}/recording/{state}")
    def recording(request: Request, room_id: str, state: str) -> Response:
        viewer = door.staff(request)
        return attempt(lambda: _record(ports, viewer, room_id, state))

    @router.post("/desk/rooms/{room_id}/leave")
    def leave(request: Request, room_id: str) -> Response:
        viewer = door.staff(request)
        return attempt(lambda: _leave(ports, viewer, room_id, everybody=False))

    @router.post("/desk/rooms/{room_id}/end")
    def end(request: Request, room_id: str) -> Response:
        viewer = door.staff(request)
        return attempt(lambda: _leave(ports, viewer, room_id, everybody=True))

    return router


def attempt(act: Callable[[], object]) -> Response:
    """Do it, or say why not. 200 also clears an earlier refusal from the page."""
    try:
        act()
    except Refused as refused:
        return HTMLResponse(html("desk/_refused.html", text=str(refused)), 409)
    return HTMLResponse("")


def my_talk(ports: Ports, viewer: Viewer, room_id: str) -> tuple[Room, Participant]:
    """The room and the operator's own leg in it. Only who takes part in a talk may change it."""
    room = ports.exchange.board().room(room_id)
    me = view.my_leg(room, viewer.name) if room else None
    if room is None or room.ended_at:
        raise Refused("ended", "这个通话已经结束。")
    if me is None or me.state not in view.PRESENT:
        raise Refused("not_in_room", "您不在这个通话里，不能操作。")
    return room, me


def _on_leg(ports: Ports, viewer: Viewer, room_id: str, leg: str, act: str) -> None:
    room, me = my_talk(ports, viewer, room_id)
    if room.participant(leg) is None:
        raise Refused("not_there", "这一方已经不在通话里。")
    change = ports.exchange.change
    match act:
        case "mute" | "unmute":
            change(room.id, leg, muted=act == "mute")
        case "hold" | "resume":
            change(room.id, leg, held=act == "hold")
        case "whisper" | "unwhisper":
            change(room.id, leg, whisper_to=me.leg if act == "whisper" else None)
        case "remove":
            ports.exchange.remove(room.id, leg)


def _add(ports: Ports, viewer: Viewer, room_id: str, code: str) -> None:
    room, _ = my_talk(ports, viewer, room_id)
    department = ports.city.department(code)
    if department is None:
        raise Refused("unknown_department", "单位名录里没有这个单位。")
    there = view.PRESENT | view.COMING
    if any(p.role is Role.DEPARTMENT and p.name == code and p.state in there for p in room.participants):
        raise Refused("already_there", f"{department.name}已经在通话中，或正在呼叫。")
    ports.exchange.add(room.id, department=code, by=viewer.name)


def _record(ports: Ports, viewer: Viewer, room_id: str, state: str) -> None:
    room, _ = my_talk(ports, viewer, room_id)
    ports.exchange.record(room.id, RECORD.get(state, "on"))


def _leave(ports: Ports, viewer: Viewer, room_id: str, *, everybody: bool) -> None:
    """Ending for everybody: the departments go first, then we, and the citizen goes on to the end of the flow."""
    room, me = my_talk(ports, viewer, room_id)
    here = [p for p in room.participants if p.state in view.PRESENT | view.COMING]
    for other in here if everybody else ():
        if other.role is not Role.CITIZEN and other is not me:
            ports.exchange.remove(room.id, other.leg)
    ports.exchange.remove(room.id, me.leg)
