"""A desk for tests: real pages over a real socket, a real database, real rules of rooms; only telephones are missing.

`Switchboard` stands in for the exchange: it keeps rooms by `ivr/room.py` and lets a test say what telephones do.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import EllipsisType

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from cases import identities, people
from cases.migrations import upgrade
from cases.words import Role as StaffRole
from config.city import City, load
from config.database import Database
from config.settings import ROOT
from console.hub import Hub
from console.pages import install
from console.pages.citizen_records import CitizensInDatabase
from console.pages.ports import Ports
from console.pages.records import CasesInDatabase, PeopleInDatabase, TypedInDatabase
from console.pages.visit import VisitsInDatabase
from console.pages.work_records import WorkInDatabase
from ivr import room as rooms
from ivr.board import (
    Activity,
    Board,
    Cause,
    Operator,
    Participant,
    ParticipantState,
    Place,
    RecordingState,
    Room,
    Status,
)
from ivr.call import Role
from ivr.live import Refused
from ivr.room import Do, Order, Step

PASSWORD = "a-long-password"


def now() -> datetime:
    return datetime.now(UTC)


class Switchboard:
    """The exchange without telephones."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.rooms: dict[str, Room] = {}
        self.places: tuple[Place, ...] = ()
        self.operators: dict[str, Operator] = {}
        self.listeners: list[Callable[[str, str], None]] = []
        self.asked: list[tuple[str, ...]] = []
        self._legs = 0
        self._lock = threading.RLock()

    # ---- what pages ask
    def board(self) -> Board:
        with self._lock:
            live = tuple(r for r in self.rooms.values() if r.ended_at is None)
            return Board(self.places, live, tuple(self.operators.values()))

    def subscribe(self, callback: Callable[[str, str], None]) -> Callable[[], None]:
        self.listeners.append(callback)
        return lambda: self.listeners.remove(callback)

    def set_operator(self, name: str, status: Status | str, reason: str = "") -> Operator:
        with self._lock:
            before = self.operators.get(name, Operator(name, Status.AWAY, now()))
            self.operators[name] = replace(before, status=Status(status), reason=reason, since=now())
        self.tell("operator", name)
        return self.operators[name]

    def add(self, room_id: str, *, department: str | None = None, operator: str | None = None, by: str) -> Participant:
        self.asked.append(("add", room_id, department or operator or "", by))
        found = self.city.department(department or "")
        if found is None:
            raise Refused("unknown_department", "单位名录里没有这个单位。")
        leg = self._new_leg(room_id)
        self._put(rooms.ask(self.rooms[room_id], leg, Role.DEPARTMENT, found.code, found.name, now()))
        added = self.rooms[room_id].participant(leg)
        assert added
        return added

    def change(
        self,
        room_id: str,
        leg: str,
        *,
        muted: bool | None = None,
        held: bool | None = None,
        whisper_to: str | EllipsisType | None = ...,
    ) -> Participant:
        self.asked.append(("change", leg, str((muted, held, whisper_to))))
        room = self.rooms[room_id]
        if muted is not None:
            room, _ = rooms.mute(room, leg, muted)
        if held is not None:
            room, _ = rooms.step(room, leg, Step.HOLD if held else Step.UNHOLD, now())
        if whisper_to is not ...:
            what = Step.UNWHISPER if whisper_to is None else Step.WHISPER
            room, _ = rooms.step(room, leg, what, now(), to=whisper_to)
        self._put(room)
        changed = room.participant(leg)
        assert changed
        return changed

    def remove(self, room_id: str, leg: str) -> None:
        self.asked.append(("remove", leg))
        self.step(room_id, leg, Step.LEFT)

    def record(self, room_id: str, state: RecordingState | str) -> RecordingState:
        self.asked.append(("record", room_id, str(state)))
        self._put(replace(self.rooms[room_id], recording=RecordingState(state)))
        return RecordingState(state)

    # ---- what a test lets happen
    def waits(self, caller: str, seconds: float = 3, priority: int = 0) -> None:
        place = Place(
            f"w{len(self.places)}", caller, now() - timedelta(seconds=seconds), priority, len(self.places) + 1
        )
        self.places = (*self.places, place)
        self.tell("line", place.call_id)

    def rings(self, operator: str, caller: str = "13805712345", room_id: str = "20261122-0417") -> Room:
        """A citizen is in a room and this operator's telephone rings."""
        room = rooms.open_room(room_id, caller, f"{room_id}-1", now())
        room = rooms.ask(room, f"{room_id}-2", Role.OPERATOR, operator, operator, now())
        room, _ = rooms.step(room, f"{room_id}-2", Step.RANG, now())
        self._legs = 2
        self._doing(operator, Activity.RINGING, room_id)
        self._put(room)
        return room

    def answers(self, operator: str, room_id: str = "20261122-0417") -> Room:
        room, _ = rooms.step(self.rooms[room_id], f"{room_id}-2", Step.JOINED, now())
        self._doing(operator, Activity.TALKING, room_id)
        self._put(replace(room, recording=RecordingState.ON))
        return self.rooms[room_id]

    def department(self, room_id: str = "20261122-0417") -> Participant:
        return [p for p in self.rooms[room_id].participants if p.role is Role.DEPARTMENT][-1]

    def step(self, room_id: str, leg: str, what: Step, cause: Cause | None = None) -> None:
        room, orders = rooms.step(self.rooms[room_id], leg, what, now(), cause=cause)
        self._put(room)
        for order in orders:
            self._obey(room_id, order)
        self._settle(room_id)

    def clear(self) -> None:
        """Nobody calls, nobody works."""
        self.rooms, self.places, self.operators, self.asked = {}, (), {}, []
        self.tell("room", "")

    def tell(self, kind: str, ref: str) -> None:
        for listener in list(self.listeners):
            listener(kind, ref)

    def _obey(self, room_id: str, order: Order) -> None:
        who = self.rooms[room_id].participant(order.leg)
        if (
            who
            and order.do in (Do.HANG_UP, Do.RELEASE)
            and who.state not in (ParticipantState.LEFT, ParticipantState.FAILED)
        ):
            self.step(room_id, order.leg, Step.LEFT)

    def _settle(self, room_id: str) -> None:
        room = self.rooms[room_id]
        if rooms.citizen(room).state is ParticipantState.LEFT and room.ended_at is None:
            self._put(replace(room, ended_at=now()))
        for p in room.participants:
            if p.role is Role.OPERATOR and p.state is ParticipantState.LEFT:
                self._doing(p.name, Activity.IDLE, None)

    def _new_leg(self, room_id: str) -> str:
        self._legs += 1
        return f"{room_id}-{self._legs}"

    def _doing(self, name: str, activity: Activity, room_id: str | None) -> None:
        before = self.operators.get(name, Operator(name, Status.READY, now()))
        self.operators[name] = replace(before, activity=activity, room=room_id)

    def _put(self, room: Room) -> None:
        with self._lock:
            self.rooms[room.id] = room
        self.tell("room", room.id)


@dataclass
class House:
    """A running server and everything behind it."""

    url: str
    switchboard: Switchboard
    hub: Hub
    ports: Ports
    database: Database
    stop: Callable[[], None]
    start: Callable[[], None]
    sessions: dict[str, str] = field(default_factory=dict)

    def caption(self, leg: int, number: int, text: str, final: bool = True, unsure: tuple[str, ...] = (),
                room_id: str = "20261122-0417") -> None:  # fmt: skip
        full = f"{room_id}-{leg}"
        who = self.switchboard.rooms[room_id].participant(full)
        self.hub.caption(room_id, full, number, who.role.value if who else "", text, final, number * 4.0, unsure)


def made_database(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'hotline.db'}")
    upgrade(database.engine)
    identities.keep_keys_in(database.engine, folder / "keys")
    with database.session() as session:
        for name, role in (
            ("limin", StaffRole.OPERATOR),
            ("zhaoqiang", StaffRole.OPERATOR),
            ("wangdd", StaffRole.SUPERVISOR),
        ):
            people.add_person(session, name, role, PASSWORD, now=now())
        people.add_person(session, "clerk1", StaffRole.CLERK, PASSWORD, department="street_lighting", now=now())
    return database


def made_ports(database: Database, city: City, switchboard: Switchboard) -> Ports:
    return Ports(
        exchange=switchboard,
        hub=Hub(switchboard.board),
        people=PeopleInDatabase(database, token_hours=12, now=now),
        cases=CasesInDatabase(database, city, now),
        notepad=TypedInDatabase(database, now),
        work=WorkInDatabase(database, city, now),
        citizens=CitizensInDatabase(database, city, now),
        visits=VisitsInDatabase(database, city, now),
        city=city,
        now=now,
    )


def made_app(ports: Ports, grace_seconds: float = 15.0) -> FastAPI:
    app = FastAPI(openapi_url=None)
    install(app, ports, grace_seconds=grace_seconds)
    return app


@contextmanager
def opened_house(folder: Path, *, grace_seconds: float = 15.0) -> Iterator[House]:
    """Serves on a port of the system's choice; can be stopped and started again on the same port."""
    city = load(ROOT / "config")
    database, switchboard = made_database(folder), Switchboard(city)
    ports = made_ports(database, city, switchboard)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start() -> None:
        config = uvicorn.Config(made_app(ports, grace_seconds), host="127.0.0.1", port=port, log_level="warning",
                                timeout_graceful_shutdown=1)  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)

    def stop() -> None:
        server, thread = running.pop()
        server.should_exit = True
        thread.join(10)

    start()
    try:
        yield House(f"http://127.0.0.1:{port}", switchboard, ports.hub, ports, database, stop, start)
    finally:
        if running:
            stop()
        database.engine.dispose()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One server for all tests of a module."""
    with opened_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def house(built: House) -> House:
    """The server, with nobody calling."""
    built.switchboard.clear()
    return built


@contextmanager
def signed_in(house: House, name: str = "limin", *, fresh: bool = False) -> Iterator[httpx.Client]:
    """A browser without a screen: cookie, and the header with which a browser says where a request comes from.

    Passwords are slow to check on purpose, so a session is used again unless a test wants its own.
    """
    with httpx.Client(base_url=house.url, headers={"sec-fetch-site": "same-origin"}, timeout=10) as client:
        if fresh or name not in house.sessions:
            answer = client.post("/login", data={"name": name, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        if not fresh:
            client.cookies.set("hotline", house.sessions.setdefault(name, client.cookies.get("hotline", "")))
        yield client


@contextmanager
def stream(client: httpx.Client, path: str = "/desk/stream", **headers: str) -> Iterator[Callable[..., str]]:
    """Reads a stream: `until(*words)` returns everything received once all these words have come."""
    with client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, answer.status_code
        pieces, came = answer.iter_text(), [""]

        def until(*words: str) -> str:
            while not (all(w in came[0] for w in words) and came[0].endswith("\n\n")):
                came[0] += next(pieces)
            text, came[0] = came[0], ""
            return text

        yield until


def eventually(true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
