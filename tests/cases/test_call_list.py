"""The list of calls: a message left at night is found by whoever comes in the morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from case_office import Office

from cases import intake
from cases.words import Role
from ivr.call import CALLBACK_MISSED, CallEvent, Kind

NIGHT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)


def message(call_id: str, minutes: int) -> list[CallEvent]:
    """A citizen speaks after the tone; nobody was there."""
    at, leg = NIGHT + timedelta(minutes=minutes), f"{call_id}-1"
    told = (
        (Kind.CALL_STARTED, {"leg": leg, "caller": f"1380000000{minutes}", "dialled": "12345"}),
        (Kind.RECORDING_STARTED, {"leg": f"{leg}-message", "path": f"{call_id}.wav", "what": "message"}),
        (Kind.CALL_ENDED, {"reason": "message", "node": "thanks"}),
    )
    return [CallEvent(call_id, n, at, kind, data) for n, (kind, data) in enumerate(told, 1)]


def talk(call_id: str, operator: str) -> list[CallEvent]:
    leg, op = f"{call_id}-1", f"{call_id}-2"
    told = (
        (Kind.CALL_STARTED, {"leg": leg, "caller": "13900000001", "dialled": "12345"}),
        (Kind.LEG_ASKED, {"leg": op, "role": "operator", "name": operator}),
        (Kind.LEG_JOINED, {"leg": op, "role": "operator", "name": operator}),
        (Kind.CALL_ENDED, {"reason": "citizen_hung_up", "node": "operators"}),
    )
    return [CallEvent(call_id, n, NIGHT, kind, data) for n, (kind, data) in enumerate(told, 1)]


@pytest.fixture
def night(office: Office) -> Office:
    with office.database.session() as session:
        for call in (message("m1", 1), message("m2", 2), talk("t1", "wang"), talk("t2", "li")):
            intake.import_call(session, call)
    return office


def missed_callback(call_id: str, caller: str) -> list[CallEvent]:
    """An operator was there, the citizen's telephone was not answered."""
    op, citizen = f"{call_id}-3", f"{call_id}-2"
    told = (
        (Kind.CALL_STARTED, {"caller": caller, "way": "callback", "of": "m1"}),
        (Kind.LEG_ASKED, {"leg": op, "role": "operator", "name": "wang"}),
        (Kind.LEG_JOINED, {"leg": op, "role": "operator", "name": "wang"}),
        (Kind.LEG_ASKED, {"leg": citizen, "role": "citizen", "name": ""}),
        (Kind.LEG_FAILED, {"leg": citizen, "cause": "no_answer"}),
        (Kind.CALL_ENDED, {"reason": CALLBACK_MISSED}),
    )
    return [CallEvent(call_id, n, NIGHT, kind, data) for n, (kind, data) in enumerate(told, 1)]


def ids(answer: object) -> list[str]:
    return [each["id"] for each in answer.json()["items"]]  # type: ignore[attr-defined]


def test_messages_that_became_no_case_are_listed_newest_first(night: Office) -> None:
    wang = night.person("wang", Role.OPERATOR)

    assert ids(wang.get("/calls", params={"what": "message", "registered": False})) == ["m2", "m1"]

    body = {"kind": "help", "category": "environment", "urgency": "urgent", "summary": "停水", "call": "m2"}
    made = wang.post("/cases", json=body, headers={"Idempotency-Key": "m2"})
    assert made.status_code == 201, made.text
    assert ids(wang.get("/calls", params={"what": "message", "registered": False})) == ["m1"]
    assert ids(wang.get("/calls", params={"registered": True})) == ["m2"]


def test_operators_see_their_own_talks_and_what_nobody_answered(night: Office) -> None:
    assert set(ids(night.person("wang", Role.OPERATOR).get("/calls"))) == {"m1", "m2", "t1"}
    assert set(ids(night.person("su", Role.SUPERVISOR).get("/calls"))) == {"m1", "m2", "t1", "t2"}
    assert ids(night.person("su2", Role.SUPERVISOR).get("/calls", params={"answered": True, "limit": 1})) in (
        ["t1"],
        ["t2"],
    )


def test_the_list_goes_on_by_its_cursor(night: Office) -> None:
    su = night.person("su", Role.SUPERVISOR)
    first = su.get("/calls", params={"limit": 3})
    rest = su.get("/calls", params={"limit": 3, "cursor": first.json()["next"]})

    assert len(ids(first)) == 3
    assert len(set(ids(first) + ids(rest))) == 4
    assert rest.json()["next"] is None


def test_clerks_and_strangers_get_no_list(night: Office) -> None:
    assert night.person("zhao", Role.CLERK, "cgj").get("/calls").status_code == 403
    assert night.anonymous().get("/calls").status_code == 401


def test_a_missed_callback_stays_listed_until_somebody_has_talked_with_the_citizen(night: Office) -> None:
    wang, li = night.person("wang", Role.OPERATOR), night.person("li", Role.OPERATOR)
    with night.database.session() as session:
        for call_id, caller in (("b1", "13900000001"), ("b2", "13700000001")):
            intake.import_call(session, missed_callback(call_id, caller))

    for anybody in (wang, li):
        assert set(ids(anybody.get("/calls", params={"what": "callback"}))) == {"b1", "b2"}

    later = [replace(e, at=e.at + timedelta(hours=1)) for e in talk("t3", "li")]
    with night.database.session() as session:
        intake.import_call(session, later)
    assert ids(wang.get("/calls", params={"what": "callback"})) == ["b2"]

    body = {"kind": "help", "category": "environment", "urgency": "urgent", "summary": "停水", "call": "b2"}
    assert wang.post("/cases", json=body, headers={"Idempotency-Key": "b2"}).status_code == 201
    assert ids(wang.get("/calls", params={"what": "callback"})) == []
