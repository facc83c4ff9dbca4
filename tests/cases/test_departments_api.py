"""Departments' own side of the API: endpoints, signed messages in, deliveries, and nothing of anybody else's."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from case_office import Office
from sqlalchemy import select
from test_case_api import register, step

from cases import endpoints
from cases.delivery import Deliveries
from cases.model import Delivery
from cases.webhook import signed_headers
from cases.words import Role
from config.city import load
from config.database import Database
from config.settings import Settings


@pytest.fixture
def today(clock):
    """The worker's clock is real; these stories happen now."""
    clock.now = datetime.now(UTC)


@pytest.fixture
def admin(small_office):
    return small_office.person("admin", Role.ADMINISTRATOR)


@pytest.fixture
def wang(small_office):
    return small_office.person("wang", Role.OPERATOR)


def dispatched(wang, lead="cgj", **changes) -> str:
    number = register(wang, **changes)["number"]
    assert step(wang, number, "dispatch", lead=lead).status_code == 200
    return number


def test_an_administrator_sets_where_a_department_listens(small_office, admin):
    first = admin.put("/departments/cgj/endpoint", json={"url": "http://127.0.0.1:9/hook"}).json()
    again = admin.put("/departments/cgj/endpoint", json={"url": "http://127.0.0.1:9/other"}).json()
    shown = admin.get("/departments/cgj/endpoint").json()

    assert first["secret"].startswith("whsec_")
    assert "secret" not in again, "a secret is shown once"
    assert (shown["url"], shown["secrets"]) == ("http://127.0.0.1:9/other", 1)
    assert first["secret"] not in json.dumps(shown)


def test_a_department_changes_its_address_but_opens_no_networks(small_office, admin):
    cgj = small_office.system("cgj")

    assert cgj.put("/departments/cgj/endpoint", json={"url": "http://127.0.0.1:9/"}).status_code == 200
    assert cgj.put("/departments/cgj/endpoint", json={"url": None, "networks": ["10.0.0.0/8"]}).status_code == 403
    assert cgj.put("/departments/gaj/endpoint", json={"url": None}).status_code == 404
    assert cgj.get("/departments/gaj/endpoint").status_code == 404
    assert admin.put("/departments/nobody/endpoint", json={"url": None}).status_code == 404


def test_addresses_inside_the_house_need_an_administrators_word(sqlite, city, settings, clock):
    office = Office(
        sqlite, city, settings.model_copy(update={"delivery_networks": (), "public_url": "https://x.example"}), clock
    )
    try:
        admin = office.person("admin", Role.ADMINISTRATOR)
        for url in (
            "http://127.0.0.1:80/",
            "https://2130706433/",
            "https://169.254.169.254/",
            "ftp://x/",
            "https://u:p@x/",
        ):
            refused = admin.put("/departments/cgj/endpoint", json={"url": url})
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["pointer"] == "/url"
        allowed = admin.put(
            "/departments/cgj/endpoint", json={"url": "http://127.0.0.1:80/", "networks": ["127.0.0.0/8"]}
        )
        assert allowed.status_code == 200
        assert admin.put("/departments/cgj/endpoint", json={"url": None, "networks": ["all"]}).status_code == 422
    finally:
        office.close()


class System:
    """A department's system that reports by signed messages."""

    def __init__(self, office, code: str) -> None:
        self._client, self._path = office.anonymous(), f"/inbound/{code}/events"
        with office.database.session() as session:
            self.secret = endpoints.new_secret(session, code, now=office.clock())

    def tell(self, message_id: str, kind: str, at: datetime | None = None, secret: str = "", **data: str):
        body = json.dumps({"type": kind, "data": data}).encode()
        headers = signed_headers(message_id, at or datetime.now(UTC), body, [secret or self.secret])
        return self._client.post(self._path, content=body, headers=headers)


def test_a_department_signs_and_replies_by_signed_messages(small_office, wang):
    number, cgj = dispatched(wang), System(small_office, "cgj")

    for message in [("m1", "case.received"), ("m2", "case.signed"), ("m2", "case.signed")]:
        assert cgj.tell(*message, number=number).status_code == 200, "a repeated message is no error"
    assert cgj.tell("m3", "case.replied", number=number, reply="已修好").json() == {"received": True}

    case = wang.get(f"/cases/{number}").json()
    assert case["state"] == "replied"
    assert case["assignments"][0]["reply"] == "已修好"
    assert [h["step"] for h in case["history"]][-3:] == ["deliver", "sign", "reply"]


def test_what_is_not_properly_signed_is_not_believed(small_office, wang):
    number, cgj, gaj = dispatched(wang), System(small_office, "cgj"), System(small_office, "gaj")
    old = datetime.now(UTC) - timedelta(minutes=6)

    assert cgj.tell("m1", "case.signed", secret=gaj.secret, number=number).status_code == 401
    assert cgj.tell("m1", "case.signed", at=old, number=number).status_code == 401
    assert small_office.anonymous().post("/inbound/cgj/events", content=b"{}").status_code == 401
    assert small_office.anonymous().post("/inbound/nobody/events", content=b"{}").status_code == 401
    assert gaj.tell("m1", "case.signed", number=number).status_code == 404, "signed, but not theirs"
    assert cgj.tell("m1", "case.exploded", number=number).status_code == 422
    assert wang.get(f"/cases/{number}").json()["state"] == "dispatched"


def test_a_huge_message_is_refused_before_it_is_read(small_office):
    answer = small_office.anonymous().post("/inbound/cgj/events", content=b"x" * 200_000)

    assert answer.status_code == 413


def test_deliveries_are_listed_and_dead_letters_sent_again(today, small_office, wang, admin, receiver, settings):
    admin.put("/departments/cgj/endpoint", json={"url": receiver.url})
    number = dispatched(wang)
    worker = Deliveries(small_office.database, settings)
    receiver.plan = ["410"]
    with small_office.database.session() as session:
        key = session.scalars(select(Delivery.id)).one()
    worker.deliver(key)

    [dead] = admin.get("/deliveries", params={"state": "dead"}).json()["items"]
    assert (dead["id"], dead["case"], dead["last_error"]) == (key, number, "HTTP 410")
    assert wang.get(f"/cases/{number}").json()["assignments"][0]["trouble"] == "HTTP 410"
    assert wang.post(f"/deliveries/{key}/replay").status_code == 403, "operators do not"
    assert admin.post(f"/deliveries/{key}/replay").status_code == 409, "there is no address that wants it"
    admin.put("/departments/cgj/endpoint", json={"url": receiver.url})
    assert admin.post(f"/deliveries/{key}/replay").json()["state"] == "waiting"
    worker.deliver(key)

    [sent] = admin.get("/deliveries", params={"case": number}).json()["items"]
    assert (sent["state"], sent["attempts"]) == ("delivered", 2)
    assert admin.post(f"/deliveries/{key}/replay").status_code == 409
    assert small_office.system("gaj").get("/deliveries").json()["items"] == []
    assert len(small_office.system("cgj").get("/deliveries").json()["items"]) == 1


def test_no_route_is_open_by_oversight(small_office):
    """Every operation of the API, asked by nobody: 401, but for logging in and for what is public."""
    import httpx
    from fastapi import FastAPI

    from cases.api import router

    app = FastAPI()
    app.include_router(router(small_office.database, None, small_office.settings, small_office.clock), prefix="/api/v1")
    paths = app.openapi()["paths"]
    open_to_all = {("post", "/api/v1/tokens"): 422, ("get", "/api/v1/supervisions/form.css"): 200}

    with httpx.Client(base_url=small_office.url.removesuffix("/api/v1"), trust_env=False) as nobody:
        for path, operations in paths.items():
            if path.startswith("/api/v1/public/"):
                continue
            for method in operations.keys() - {"parameters"}:
                answer = nobody.request(method, path.replace("{", "").replace("}", ""), json={})
                assert answer.status_code == open_to_all.get((method, path), 401), (method, path)
    assert len(paths) >= 13


def test_a_locked_database_is_a_polite_503_and_later_all_is_well(sqlite, city, settings, clock):
    impatient = Database(str(sqlite.engine.url), busy_timeout_ms=200)
    office = Office(impatient, city, settings, clock)
    try:
        wang = office.person("wang", Role.OPERATOR)
        other = sqlite3.connect(sqlite.engine.url.database, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        answer = wang.get("/cases")
        other.execute("ROLLBACK")
        other.close()

        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert answer.headers["Retry-After"]
        assert wang.get("/cases").status_code == 200
    finally:
        office.close()
        impatient.engine.dispose()


def test_on_a_machine_of_its_own_a_department_may_listen_beside_the_hotline(sqlite, city, settings, clock):
    """Nobody outside reaches a hotline on loopback without a public address, so its departments are here too."""
    alone = settings.model_copy(update={"delivery_networks": ()})
    office = Office(sqlite, city, alone, clock)
    try:
        admin = office.person("root", Role.ADMINISTRATOR)
        hook = {"url": "http://127.0.0.1:9/hook", "channel": "webhook"}
        assert admin.put("/departments/cgj/endpoint", json=hook).status_code == 200
        for elsewhere in ("http://10.0.0.1/hook", "http://169.254.169.254/latest"):
            assert admin.put("/departments/cgj/endpoint", json={"url": elsewhere}).status_code == 422
    finally:
        office.close()


def test_only_an_administrator_says_where_a_department_may_be(small_office, admin):
    clerk, cgj = small_office.person("li", Role.CLERK, "cgj"), small_office.system("cgj")
    url = "https://93.184.216.34/hook"

    assert clerk.put("/departments/cgj/endpoint", json={"url": "http://127.0.0.1:9/"}).status_code == 403
    assert clerk.post("/departments/cgj/endpoint/test").status_code == 403
    assert cgj.put("/departments/cgj/endpoint", json={"url": url}).status_code == 403, "nobody has allowed this host"
    assert admin.put("/departments/cgj/endpoint", json={"url": url}).status_code == 200
    assert cgj.put("/departments/cgj/endpoint", json={"url": f"{url}/v2"}).status_code == 200
    assert cgj.put("/departments/cgj/endpoint", json={"url": "https://93.184.216.35/"}).status_code == 403
    for more in ({"full_body": True}, {"email": "a@b.cn"}, {"channel": "open311"}, {"open311": {}}):
        assert cgj.put("/departments/cgj/endpoint", json={"url": url, **more}).status_code == 403, more


def test_a_channel_needs_what_it_sends_to(small_office, admin):
    put = lambda **body: admin.put("/departments/cgj/endpoint", json={"url": None, **body})  # noqa: E731

    assert put(channel="webhook").status_code == 422
    assert put(channel="email").status_code == 422
    assert put(email="not an address").status_code == 422
    assert put(email="zhu@cgj.example.cn").json()["channel"] == "email"
    assert put().json()["channel"] == "page"
    told = put(url="http://127.0.0.1:9/v2", channel="open311", open311={"api_key": "secret-of-theirs"})
    assert (told.status_code, told.json()["channel"]) == (200, "open311")
    assert "secret-of-theirs" not in told.text


def test_late_and_overtaken_reports_change_nothing_and_are_kept(office):
    wang = office.person("wang", Role.OPERATOR)
    number, cgj = dispatched(wang), System(office, "cgj")

    assert cgj.tell("m5", "case.signed", number=number, sequence=5).json() == {"received": True}
    assert cgj.tell("m4", "case.progress", number=number, sequence=4, text="已派人").json()["outcome"] == "stale"
    assert cgj.tell("m6", "case.signed", number=number, sequence=6).json()["outcome"] == "late"
    earlier, later = "2026-03-09T10:00:00+08:00", "2026-03-09T11:00:00+08:00"
    assert cgj.tell("m7", "case.progress", number=number, updated_at=later, text="已到现场").json() == {
        "received": True
    }
    assert cgj.tell("m8", "case.replied", number=number, updated_at=earlier, reply="旧").json()["outcome"] == "stale"
    for nonsense in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", True):
        assert cgj.tell("mx", "case.signed", number=number, updated_at=nonsense).status_code == 422
    assert cgj.tell("m9", "case.signed", number=number, updated_at="2026-03-09T11:00:00").status_code == 422, "no zone"

    said = [(r["type"], r["outcome"], r["text"]) for r in wang.get(f"/cases/{number}/reports").json()["items"]]
    assert sorted(said) == sorted([
        ("case.signed", "applied", None), ("case.progress", "stale", "已派人"), ("case.signed", "late", None),
        ("case.progress", "applied", "已到现场"), ("case.replied", "stale", "旧")])  # fmt: skip
    assert wang.get(f"/cases/{number}").json()["state"] == "handling"
    assert office.system("gaj").get(f"/cases/{number}/reports").status_code == 404


def test_a_department_that_signs_with_a_key_of_its_own_is_believed(small_office, wang, admin):
    from cases import signing_keys

    number, private = dispatched(wang), signing_keys.new_private()
    given = {"url": "http://127.0.0.1:9/", "secret": signing_keys.public_of(private)}
    assert admin.put("/departments/cgj/endpoint", json=given).status_code == 200
    body = json.dumps({"type": "case.signed", "data": {"number": number}}).encode()

    def tell(key: str, at: datetime, tampered: bytes = b"") -> int:
        headers = signed_headers("m1", at, body, [key])
        return (
            small_office.anonymous().post("/inbound/cgj/events", content=body + tampered, headers=headers).status_code
        )

    now = datetime.now(UTC)
    assert tell(signing_keys.new_private(), now) == 401
    assert tell(private, now - timedelta(minutes=6)) == 401
    assert tell(private, now, b" ") == 401
    assert tell(private, now) == 200
    assert wang.get(f"/cases/{number}").json()["state"] == "handling"


def test_keys_are_changed_over_without_a_gap(small_office, admin):
    made = [admin.post("/departments/cgj/endpoint/keys", json={}).json()["secret"] for _ in range(3)]
    pair = admin.post("/departments/cgj/endpoint/keys", json={"version": "v1a"}).json()
    shown = admin.get("/departments/cgj/endpoint").json()

    with small_office.database.session() as session:
        live = endpoints.endpoint(session, "cgj").secrets
    assert [key for key in live if key.startswith("whsec_")] == [made[2], made[1]]
    assert shown["public_keys"] == [pair["public_key"]]
    assert pair["public_key"].startswith("whpk_")


def test_a_receiver_is_tried_before_it_is_relied_on(small_office, admin, receiver):
    assert admin.post("/departments/cgj/endpoint/test").status_code == 422, "it has no address"
    receiver.secret = admin.put("/departments/cgj/endpoint", json={"url": receiver.url}).json()["secret"]
    receiver.plan = ["ok", "503"]

    good, bad = (admin.post("/departments/cgj/endpoint/test").json() for _ in range(2))

    assert (good["ok"], good["status"]) == (True, 200)
    assert (bad["ok"], bad["problem"]) == (False, "HTTP 503")
    assert next(iter(receiver.effects.values()))["type"] == "endpoint.test"


def test_a_receiver_that_was_not_asked_gets_nothing(small_office, admin, receiver):
    """CloudEvents' handshake: who points us at a stranger's server learns that the stranger has not agreed."""
    refused = admin.put("/departments/cgj/endpoint", json={"url": receiver.url, "handshake": True})
    assert refused.status_code == 422
    assert "OPTIONS" in refused.json()["detail"]

    receiver.allows = "*"
    assert admin.put("/departments/cgj/endpoint", json={"url": receiver.url, "handshake": True}).status_code == 200


@pytest.fixture
def patient(sqlite, city, settings, clock):
    """An office of a city that grants more time."""
    rules = replace(city, deadlines=load(Settings().city_dir).deadlines)
    office = Office(sqlite, rules, settings, clock)
    yield office
    office.close()


def test_a_department_gives_a_case_back_and_asks_for_time_by_signed_messages(patient):
    wang, cgj = patient.person("wang", Role.OPERATOR), System(patient, "cgj")
    number = dispatched(wang)
    objection = {"reason": "not_ours", "basis": "三定方案", "suggested": "gaj"}

    assert cgj.tell("m1", "case.returned", number=number, **objection | {"reason": "no_time"}).status_code == 422
    assert cgj.tell("m2", "case.returned", number=number, **objection | {"suggested": "nobody"}).status_code == 422
    assert cgj.tell("m3", "case.returned", number=number, **objection).json() == {"received": True}
    assert wang.get(f"/cases/{number}").json()["state"] == "return_requested"

    other = dispatched(wang, urgency="ordinary")
    cgj.tell("m4", "case.signed", number=other)
    longer = {"number": other, "amount": 2, "unit": "calendar_days", "text": "等材料到货"}
    assert cgj.tell("m5", "case.extension_requested", **longer | {"amount": 300}).status_code == 422, "beyond the rule"
    assert cgj.tell("m6", "case.extension_requested", **longer).json() == {"received": True}
    assert wang.get(f"/cases/{other}").json()["history"][-1]["step"] == "request_extension"
    assert cgj.tell("m7", "case.returned", number=other, **objection).status_code == 409, "too late for that"
