"""Callers on the city's lists: blocked for a time, or first in the line."""

from datetime import timedelta

import pytest

from cases import callers
from cases.words import Role
from console.case_side import CaseSide

NUISANCE = {"phone": "138 0000 1111", "list": "blocked", "reason": "一晚拨打 60 次不说话"}


@pytest.fixture
def lead(office):
    return office.person("lin", Role.SUPERVISOR)


def test_a_blocked_caller_is_blocked_until_the_day_it_ends_and_no_longer(office, lead, clock):
    until = (clock() + timedelta(days=7)).isoformat()
    made = lead.post("/callers", json=NUISANCE | {"until": until})
    assert made.status_code == 201, made.text
    side = CaseSide(office.database, lambda: 0, clock)
    assert side.facts("13800001111").caller_list == "blocked"
    assert side.facts("13900001111").caller_list == ""
    clock.later(days=7)
    assert side.facts("13800001111").caller_list == ""
    assert office.person("zhao", Role.ADMINISTRATOR).get("/callers").json()["items"] == []


def test_who_is_on_a_list_changes_over_and_can_be_taken_off(office, lead, clock):
    lead.post("/callers", json=NUISANCE | {"until": (clock() + timedelta(days=1)).isoformat()})
    vip = lead.post("/callers", json=NUISANCE | {"list": "priority", "reason": "独居老人"}).json()
    assert [(each["phone"], each["list_label"]) for each in lead.get("/callers").json()["items"]] == [
        ("13800001111", "优先")
    ]
    assert lead.delete(f"/callers/{vip['id']}").status_code == 204
    assert lead.delete(f"/callers/{vip['id']}").status_code == 404
    with office.database.session() as session:
        assert callers.list_of(session, "13800001111", clock()) == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "until"),
        ({"until": "2026-05-09T00:00:00Z"}, "until"),
        ({"until": "2026-03-01T00:00:00Z"}, "until"),
        ({"list": "priority", "reason": " "}, "reason"),
        ({"list": "priority", "phone": "不是号码"}, "phone"),
    ],
)
def test_nobody_is_blocked_for_ever_or_without_a_reason(lead, changes, field):
    refused = lead.post("/callers", json=NUISANCE | changes)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}")


def test_an_operator_blocks_nobody(office):
    wang = office.person("wang", Role.OPERATOR)
    assert wang.post("/callers", json=NUISANCE | {"list": "priority"}).status_code == 403
    assert wang.get("/callers").status_code == 403
