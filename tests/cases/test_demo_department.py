"""The whole way over sockets: dispatched by the API, sent by a real worker, signed and answered by a department."""

import subprocess
import sys
import time

import pytest
from test_case_api import LAMP, register, step

from cases import people
from cases.words import Role
from console.commands.department import DemoDepartment, readable


def until(condition, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_a_case_comes_back_answered_within_seconds(office, workers, clock):
    """The clock of the office is the test's; only the worker's is real, so the office must not be ahead of it."""
    from datetime import UTC, datetime

    clock.now = datetime.now(UTC)
    with office.database.session() as session:
        key = people.new_api_key(session, "cgj", now=clock())
    secret = "whsec_" + "c2VjcmV0" * 6
    said: list[str] = []
    department = DemoDepartment(
        secret, hotline=office.url.removesuffix("/api/v1"), key=key, reply="已更换灯泡", say=said.append
    )
    department.start()
    workers.start()
    try:
        assert department.listen_at("cgj").json() | {"changed_at": None} == {
            "department": "cgj",
            "url": department.url,
            "networks": [],
            "secrets": 1,
            "disabled_because": None,
            "changed_at": None,
        }
        wang = office.person("wang", Role.OPERATOR)
        number = register(wang)["number"]
        started = time.monotonic()
        step(wang, number, "dispatch", lead="cgj")

        case = until(lambda: (c := wang.get(f"/cases/{number}").json())["state"] == "replied" and c)
        took = time.monotonic() - started
    finally:
        department.stop()

    [message] = department.received
    [delivery] = wang.get("/deliveries", params={"case": number}).json()["items"]
    assert (delivery["state"], delivery["channel"], delivery["attempts"]) == ("delivered", "webhook", 1)
    receipts = case["assignments"][0]
    assert receipts["delivered_at"]
    assert receipts["signed_at"]
    assert receipts["reply"] == "已更换灯泡"
    assert message["data"]["summary"] == LAMP["summary"]
    assert any("路灯不亮" in line for line in said)
    assert took < 30


def test_a_stranger_cannot_send_a_department_cases():
    department = DemoDepartment("whsec_" + "c2VjcmV0" * 6)

    assert department.take(b"{}", {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,xx"}) == 401
    assert department.received == []


def test_it_says_what_is_wrong_when_the_hotline_is_not_there(tmp_path):
    code = "import sys; from console.cli import main; main()"
    secret = "whsec_" + "c2VjcmV0" * 6
    ended = subprocess.run(
        [sys.executable, "-c", code, "demo-department", "cgj", "--secret", secret, "--key", "hk_x", "--hotline",
         "http://127.0.0.1:9"], capture_output=True, text=True, check=False, timeout=30)  # fmt: skip

    assert ended.returncode == 1
    assert "hotline serve" in ended.stderr


def test_a_confidential_case_is_shown_without_its_caller():
    data = {
        "number": "1",
        "part": "lead",
        "due_at": "2026-03-12T09:30:00+08:00",
        "kind": "help",
        "category": "x",
        "urgency": "urgent",
        "place": "",
        "summary": "路灯",
        "confidential": True,
        "caller_name": None,
        "phone": None,
        "link": "http://x",
    }

    assert "（保密）" in readable({"data": data})
