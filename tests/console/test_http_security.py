"""What strangers, other operators, departments and broken programs get out of the whole HTTP surface."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from cases import api, limits, people, problem_details
from cases.api.access import Access
from cases.words import Role
from config.city import load
from config.database import Database
from config.settings import ROOT, Settings
from console import pages, rooms_api
from console.pages.ports import Ports
from ivr.board import Cause
from ivr.call import CallEvent
from ivr.room import Step
from tests.console.desk_house import Switchboard, made_database, made_ports, now

ROOM = "20261122-0417"
OWN = {"sec-fetch-site": "same-origin"}


@dataclass
class Front:
    """The whole HTTP surface on a socket: API, rooms and pages, put together as `console/app.py` does it."""

    url: str
    app: FastAPI
    ports: Ports
    database: Database
    switchboard: Switchboard
    tokens: dict[str, str]

    def client(self, name: str = "", **headers: str) -> httpx.Client:
        mine = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx.Client(base_url=self.url, headers=mine | headers, timeout=10, trust_env=False)


def made_app(ports: Ports, database: Database, folder: Path, switchboard: Switchboard) -> FastAPI:
    def nothing(_call_id: str) -> list[CallEvent]:
        return []

    app = FastAPI(openapi_url="/api/v1/openapi.json")
    problem_details.install(app)
    limits.install(app)
    rooms_api.install(app)
    settings = Settings(data_dir=folder)
    app.include_router(api.router(database, ports.city, settings, now, live_events=nothing), prefix="/api/v1")
    app.include_router(rooms_api.router(Access(database, now), lambda: switchboard), prefix="/api/v1")  # type: ignore[arg-type, return-value]
    pages.install(app, ports)
    return app


def made_tokens(database: Database) -> dict[str, str]:
    """One of each role besides those of the desk's house, and a department's own system."""
    with database.session() as session:
        for name, role in (("sunli", Role.DISPATCHER), ("zhoum", Role.ADMINISTRATOR)):
            people.add_person(session, name, role, "a-long-password", now=now())
        # a name that is a department's code as well
        people.add_person(session, "street_lighting", Role.OPERATOR, "a-long-password", now=now())
        each = {p.name: people.new_token(session, p, "api", hours=1, now=now())[0] for p in people.people(session)}
        each["pages"] = people.new_token(session, people.people(session)[0], "page", hours=1, now=now())[0]
        return each | {"system": people.new_api_key(session, "street_lighting", now=now())}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    city, database = load(ROOT / "config"), made_database(folder)
    switchboard = Switchboard(city)
    ports = made_ports(database, city, switchboard)
    app = made_app(ports, database, folder, switchboard)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield Front(url, app, ports, database, switchboard, made_tokens(database))
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def front(built: Front) -> Front:
    """The server, with nobody calling."""
    built.switchboard.clear()
    return built


# ---- rooms
def test_a_room_is_its_operators_and_the_supervisors(front: Front) -> None:
    front.switchboard.rings("limin")
    front.switchboard.answers("limin")
    with front.client("limin") as limin, front.client("zhaoqiang") as other, front.client("wangdd") as supervisor:
        assert limin.get(f"/api/v1/rooms/{ROOM}").status_code == 200
        assert supervisor.get(f"/api/v1/rooms/{ROOM}").status_code == 200
        refused, nothing = other.get(f"/api/v1/rooms/{ROOM}"), other.get("/api/v1/rooms/none")
        assert (refused.status_code, refused.json()) == (nothing.status_code, nothing.json())
        assert other.get("/api/v1/rooms").json()["items"] == []
        assert other.delete(f"/api/v1/rooms/{ROOM}/participants/{ROOM}-1").status_code == 404


def test_whose_name_is_a_departments_code_is_not_that_department(front: Front) -> None:
    front.switchboard.rings("limin")
    front.switchboard.answers("limin")
    front.switchboard.add(ROOM, department="street_lighting", by="limin")
    with front.client("street_lighting") as namesake:
        assert namesake.get(f"/api/v1/rooms/{ROOM}").status_code == 404


def test_whoever_has_left_a_talk_may_look_but_not_touch(front: Front) -> None:
    front.switchboard.rings("limin")
    front.switchboard.answers("limin")
    front.switchboard.add(ROOM, department="street_lighting", by="limin")
    front.switchboard.step(ROOM, f"{ROOM}-3", Step.JOINED)
    front.switchboard.step(ROOM, f"{ROOM}-2", Step.LEFT)
    with front.client("limin") as limin:
        assert limin.get(f"/api/v1/rooms/{ROOM}").status_code == 200
        for answer in (
            limin.patch(f"/api/v1/rooms/{ROOM}/participants/{ROOM}-1", json={"muted": True}),
            limin.delete(f"/api/v1/rooms/{ROOM}/participants/{ROOM}-1"),
            limin.post(f"/api/v1/rooms/{ROOM}/participants", json={"department": "drainage"}),
            limin.put(f"/api/v1/rooms/{ROOM}/recording", json={"state": "paused"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "not_in_room")
    assert not front.switchboard.rooms[ROOM].participant(f"{ROOM}-1").muted  # type: ignore[union-attr]


def test_whoever_did_not_answer_has_no_hand_in_the_talk_of_another(front: Front) -> None:
    front.switchboard.rings("limin")
    front.switchboard.step(ROOM, f"{ROOM}-2", Step.FAILED, Cause.NO_ANSWER)
    with front.client("limin") as limin:
        assert limin.delete(f"/api/v1/rooms/{ROOM}/participants/{ROOM}-1").status_code == 409


@pytest.mark.parametrize("odd", ["x" * 1000, "a\0b"])
def test_what_operators_say_of_themselves_is_short_and_plain(front: Front, odd: str) -> None:
    front.switchboard.rings("limin")
    front.switchboard.answers("limin")
    with front.client("limin") as limin:
        assert limin.put("/api/v1/operators/me", json={"status": "away", "reason": odd}).status_code == 422
        assert limin.post(f"/api/v1/rooms/{ROOM}/participants", json={"department": odd}).status_code == 422
        changed = limin.patch(f"/api/v1/rooms/{ROOM}/participants/{ROOM}-1", json={"whisper_to": odd})
        assert changed.status_code == 422
