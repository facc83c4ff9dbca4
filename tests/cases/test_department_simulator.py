"""The whole way over sockets: dispatched by the API, sent by a real worker, signed and answered by a department."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_case_api import LAMP, register, step

from cases import people
from cases.delivery import Deliveries
from cases.model import Delivery
from cases.words import Role
from console.simulator.bad_manners import FAULTS, Asked, now_and_then
from console.simulator.department import SimulatedDepartment, readable
from console.simulator.profile import BAD, GOOD, PROFILES, BadScript, acts_for, read_script

SECRET = "whsec_" + "c2VjcmV0" * 6


def until(condition, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


@pytest.fixture(autouse=True)
def today(clock):
    """The worker's clock is real; these stories happen now."""
    clock.now = datetime.now(UTC)


@pytest.fixture
def hired(small_office, clock, settings):
    """A simulated department at work beside an office, and one attempt of every delivery when asked for."""
    at_work = []

    def hire(profile: str = "listen", quick: bool = True, **more) -> SimulatedDepartment:
        with small_office.database.session() as session:
            key = people.new_api_key(session, "cgj", now=clock())
        acts = [type(act)(0, act.type, act.data) for act in PROFILES[profile]] if quick else PROFILES[profile]
        url = small_office.url.removesuffix("/api/v1")
        department = SimulatedDepartment("cgj", SECRET, hotline=url, key=key, acts=acts, **more)
        department.start()
        at_work.append(department)
        assert department.listen_here().status_code == 200
        return department

    yield hire
    for department in at_work:
        department.stop()


@pytest.fixture
def send(small_office, settings):
    def send_everything() -> None:
        worker = Deliveries(small_office.database, settings)
        with small_office.database.session() as session:
            keys = [row.id for row in session.query(Delivery).order_by(Delivery.place)]
        for key in keys:
            worker.deliver(key)

    return send_everything


@pytest.fixture
def wang(small_office):
    return small_office.person("wang", Role.OPERATOR)


def dispatched(wang) -> str:
    number = register(wang)["number"]
    assert step(wang, number, "dispatch", lead="cgj").status_code == 200
    return number


@pytest.mark.slow
def test_a_case_comes_back_answered_within_seconds(office, workers, clock):
    with office.database.session() as session:
        key = people.new_api_key(session, "cgj", now=clock())
    said: list[str] = []
    url = office.url.removesuffix("/api/v1")
    department = SimulatedDepartment("cgj", SECRET, hotline=url, key=key, acts=PROFILES["well"], say=said.append)
    department.start()
    workers.start()
    try:
        told = department.listen_here().json()
        assert (told["url"], told["channel"], told["secrets"]) == (department.url, "webhook", 1)
        wang = office.person("wang", Role.OPERATOR)
        started = time.monotonic()
        number = dispatched(wang)

        case = until(lambda: (c := wang.get(f"/cases/{number}").json())["state"] == "replied" and c)
        took = time.monotonic() - started
    finally:
        department.stop()

    [message] = department.received
    [delivery] = wang.get("/deliveries", params={"case": number}).json()["items"]
    assert (delivery["state"], delivery["channel"], delivery["attempts"]) == ("delivered", "webhook", 1)
    assert delivery["receipt"] == "HTTP 204"
    receipts = case["assignments"][0]
    assert receipts["delivered_at"]
    assert receipts["signed_at"]
    assert receipts["reply"] == GOOD
    assert "summary" not in message["data"], "thin"
    assert any(LAMP["summary"] in line for line in said), "fetched with the key, and shown"
    assert took < 30


def test_a_department_that_answers_badly_is_heard_all_the_same(wang, hired, send):
    hired("badly")
    number = dispatched(wang)
    send()

    case = until(lambda: (c := wang.get(f"/cases/{number}").json())["state"] == "replied" and c)
    assert case["assignments"][0]["reply"] == BAD


def test_a_department_that_never_signs_has_been_told(wang, hired, send):
    department = hired("never")
    number = dispatched(wang)
    send()

    reports = until(lambda: wang.get(f"/cases/{number}/reports").json()["items"])
    assert [r["type"] for r in reports] == ["case.received"]
    assert wang.get(f"/cases/{number}").json()["assignments"][0]["state"] == "waiting"
    assert len(department.received) == 1


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"gone", "slow"}))
def test_every_bad_manner_is_a_failure_that_is_tried_again(small_office, wang, hired, send, settings, fault):
    ways = [FAULTS[fault]]
    department = hired(manners=lambda asked: ways.pop() if ways else "ok", hang_seconds=1.0)
    number = dispatched(wang)
    quick = Deliveries(small_office.database, settings.model_copy(update={"delivery_timeout_seconds": 0.5}))
    with small_office.database.session() as session:
        row = session.query(Delivery).one()
    quick.deliver(row.id)

    [failed] = wang.get("/deliveries", params={"case": number}).json()["items"]
    assert (failed["state"], failed["attempts"]) == ("waiting", 1)
    assert failed["last_error"]
    with small_office.database.session() as session:
        session.get_one(Delivery, row.id).due_at = datetime.now(UTC)
    send()

    [sent] = wang.get("/deliveries", params={"case": number}).json()["items"]
    assert (sent["state"], sent["attempts"]) == ("delivered", 2)
    assert len(department.received) == 1


def test_a_stranger_cannot_send_a_department_cases():
    department = SimulatedDepartment("cgj", SECRET)

    assert department.take(b"{}", {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,xx"}) == 401
    assert department.received == []


def command(*words: str) -> subprocess.CompletedProcess:
    code = "import sys; from console.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, "department-simulator", *words], capture_output=True, text=True,
                          check=False, timeout=30)  # fmt: skip


def test_it_says_what_is_wrong_when_the_hotline_is_not_there(tmp_path):
    ended = command("cgj", "--secret", SECRET, "--key", "hk_x", "--hotline", "http://127.0.0.1:9")

    assert ended.returncode == 1
    assert "hotline serve" in ended.stderr


def test_it_says_what_is_wrong_with_a_script(tmp_path):
    (tmp_path / "bad.json").write_text('[{"after": 1, "type": "case.signed"}, {"after": "soon", "type": "x"}]')
    ended = command("cgj", "--secret", SECRET, "--script", str(tmp_path / "bad.json"))

    assert ended.returncode == 2
    assert "step 2" in ended.stderr


def test_a_confidential_case_is_shown_without_its_caller():
    data = {"number": "1", "part": "lead", "due_at": "2026-03-12T09:30:00+08:00", "kind": "help", "category": "x",
            "urgency": "urgent", "confidential": True, "link": "http://x"}  # fmt: skip

    shown = readable({"type": "case.dispatched", "data": data})

    assert "保密" in shown
    assert "诉求人" not in shown


def test_work_that_comes_back_is_replied_to_and_not_signed_again():
    assert [act.type for act in acts_for("case.sent_back", PROFILES["well"])] == ["case.replied"]
    assert acts_for("case.reminder", PROFILES["well"]) == ()


def test_a_script_is_read_as_it_was_meant():
    [sign, reply] = read_script(json.loads('[{"after": 2, "type": "case.signed"}, '
                                           '{"type": "case.replied", "data": {"reply": "好了"}}]'))  # fmt: skip
    assert (sign.after, sign.type) == (2.0, "case.signed")
    assert (reply.after, reply.data) == (0.0, {"reply": "好了"})


_ANYTHING = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["after", "type", "data", "x"]), x))  # fmt: skip


@given(_ANYTHING)
def test_a_script_is_acts_or_a_sentence(read):
    try:
        assert all(act.after >= 0 for act in read_script(read))
    except BadScript:
        return


def test_the_same_seed_has_the_same_bad_day():
    asked = Asked(1, "POST", "/", {}, b"")
    days = []
    for _ in range(2):
        manners = now_and_then(["500", "drop"], 0.3, 7)
        days.append([manners(asked) for _ in range(50)])

    assert days[0] == days[1]
    assert 5 < sum(how != "ok" for how in days[0]) < 30
