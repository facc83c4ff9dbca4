"""What somebody with bad intentions, or with a broken program, tries on the API."""

from __future__ import annotations

import base64
import json
import socket
import threading
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from case_office import Office
from test_intake import history

from cases import endpoints, intake, limits, people
from cases.webhook import signed_headers
from cases.words import Role
from ivr.call import CallEvent, Kind

CASE = {"kind": "complaint", "category": "environment", "summary": "异味"}
LEADERS = (Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR)


@pytest.fixture
def recorded(small_office, settings):
    """A call in which the operator wang talked, with what wang said."""
    with small_office.database.session() as session:
        intake.import_call(session, history())
    (settings.recordings_dir / "c1").mkdir(parents=True)
    (settings.recordings_dir / "c1" / "op.wav").write_bytes(b"RIFF" + bytes(100))
    return small_office


def test_operators_hear_only_the_calls_they_were_in(recorded):
    wang, li = recorded.person("wang", Role.OPERATOR), recorded.person("li", Role.OPERATOR)

    for path in ("/calls/c1", "/calls/c1/recordings/op.wav"):
        assert wang.get(path).status_code == 200
        refused = li.get(path)
        nothing = li.get(path.replace("c1", "c9"))
        assert (refused.status_code, refused.json()) == (nothing.status_code, nothing.json()), "it does not exist"
        assert refused.status_code == 404


@pytest.mark.parametrize("role", LEADERS)
def test_whoever_leads_hears_every_call(recorded, role):
    leader = recorded.person("zhao", role)

    assert leader.get("/calls/c1").status_code == 200
    assert leader.get("/calls/c1/recordings/op.wav").status_code == 200


def test_no_department_hears_a_call(recorded):
    for stranger in (recorded.person("chen", Role.CLERK, "cgj"), recorded.system("cgj")):
        assert stranger.get("/calls/c1").status_code == 403
        assert stranger.get("/calls/c1/recordings/op.wav").status_code == 403


def test_a_message_left_at_night_is_for_every_operator(small_office):
    started, *_rest, ended = history("c2")
    rang = CallEvent("c2", 2, started.at, Kind.LEG_ASKED, {"leg": "op", "role": "operator", "name": "wang"})
    with small_office.database.session() as session:
        intake.import_call(session, [started, rang, ended])

    assert small_office.person("li", Role.OPERATOR).get("/calls/c2").status_code == 200


def test_a_call_that_goes_on_is_as_private_as_one_that_is_over(sqlite, city, settings, clock):
    talking = history("c3")[:6]
    office = Office(sqlite, city, settings, clock, live_events=lambda call_id: talking if call_id == "c3" else ())
    try:
        wang, li = office.person("wang", Role.OPERATOR), office.person("li", Role.OPERATOR)
        case = {"kind": "complaint", "category": "environment", "summary": "异味", "call": "c3"}

        assert wang.get("/calls/c3").json()["caller"] == "13800001111"
        assert li.get("/calls/c3").status_code == 404
        assert li.post("/cases", json=case).status_code == 422, "nor can a case be hung on somebody else's call"
        assert wang.post("/cases", json=case).status_code == 201
    finally:
        office.close()


# ---- texts that a database or a file system refuses
@pytest.fixture
def wang(small_office):
    return small_office.person("wang", Role.OPERATOR)


@pytest.mark.parametrize("odd", ["a\0b", "a\ud800b"])
def test_text_that_no_database_keeps_is_refused_field_by_field(office, odd):
    wang = office.person("wang", Role.OPERATOR)
    number = wang.post("/cases", json=CASE).json()["number"]
    asked = [
        ("POST", "/cases", CASE | {name: odd}) for name in ("summary", "text", "place", "phone", "caller_name", "call")
    ]
    asked += [("PATCH", f"/cases/{number}", {"text": odd}), ("PATCH", f"/cases/{number}", {odd: "x"})]
    asked += [("POST", f"/cases/{number}/transitions", {"action": "answer", "answer": odd})]
    asked += [("POST", f"/cases/{number}/transitions", {"action": "dispatch", "lead": odd, "assisting": [odd]})]
    asked += [
        ("POST", "/tokens", {"name": odd, "password": "x"}),
        ("POST", "/tokens", {"name": "wang", "password": odd}),
    ]

    for method, path, body in asked:
        answer = wang.request(method, path, content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, (method, path, body)
    assert len(wang.get("/cases").json()["items"]) == 1


def test_an_address_with_a_nul_leads_nowhere(wang):
    for path in (
        "/cases/%00",
        "/calls/%00",
        "/cases?phone=%00",
        "/deliveries?case=x%00",
        "/calls/c1/recordings/%00.wav",
    ):
        assert wang.get(path).status_code == 400, path


def test_a_message_of_a_departments_system_may_hold_anything(office):
    secret_of = {}
    with office.database.session() as session:
        secret_of["cgj"] = endpoints.new_secret(session, "cgj", now=office.clock())

    def tell(body: bytes, message_id: str = "m1") -> int:
        headers = signed_headers(message_id, datetime.now(UTC), b"", []) | {"webhook-signature": "v1,"}
        headers |= _signed(message_id, body, secret_of["cgj"])
        return office.anonymous().post("/inbound/cgj/events", content=body, headers=headers).status_code

    assert tell(b'{"type": "case.signed", "data": ' + b"[" * 40_000) == 422
    assert tell(json.dumps({"type": "case.signed", "data": {"number": "\0"}}).encode()) == 422
    assert tell(json.dumps({"type": "case.replied", "data": {"number": "1", "reply": "\ud800"}}).encode()) == 422
    assert tell(json.dumps({"type": "case.signed", "data": {"number": 1}}).encode(), "m" * 5000) == 422
    assert tell(json.dumps({"type": "case.signed", "data": {"number": 20260309}}).encode()) == 404


def _signed(message_id: str, body: bytes, secret: str) -> dict[str, str]:
    return signed_headers(message_id, datetime.now(UTC), body, [secret])


# ---- versions and cursors that nobody was given
@pytest.mark.parametrize("version", [b'"\xb2"', b'"' + b"9" * 5000 + b'"', b'"-1"', b'""', b"x"])
def test_a_version_that_nobody_was_given_is_refused(wang, version):
    number = wang.post("/cases", json=CASE).json()["number"]

    answer = wang.patch(f"/cases/{number}", json={"place": "x"}, headers=[(b"If-Match", version)])

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "forged", ["0001-01-01T00:00:00+14:00|x", "9999-12-31T23:59:59-14:00|x", "2026-01-01T00:00:00+00:00|\0", "x", "|"]
)
def test_a_forged_cursor_is_refused(wang, forged):
    cursor = base64.urlsafe_b64encode(forged.encode()).decode().rstrip("=")

    for path in ("/cases", "/deliveries"):
        assert wang.get(path, params={"cursor": cursor}).status_code == 422


def test_a_cursor_shows_a_department_nothing_that_its_own_list_does_not(small_office):
    wang, cgj = small_office.person("wang", Role.OPERATOR), small_office.system("cgj")
    for _ in range(3):
        wang.post("/cases", json=CASE)
    others = wang.get("/cases", params={"limit": 1}).json()["next"]

    assert cgj.get("/cases", params={"cursor": others}).json()["items"] == []


def test_only_names_of_ours_become_names_of_files(sqlite, city, settings, clock):
    def of_the_spool(call_id: str):
        raise ValueError("a call id has letters, digits and hyphens only")

    office = Office(sqlite, city, settings, clock, live_events=of_the_spool)
    try:
        wang = office.person("wang", Role.OPERATOR)
        for call_id in ("a.b", "x" * 300, "é", "a%0ab", "..%2f..%2fetc"):
            assert wang.get(f"/calls/{call_id}").status_code == 404, call_id
        assert wang.post("/cases", json=CASE | {"call": "../x"}).status_code == 422
    finally:
        office.close()


# ---- bodies
def test_a_body_of_more_than_a_megabyte_is_refused_before_it_has_come(small_office):
    head = b"POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    assert _raw(small_office, head + b"Content-Length: 1000000001\r\n\r\n{") == 413
    chunk = b"20000\r\n" + b"x" * 0x20000 + b"\r\n"
    assert _raw(small_office, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 8) == 413


def test_a_body_that_comes_by_the_spoonful_does_not_hold_a_place_for_ever(small_office):
    head = b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    assert _raw(small_office, head + b"Content-Length: 1000\r\n\r\n{") == 408


def test_a_body_just_below_the_limit_is_read(wang):
    assert wang.post("/cases", json=CASE | {"unknown": "x" * (limits.LONGEST_BODY - 200)}).status_code == 201


def test_json_as_deep_as_the_sea_is_refused(wang):
    for deep in (b"[" * 100_000, b'{"a":' * 100_000, b'{"kind":' + b"9" * 5000 + b"}", b'{"kind":NaN}', b"\xff"):
        answer = wang.post("/cases", content=deep, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)


def _raw(office: Office, request: bytes) -> int:
    """The status that a client gets who speaks HTTP by hand."""
    with socket.create_connection(("127.0.0.1", urlsplit(office.url).port), timeout=5) as line:
        line.sendall(request)
        return int(line.recv(4096).split()[1])


# ---- at the same moment, too often
def test_of_twenty_changes_to_one_version_one_is_made(office):
    wang = office.person("wang", Role.OPERATOR)
    number, answers = wang.post("/cases", json=CASE).json()["number"], []

    def change(n: int) -> None:
        answers.append(wang.patch(f"/cases/{number}", json={"place": f"人民路 {n} 号"}, headers={"If-Match": '"1"'}))

    threads = [threading.Thread(target=change, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(a.status_code for a in answers) == [200] + [412] * 19
    [made] = [a for a in answers if a.status_code == 200]
    assert wang.get(f"/cases/{number}").json()["place"] == made.json()["place"]


def test_one_password_tried_on_many_names_is_stopped(small_office, monkeypatch):
    """Each name has its tries; whoever goes through all names from one address runs out of them all the same."""
    monkeypatch.setattr(people, "TRIES_PER_ADDRESS", 10)
    with small_office.anonymous() as stranger:
        for n in range(10):
            assert stranger.post("/tokens", json={"name": f"op{n}", "password": "123456"}).status_code == 401
        assert stranger.post("/tokens", json={"name": "op99", "password": "123456"}).status_code == 429


def test_whoever_gets_in_costs_the_others_at_that_address_nothing(small_office, monkeypatch):
    """A hundred operators behind one address begin their shift."""
    monkeypatch.setattr(people, "TRIES_PER_ADDRESS", 3)
    with small_office.database.session() as session:
        people.add_person(session, "li", Role.OPERATOR, "correct horse", now=small_office.clock())
    with small_office.anonymous() as office:
        for _ in range(6):
            good = office.post("/tokens", json={"name": "li", "password": "correct horse"})
            assert good.status_code == 201


def test_more_requests_than_connections_wait_their_turn_or_are_told_to(sqlite, city, settings, clock):
    """The pool of connections may run dry; that is no error of the program."""
    sqlite.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    office = Office(sqlite, city, settings, clock)
    taken = [sqlite.engine.connect() for _ in range(15)]
    try:
        answer = office.anonymous().post("/tokens", json={"name": "li", "password": "correct horse"})
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    finally:
        for each in taken:
            each.close()
        office.close()


def test_a_recording_is_not_multiplied_by_asking_for_many_pieces(recorded):
    wang = recorded.person("wang", Role.OPERATOR)
    many = "bytes=" + ",".join(f"{n % 90}-" for n in range(5000))

    answer = wang.get("/calls/c1/recordings/op.wav", headers={"Range": many})

    assert answer.status_code in (200, 206, 400, 416)
    assert len(answer.content) < 2000
