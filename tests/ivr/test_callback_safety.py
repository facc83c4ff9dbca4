"""A callback is a promise: kill -9 at the worst moments breaks it as little as a quiet day does."""

from __future__ import annotations

import httpx
import pytest

from phone import Phone, PhoneCall
from tests.house import CITIZEN, OPERATOR, eventually
from tests.served import Served, served

pytestmark = [pytest.mark.calls, pytest.mark.slow, pytest.mark.timeout(240)]

ANNA = "13805712345"


def books(hotline: Served, api: httpx.Client) -> None:
    call = hotline.trunk.call("12345", caller_id=ANNA)
    eventually(lambda: [p for p in line(api) if not p["callback"]], "a place in the line", 25)
    call.press("1")
    eventually(lambda: [p for p in line(api) if p["callback"]], "a place that is kept")
    call.wait_ended(15)


def line(api: httpx.Client) -> list[dict[str, object]]:
    return api.get("/line").json()["items"]


def told_why(phone: Phone) -> PhoneCall:
    ring = phone.wait_for_ring(25)
    while ring.display != "预约回拨" or ring.state == "ended":
        ring = phone.wait_for_ring(25)
    return ring


def test_killed_while_it_waits_and_killed_again_while_it_rings() -> None:
    with served() as hotline, hotline.operator("op1") as (phone, api):
        hotline.trunk.answering = "ring"
        books(hotline, api)
        phone.forget_rings()
        hotline.kill()
        hotline.start()
        ring = told_why(phone).answer().wait_up(5)
        citizen = hotline.trunk.wait_for_ring(10)
        hotline.kill()
        citizen.answer().wait_up(5)
        citizen.play_tone(CITIZEN)
        assert citizen.hears({OPERATOR}, within=15), "the dialplan brings them together"
        assert ring.hears({CITIZEN}, within=3)
        hotline.start()
        (room,) = api.get("/rooms").json()["items"]
        assert [p["state"] for p in room["participants"]] == ["talking", "talking"]
        assert "预约回拨" in room["why"]
        citizen.hang_up()
        ring.wait_ended(5)
        eventually(lambda: api.get(f"/calls/{room['id']}").json().get("ended_at"), "the call in the database", 10)
        told = api.get(f"/calls/{room['id']}").json()
        assert [leg["role"] for leg in told["legs"]].count("citizen") == 1, "rung once"
        assert line(api) == []
        assert hotline.telephones_in_calls() == []
        assert len([c for c in hotline.trunk.calls if c.direction == "in"]) == 1
