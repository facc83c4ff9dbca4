"""What strangers, other operators, departments and broken programs get out of the whole HTTP surface."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import delete
from starlette.testclient import TestClient

from cases import api, limits, people, problem_details
from cases.api.access import Access
from cases.model import LoginTries
from cases.words import Role
from config.city import load
from config.database import Database
from config.settings import ROOT, Settings
from console import pages, rooms_api
from console.pages import render
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


# ---- every route of the API, asked by everybody
LEADERS, DEPARTMENTS = {"dispatcher", "supervisor", "administrator"}, {"clerk", "system"}
FRONT = LEADERS | {"operator"}
ALL = FRONT | DEPARTMENTS
DECIDE, ABOVE = {"dispatcher", "supervisor"}, {"supervisor", "administrator"}
TALK = DECIDE | {"operator"}  # who speaks with citizens
MAY = {
    "POST /tokens": None,  # by name and password
    "DELETE /tokens/current": ALL,
    "GET /users/me": ALL,
    "POST /cases": FRONT,
    "GET /cases": ALL,
    "GET /cases/{number}": ALL,
    "PATCH /cases/{number}": FRONT,
    "GET /cases/{number}/transitions": ALL,
    "POST /cases/{number}/transitions": ALL,
    "GET /cases/{number}/deadline": ALL,
    "POST /cases/{number}/reveals": ALL,
    "PUT /cases/{number}/hold": {"supervisor", "administrator"},
    "DELETE /cases/{number}/hold": {"supervisor", "administrator"},
    "GET /reveals": {"supervisor", "administrator"},
    "POST /reveals/{reveal}/grant": {"supervisor", "administrator"},
    "POST /reveals/{reveal}/open": {"supervisor", "administrator"},
    "GET /audit": {"supervisor", "administrator"},
    "GET /audit/verify": {"supervisor", "administrator"},
    "GET /public/cases/{number}": None,  # by the citizen's code
    "GET /departments": ALL,
    "GET /departments/{code}/endpoint": {"administrator"} | DEPARTMENTS,
    "PUT /departments/{code}/endpoint": {"administrator", "system"},
    "GET /deliveries": ALL,
    "POST /deliveries/{key}/replay": LEADERS,
    "GET /calls": FRONT,
    "GET /calls/{call_id}": FRONT,
    "GET /calls/{call_id}/recordings/{leg}.wav": FRONT,
    "POST /inbound/{department}/events": None,  # by signature
    "PUT /operators/me": FRONT,
    "GET /operators": FRONT,
    "GET /line": FRONT,
    "GET /rooms": FRONT,
    "GET /rooms/{room_id}": FRONT,
    "POST /rooms/{room_id}/participants": FRONT,
    "PATCH /rooms/{room_id}/participants/{leg}": FRONT,
    "DELETE /rooms/{room_id}/participants/{leg}": FRONT,
    "PUT /rooms/{room_id}/recording": FRONT,
    "GET /events": ALL,
    # the steps of a case and of a department's share
    "GET /assignments/{key}": ALL,
    "GET /assignments/{key}/transitions": ALL,
    "POST /assignments/{key}/transitions": ALL,
    "POST /assignments/{key}/extensions": DEPARTMENTS,
    "POST /assignments/{key}/pauses": DECIDE,
    "GET /assignments/{key}/reply-check": FRONT,
    "GET /extensions": ALL,
    "POST /extensions/{key}/decision": DECIDE,
    "GET /cases/{number}/timeline": ALL,
    "GET /cases/{number}/reports": ALL,
    "GET /cases/{number}/attachments": ALL,
    "POST /cases/{number}/attachments": ALL,
    "GET /attachments/{key}": ALL,
    "POST /cases/{number}/reply-drafts": DEPARTMENTS,
    "GET /cases/{number}/reply-drafts": DEPARTMENTS,
    "POST /reply-drafts/{key}/check": DEPARTMENTS,
    "PUT /cases/{number}/publication": LEADERS,
    "DELETE /cases/{number}/publication": LEADERS,
    # what is like what, and whom to send it to
    "POST /cases/similar": FRONT,
    "GET /cases/{number}/similar": FRONT,
    "GET /cases/{number}/suggestions": FRONT,
    "GET /cases/{number}/merged": FRONT,
    "PUT /cases/{number}/repeat-of": FRONT,
    "POST /cases/{number}/merge": DECIDE,
    "POST /cases/{number}/unmerge": DECIDE,
    # return visits, supervision, instructions
    "POST /cases/{number}/return-visits": TALK,
    "GET /return-visits": FRONT,
    "GET /return-visits/{key}": FRONT,
    "PATCH /return-visits/{key}": TALK,
    "POST /return-visits/{key}/links": TALK,
    "POST /return-visits/{key}/result": TALK,
    "GET /supervisions": ALL,
    "POST /supervisions": {"supervisor"},
    "POST /supervisions/issue": {"supervisor"},
    "GET /supervisions/form.css": None,
    "GET /supervisions/{key}": ALL,
    "GET /supervisions/{key}/form": ALL,
    "POST /supervisions/{key}/answer": DEPARTMENTS,
    "POST /supervisions/{key}/cancel": {"supervisor"},
    "POST /supervisions/{key}/dismiss": {"supervisor"},
    "POST /supervisions/{key}/issue": {"supervisor"},
    "GET /instructions": FRONT,
    "POST /instructions": FRONT,
    "GET /instructions/{key}": FRONT,
    "POST /instructions/{key}/close": FRONT,  # and only by whose instruction it is
    "POST /instructions/{key}/extend": FRONT,
    "POST /instructions/{key}/reports": FRONT,
    # figures
    "GET /reports/kpi": LEADERS | DEPARTMENTS,
    "GET /reports/kpi/{code}/exceptions": LEADERS | DEPARTMENTS,
    "GET /reports/ranking": LEADERS,
    "POST /reports/ranking/publication": ABOVE,
    "GET /reports/ranking/publication/{name}": LEADERS | DEPARTMENTS,
    "GET /reports/six-hundred": LEADERS,
    "GET /reports/six-hundred/{metric}/exceptions": LEADERS,
    "GET /reports/weekly": LEADERS,
    "GET /reports/exclusions": LEADERS | DEPARTMENTS,
    "POST /reports/exclusions": LEADERS | DEPARTMENTS,
    "POST /reports/exclusions/{key}/decision": ABOVE,
    # what the city has laid down and knows
    "GET /categories": ALL,
    "GET /services": ALL,
    "GET /rules": ALL,
    "GET /calendar/{year}": ALL,
    "GET /knowledge": FRONT,
    "GET /knowledge/{key}": FRONT,
    "POST /knowledge/{key}/unhelpful": FRONT,
    "POST /knowledge": ABOVE,
    "PUT /knowledge/{key}": ABOVE,
    "DELETE /knowledge/{key}": ABOVE,
    "GET /callers": ABOVE,
    "POST /callers": ABOVE,
    "DELETE /callers/{key}": ABOVE,
    "GET /deliveries/departments": LEADERS,
    "POST /departments/{code}/endpoint/keys": {"administrator", "system"},
    "POST /departments/{code}/endpoint/test": {"administrator", "system"},
    # citizens: by number and code, or by a link's secret
    "POST /public/cases": None,
    "POST /public/cases/{number}/attachments": None,
    "POST /public/cases/{number}/not-solved": None,
    "POST /public/cases/{number}/rating": None,
    "POST /public/cases/{number}/supplements": None,
    "POST /public/cases/{number}/withdrawal": None,
    "GET /public/stats": None,
    "GET /public/visits/{secret}": None,
    "POST /public/visits/{secret}": None,
}
# operation -> what a stranger gets
WITHOUT_LOGIN = {
    "POST /tokens": {422},
    "GET /public/cases/{number}": {404, 429},
    "POST /public/cases": {422},
    **{f"POST /public/cases/{{number}}/{act}": {422}
       for act in ("attachments", "not-solved", "rating", "supplements", "withdrawal")},
    "GET /public/stats": {200, 503},
    "GET /public/visits/{secret}": {404, 429},
    "POST /public/visits/{secret}": {404, 429},
    "GET /supervisions/form.css": {200},
}  # fmt: skip
WHO = {
    "operator": "limin",
    "dispatcher": "sunli",
    "supervisor": "wangdd",
    "administrator": "zhoum",
    "clerk": "clerk1",
    "system": "system",
}


def operations(front: Front) -> dict[str, dict[str, Any]]:
    """Method and path -> what the OpenAPI document says of it."""
    paths = httpx.get(f"{front.url}/api/v1/openapi.json").json()["paths"]
    each = ((path, method, told) for path, both in paths.items() for method, told in both.items())
    return {f"{method.upper()} {path.removeprefix('/api/v1')}": told for path, method, told in each}


def asked(front: Front, client: httpx.Client, operation: str) -> httpx.Response:
    """Asked about what does not exist. An event stream never ends, so only its head is read."""
    method, path = operation.split()
    path = re.sub(r"{\w+}", "none", path)
    with client.stream(method, f"/api/v1{path}", json={} if method in ("POST", "PUT", "PATCH") else None) as answer:
        if answer.status_code != 200 or path != "/events":
            answer.read()
        return answer


def test_every_route_is_in_the_document_and_in_this_list(front: Front) -> None:
    served = {
        f"{method} {path.removeprefix('/api/v1')}"
        for path, methods in _routes(front.app.routes)
        for method in methods - {"HEAD"}
        if path.startswith("/api/v1/") and not path.endswith("openapi.json")
    }

    assert served == set(operations(front))
    assert served == set(MAY), "a new route: say here who may ask it"


def _routes(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Path and methods of every route, also of those in routers within routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield prefix + route.path, set(route.methods or ())
        else:
            yield from _routes(inner.routes, prefix + route.include_context.prefix)


@pytest.mark.parametrize("who", ["nobody", "nonsense", "pages", "basic", *WHO])
def test_every_route_refuses_whom_it_is_not_for(front: Front, who: str) -> None:
    tokens = front.tokens | {"nonsense": "hl_" + "x" * 43}
    strange = {"nobody": "", "basic": "Basic bGltaW46YS1sb25nLXBhc3N3b3Jk"}
    bearer = strange.get(who, f"Bearer {tokens[WHO.get(who, who)]}" if who not in strange else "")
    with front.client(**({"Authorization": bearer} if bearer else {})) as client:
        for operation, roles in MAY.items():
            if operation == "DELETE /tokens/current" and who in WHO:
                continue  # it would
            status = asked(front, client, operation).status_code
            if who not in WHO:
                assert status in WITHOUT_LOGIN.get(operation, {401}), operation
            elif roles is not None:
                assert (status == 403) == (who not in roles), (operation, status)
                assert status != 401, operation


def test_every_refusal_is_a_problem_document_that_the_document_announces(front: Front) -> None:
    with front.client() as nobody, front.client("limin") as operator, front.client("clerk1") as clerk:
        for operation, told in operations(front).items():
            if operation not in MAY:
                continue  # health and figures, outside of /api/v1
            assert {"400", "413", "422"} <= told["responses"].keys(), operation
            assert ("security" in told) == (MAY[operation] is not None), operation
            for client in (nobody, operator, clerk) if operation != "DELETE /tokens/current" else (nobody,):
                answer = asked(front, client, operation)
                if answer.status_code >= 400:
                    assert str(answer.status_code) in told["responses"], (operation, answer.status_code)
                    assert answer.headers["content-type"] == "application/problem+json", operation
                    assert answer.json().keys() >= {"type", "title", "status", "code"}, operation


# ---- the citizen's code
def forget_tries(front: Front) -> None:
    """All tests come from one address."""
    with front.database.session() as session:
        session.execute(delete(LoginTries))


def test_codes_cannot_be_tried_out_on_the_page(front: Front) -> None:
    with front.client("limin") as limin, front.client() as stranger:
        plea = {"kind": "help", "category": "city_management", "summary": "路灯不亮", "phone": "13800001111"}
        made = limin.post("/api/v1/cases", json=plea).json()
        limin.post(f"/api/v1/cases/{made['number']}/reveals", json={"field": "phone", "purpose": "回电核实"})
        forget_tries(front)
        page = stranger.get(f"/cases/{made['number']}", params={"code": made["code"]})
        assert page.status_code == 200
        assert "12345 热线话务员查看了您的联系电话，用途：回电核实" in page.text

        seen = [stranger.get(f"/cases/{made['number']}", params={"code": "X"}).status_code for _ in range(6)]

        assert seen == [404] * 5 + [429]
        assert stranger.get(f"/cases/{made['number']}", params={"code": made["code"]}).status_code == 429
        assert stranger.get(f"/api/v1/public/cases/{made['number']}", params={"code": made["code"]}).status_code == 429


# ---- a locked database, strange characters
def test_while_the_database_is_locked_whoever_needs_none_is_served(front: Front) -> None:
    """A stranger's token is looked up in a thread: streams and pages do not stand still for it."""
    other = sqlite3.connect(str(front.database.engine.url.database), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        for path in ("/api/v1/events", "/desk/stream"):
            threading.Thread(target=_ignoring_errors(front, path), daemon=True).start()
        time.sleep(0.3)
        began = time.monotonic()
        with front.client() as stranger:
            assert stranger.get("/static/nothing").status_code == 404
        assert time.monotonic() - began < 1.0
    finally:
        other.execute("ROLLBACK")
        other.close()


def _ignoring_errors(front: Front, path: str) -> Callable[[], None]:
    def ask() -> None:
        with contextlib.suppress(httpx.HTTPError), front.client(Authorization=f"Bearer {time.time()}") as client:
            client.get(path)

    return ask


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r", "\n"])
def test_no_character_of_a_caption_tears_an_event(odd: str) -> None:
    """A line of an event ends at CR and LF alone; JSON with a line break within a text would be no JSON."""
    body = json.dumps({"text": f"a{odd}b"}, ensure_ascii=False)
    sent = render.message(body, "caption", "1-1").decode()

    data = [line.removeprefix("data: ") for line in re.split("\r\n|\r|\n", sent) if line.startswith("data: ")]
    assert json.loads("\n".join(data)) == {"text": f"a{odd}b"}


@pytest.mark.parametrize("text", ["a\r\nid: 9\n\nevent: signed-out\ndata: x", "\r\r", "a\n\nb"])
def test_no_text_ends_an_event_and_begins_another(text: str) -> None:
    sent = render.message(text, "e").decode()

    assert sent.startswith("event: e\n")
    assert all(line.startswith(("event: e", "data: ")) for line in re.split("\r\n|\r|\n", sent.removesuffix("\n\n")))


# ---- what people write, on the pages
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}</hx-partial>"


def evil_case(front: Front) -> dict[str, Any]:
    """Registered, dispatched and answered with the worst of texts."""
    with front.client("limin") as limin, front.client("system") as system:
        case = {"kind": "complaint", "category": "city_management"}
        texts = {"summary": EVIL, "text": EVIL, "place": EVIL, "caller_name": EVIL, "phone": "13805712345"}
        made: dict[str, Any] = limin.post("/api/v1/cases", json=case | texts).json()
        steps = f"/api/v1/cases/{made['number']}/transitions"
        assert limin.post(steps, json={"action": "dispatch", "lead": "street_lighting"}).status_code == 200
        assert system.post(steps, json={"action": "sign"}).status_code == 200
        assert system.post(steps, json={"action": "reply", "reply": EVIL}).status_code == 200
        return made


def test_no_text_of_anybody_becomes_part_of_a_page(front: Front) -> None:
    forget_tries(front)
    made = evil_case(front)
    front.switchboard.rings("limin", caller="13805712345")
    front.switchboard.answers("limin")
    front.ports.hub.look()
    front.ports.hub.caption(ROOM, f"{ROOM}-1", 1, "citizen", EVIL, True, 1.0, (EVIL, "<script>"))
    front.ports.hub.draft(ROOM, {"summary": EVIL, "place": EVIL, "category": [{"code": EVIL, "reason": EVIL}]})
    shown: list[str] = []
    with front.client("limin", **OWN) as limin:
        for path in (
            f"/desk/cases/{made['number']}",
            f"/cases/{made['number']}?code={made['code']}",
            f"/desk/calls/{ROOM}/draft",
        ):
            page = limin.get(path)
            assert page.status_code == 200, path
            assert "alert(1)" in page.text, f"{path} shows the text, as text"
            shown.append(page.text)
        quoted = urlencode({"q": EVIL, "next": EVIL, "no": EVIL, "code": EVIL})
        shown += [limin.get(f"{path}?{quoted}").text for path in ("/desk/departments", "/login", "/cases", "/cases/x")]
        shown.append(limin.post(f"/desk/calls/{ROOM}/case", data={"summary": EVIL, "lead": EVIL, "touched": "x"}).text)
        with limin.stream("GET", "/desk/stream") as stream:
            pieces, text = stream.iter_text(), ""
            while "cap-1" not in text:
                text += next(pieces)
            shown.append(text)
    for page_text in shown:
        for bad in ("<script>alert", "<img src=x", "'><img", "49</hx-partial>"):
            assert bad not in page_text


def test_a_link_never_carries_a_header_or_another_site(front: Front) -> None:
    with front.client() as stranger:
        for no, code in (("1", "a\r\nSet-Cookie: x=1"), ("//evil.example", "x"), ("１２３", "\u202e")):
            query = {"no": no, "code": code}
            answer = stranger.get("/cases", params=query)
            assert "set-cookie" not in answer.headers
            assert answer.headers.get("location", "/").startswith(("/cases/", "/"))
            assert not answer.headers.get("location", "/").startswith("//")


@pytest.mark.parametrize(
    ("public_url", "name", "more"), [("https://12345.example", "__Host-hotline", "Secure"), ("", "hotline", "HttpOnly")]
)
def test_behind_https_the_session_is_bound_to_this_host_and_new_at_every_login(
    front: Front, public_url: str, name: str, more: str
) -> None:
    ports = replace(front.ports, public_url=public_url)
    app = FastAPI(openapi_url=None)
    pages.install(app, ports)
    form = {"name": "wangdd", "password": "a-long-password"}
    with TestClient(app, headers=OWN, cookies={name: "hl_chosen-by-a-stranger"}) as browser:
        answer = browser.post("/login", data=form, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{name}=hl_")
    assert "chosen-by-a-stranger" not in cookie
    for flag in ("HttpOnly", "Path=/", "SameSite=strict", more):
        assert flag in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("path", ["/login", "/desk/status", "/logout"])
@pytest.mark.parametrize("origin", ["http://[::1", "null", "//", "http://evil.example", "\xff"])
def test_an_odd_origin_is_a_foreign_one(front: Front, path: str, origin: str) -> None:
    with front.client() as browser:
        answer = browser.post(path, headers=[(b"origin", origin.encode("latin-1"))])
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["a" * 300, "%2e%2e", "..%2f..%2fhub.py", ".gitignore", "a%00b", "汉字"])
def test_only_built_files_are_served(front: Front, name: str) -> None:
    with front.client() as stranger:
        assert stranger.get(f"/static/{name}").status_code in (400, 404)
