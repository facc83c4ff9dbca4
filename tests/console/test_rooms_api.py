"""Rooms over HTTP: whose room is whose, what is refused and how, on the real exchange."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from cases import migrations, people, problem_details
from cases.api.access import Access
from cases.words import Role
from config.database import Database
from console import rooms_api
from tests.ivr.exchange_floor import NOON, Floor, open_floor

STAFF = {"lin": Role.OPERATOR, "wang": Role.OPERATOR, "water": Role.OPERATOR, "sup": Role.SUPERVISOR,
         "boss": Role.ADMINISTRATOR, "disp": Role.DISPATCHER, "clerk": Role.CLERK}  # fmt: skip

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # made once: reading all authorities for each client takes longer


@dataclass
class House:
    floor: Floor
    url: str
    tokens: dict[str, str]

    def who(self, name: str = "") -> httpx.Client:
        mine = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx.Client(base_url=self.url, headers=mine, trust_env=False, timeout=10, verify=PLAIN)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, dict[str, str]]:
    """Everybody who works here, with a token each."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('staff') / 'hotline.db'}")
    migrations.upgrade(database.engine)
    tokens = {}
    with database.session() as session:
        for name, role in STAFF.items():
            row = people.Person(name=name, role=role.value, password_hash="-", disabled=False, created_at=NOON,
                                department="water" if role is Role.CLERK else None)  # fmt: skip
            session.add(row)
            session.flush()
            tokens[name], _ends = people.new_token(session, row, "api", hours=12, now=NOON)
    return database, tokens


@pytest.fixture
def house(tmp_path: Path, staff: tuple[Database, dict[str, str]]) -> Iterator[House]:
    database, tokens = staff
    app = FastAPI()
    problem_details.install(app)
    rooms_api.install(app)
    with open_floor(tmp_path, "lin", "wang") as floor:
        access = Access(database, lambda: NOON)
        app.include_router(rooms_api.router(access, lambda: floor.x), prefix="/api/v1")
        with served(app) as url:
            yield House(floor, url, tokens)


def talk(house: House) -> str:
    call, _lin = house.floor.talks()
    return call


def test_nobody_without_a_token_and_no_clerk_comes_in(house: House) -> None:
    room = talk(house)
    for path in ("/rooms", f"/rooms/{room}", "/line", "/operators"):
        assert house.who().get(path).status_code == 401
        assert house.who("clerk").get(path).status_code == 403
    assert house.who("clerk").post(f"/rooms/{room}/participants", json={"department": "water"}).status_code == 403


def test_a_room_of_others_does_not_exist(house: House) -> None:
    room = talk(house)
    for name in ("wang", "disp"):
        stranger = house.who(name)
        assert stranger.get("/rooms").json()["items"] == []
        for answer in (
            stranger.get(f"/rooms/{room}"),
            stranger.post(f"/rooms/{room}/participants", json={"department": "water"}),
            stranger.patch(f"/rooms/{room}/participants/{room}-1", json={"held": True}),
            stranger.delete(f"/rooms/{room}/participants/{room}-1"),
            stranger.put(f"/rooms/{room}/recording", json={"state": "paused"}),
        ):
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert "138" not in answer.text
    assert house.who("lin").get(f"/rooms/{room}").json()["id"] == room
    assert house.who("sup").get(f"/rooms/{room}").status_code == 200


def test_an_operator_with_the_name_of_a_department_gets_no_room_by_it(house: House) -> None:
    room = talk(house)
    assert house.who("lin").post(f"/rooms/{room}/participants", json={"department": "water"}).status_code == 201
    assert house.who("water").get(f"/rooms/{room}").status_code == 404


def test_who_has_left_the_talk_changes_nothing_in_it(house: House) -> None:
    room = talk(house)
    floor, lin = house.floor, house.who("lin")
    lin.post(f"/rooms/{room}/participants", json={"department": "water"})
    floor.answers(floor.asked(room)[-1])
    floor.hangs_up(f"{room}-2")
    answer = lin.patch(f"/rooms/{room}/participants/{room}-1", json={"muted": True})
    assert answer.status_code in (404, 409)
    assert house.floor.told("ConfbridgeMute") == 0


def test_the_row_of_whoever_is_called_comes_back_at_once(house: House) -> None:
    room = talk(house)
    answer = house.who("lin").post(f"/rooms/{room}/participants", json={"department": "water"})
    assert answer.status_code == 201
    assert {k: answer.json()[k] for k in ("leg", "role", "name", "state")} == {
        "leg": f"{room}-3", "role": "department", "name": "water", "state": "asked"}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [({"department": "nobody"}, 422), ({"operator": "nobody"}, 422), ({}, 422), ({"department": "87031001"}, 422),
     ({"department": "water", "operator": "wang"}, 422), ({"operator": "lin"}, 409), ({"number": "110"}, 422),
     ({"department": "water&PJSIP/x"}, 422), ({"department": "water\r\nAction: x"}, 422), ({"department": 7}, 422)],
)  # fmt: skip
def test_whoever_cannot_be_called_is_refused_in_readable_words(house: House, body: dict, status: int) -> None:  # type: ignore[type-arg]
    room = talk(house)
    answer = house.who("lin").post(f"/rooms/{room}/participants", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["title"]
    assert len(house.floor.asked(room)) == 1, "nobody was rung"


def test_a_refusal_says_what_and_why(house: House) -> None:
    room = talk(house)
    lin = house.who("lin")
    again = lin.patch(f"/rooms/{room}/participants/{room}-2", json={"whisper_to": f"{room}-9"})
    assert again.status_code == 409
    assert again.json()["code"] == "not_possible"
    assert "耳语" in again.json()["detail"]
    assert lin.patch(f"/rooms/{room}/participants/{room}-9", json={"muted": True}).status_code == 404
    assert lin.patch(f"/rooms/{room}/participants/{room}-1", json={"loud": True}).status_code == 422


def test_mute_hold_and_back_again(house: House) -> None:
    room = talk(house)
    lin, citizen = house.who("lin"), f"/rooms/{room}/participants/{room}-1"
    assert lin.patch(citizen, json={"held": True}).json()["state"] == "held"
    assert lin.patch(citizen, json={"held": False, "muted": True}).json()["muted"] is True
    assert lin.put(f"/rooms/{room}/recording", json={"state": "paused"}).json() == {"state": "paused"}
    assert lin.put(f"/rooms/{room}/recording", json={"state": "off"}).status_code == 409
    assert lin.delete(citizen).status_code == 204
    house.floor.settles()
    assert house.floor.released() == 1
    assert lin.get(f"/rooms/{room}").status_code == 404


def test_operators_speak_for_themselves_only(house: House) -> None:
    lin = house.who("lin")
    assert lin.put("/operators/me", json={"status": "paused", "reason": "午饭"}).json()["status"] == "paused"
    assert lin.put("/operators/me", json={"status": "asleep"}).status_code == 422
    assert lin.put("/operators/me", json={"status": "ready", "reason": "长" * 1000}).status_code == 422
    assert house.who("boss").put("/operators/me", json={"status": "ready"}).status_code == 422, "no telephone"
    assert {o["name"]: o["status"] for o in lin.get("/operators").json()["items"]}["wang"] == "ready"


def test_an_exchange_that_does_not_answer_is_503_and_the_call_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*_args: object, **_more: object) -> None:
        raise TimeoutError

    room = talk(house)
    monkeypatch.setattr(house.floor.x, "change", hangs)
    answer = house.who("lin").patch(f"/rooms/{room}/participants/{room}-1", json={"muted": True})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "exchange_busy"
