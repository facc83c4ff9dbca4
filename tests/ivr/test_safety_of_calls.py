"""Nothing is ever lost: our process is down, dies in every state, hangs, or its database is gone; and hostile peers."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator

import pytest

from phone import Phone, PhoneCall, hearing
from tests.house import CITIZEN, DEPARTMENT, OPERATOR, eventually, tone_file
from tests.served import Served, served

pytestmark = [pytest.mark.calls, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def hotline() -> Iterator[Served]:
    with served() as started:
        yield started


@pytest.fixture(scope="module")
def steady() -> Iterator[Served]:
    """For tests that break nothing."""
    with served() as started:
        yield started


def citizen(hotline: Served, number: str = "13805712345") -> PhoneCall:
    return hotline.trunk.call("12345", caller_id=number, when_up=lambda call: call.play_tone(CITIZEN))


def talk(hotline: Served, phone: Phone, number: str = "13805712345") -> tuple[PhoneCall, PhoneCall]:
    caller = citizen(hotline, number)
    ring = phone.wait_for_ring(25)
    ring.answer()
    assert caller.hears({OPERATOR}, within=4)
    return caller, ring


def calls_of(hotline: Served, api: object, number: str) -> list[str]:
    with sqlite3.connect(hotline.settings.data_dir / "hotline.db") as database:
        return [row[0] for row in database.execute("SELECT id FROM calls WHERE caller = ?", (number,))]


def reaches_a_person(call: PhoneCall, phone: Phone, within: float = 30) -> None:
    ring = phone.wait_for_ring(within)
    ring.answer()
    assert call.hears({OPERATOR}, within=5)
    assert ring.hears({CITIZEN}, within=5)


def test_without_our_process_the_static_path_leads_to_an_operator(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, _api):
        hotline.kill()
        reaches_a_person(citizen(hotline), phone)


def test_killed_while_a_prompt_is_spoken(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, _api):
        call = citizen(hotline)
        time.sleep(1.5)
        hotline.kill()
        reaches_a_person(call, phone)


def test_killed_while_the_citizen_waits(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, _api):
        first, first_ring = talk(hotline, phone, "13800000001")
        waiting = citizen(hotline, "13800000002")
        time.sleep(12)
        hotline.kill()
        first_ring.hang_up()
        reaches_a_person(waiting, phone, within=60)
        first.hang_up()


def test_killed_during_a_three_way_call_and_the_three_talk_on(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, api):
        call, ring = talk(hotline, phone)
        room = api.get("/rooms").json()["items"][0]["id"]
        assert api.post(f"/rooms/{room}/participants", json={"department": "street_lighting"}).status_code == 201
        department = hotline.trunk.wait_for_ring(5).wait_up(5)
        department.play_tone(DEPARTMENT)
        assert call.hears({OPERATOR, DEPARTMENT}, within=4)
        hotline.kill()
        assert call.hears({OPERATOR, DEPARTMENT}, within=2)
        assert ring.hears({CITIZEN, DEPARTMENT}, within=2)
        hotline.start()
        found = api.get(f"/rooms/{room}").json()
        assert [p["state"] for p in found["participants"]] == ["talking"] * 3
        call.hang_up()
        ring.wait_ended(3)
        department.wait_ended(3)
        eventually(lambda: api.get(f"/calls/{room}").json()["transcript_state"] == "done", "the transcript", 20)


def test_a_call_that_ends_while_we_are_away_arrives_once(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, api):
        call, ring = talk(hotline, phone, "13800000011")
        hotline.kill()
        call.hang_up()
        ring.hang_up()
        hotline.start()
        eventually(lambda: len(calls_of(hotline, api, "13800000011")) == 1, "the call in the database", 10)
        hotline.kill()
        hotline.start()
        time.sleep(1.5)
        assert len(calls_of(hotline, api, "13800000011")) == 1


def test_a_waiting_citizen_keeps_the_place_over_a_restart(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, _api):
        first, first_ring = talk(hotline, phone, "13800000021")
        waiting = citizen(hotline, "13800000022")
        time.sleep(12)
        hotline.kill()
        hotline.start()
        assert waiting.state == "up"
        first_ring.hang_up()
        reaches_a_person(waiting, phone, within=10)
        first.hang_up()


def test_a_leg_whose_call_is_over_is_hung_up_at_the_next_start(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, _api):
        call, ring = talk(hotline, phone)
        hotline.kill()
        call.hang_up()
        time.sleep(1)
        assert ring.state == "up"
        hotline.start()
        ring.wait_ended(5)
        assert hotline.telephones_in_calls() == []


def test_a_hanging_process_is_left_for_the_static_path(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, _api):
        hotline.freeze()
        reaches_a_person(citizen(hotline), phone, within=40)
        hotline.thaw()


def test_a_message_left_while_we_are_away_becomes_a_call(hotline: Served) -> None:
    """Nobody answers on the static path either, so the citizen speaks after the tone."""
    folder = hotline.settings.recordings_dir / "fallback"
    folder.mkdir(parents=True, exist_ok=True)
    message = tone_file(folder / "1795338766.77.wav", CITIZEN, 3)
    hotline.kill()
    os.utime(message, (time.time() - 60, time.time() - 60))
    hotline.start()
    with hotline.operator("op1", ready=False) as (_phone, api):
        eventually(lambda: calls_of(hotline, api, ""), "the call", 10)


def test_a_locked_database_holds_no_citizen_up_and_the_call_arrives_later(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, api):
        lock = sqlite3.connect(hotline.settings.data_dir / "hotline.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        try:
            call, _ring = talk(hotline, phone, "13800000031")
            call.hang_up()
            time.sleep(2)
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        eventually(lambda: len(calls_of(hotline, api, "13800000031")) == 1, "the call in the database", 20)


@pytest.mark.parametrize(
    "bytes_sent",
    [b"", b"agi_network: yes\nagi_network_script: inb", b"A" * 10_000_000, bytes(range(256)) * 40,
     b"agi_network_script: ../../etc/passwd\nagi_request: x\n\n",
     b"agi_request: x\nagi_network_script: inbound\n\nnonsense\n",
     b"agi_callerid: 1\nagi_callerid: 2\n" * 200],
    ids=["silence", "half", "10MB", "binary", "path", "nonsense", "endless"],
)  # fmt: skip
def test_a_hostile_fastagi_peer_harms_nobody(steady: Served, bytes_sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", steady.settings.agi_port)) as peer:
        peer.settimeout(5)
        with contextlib.suppress(OSError):
            peer.sendall(bytes_sent)
    with steady.operator("op1") as (phone, _api):
        call, _ring = talk(steady, phone)
        call.hang_up()


def test_a_newline_in_the_callers_name_injects_nothing(steady: Served) -> None:
    with steady.operator("op1") as (phone, _api):
        call = steady.trunk.call(
            "12345", caller_id='138"\\x', display='a"b\\c 王 EXEC System', when_up=lambda c: c.play_tone(CITIZEN)
        )
        phone.wait_for_ring(25).answer()
        assert call.hears({OPERATOR}, within=4)
        call.hang_up()


def test_no_callers_number_is_in_any_log(steady: Served) -> None:
    with steady.operator("op1") as (phone, _api):
        call, _ring = talk(steady, phone, "13987654321")
        call.hang_up()
    time.sleep(1)
    logs = [steady.log, *(steady.settings.data_dir / "asterisk" / "log").rglob("*")]
    for log in logs:
        if log.is_file():
            assert b"13987654321" not in log.read_bytes(), log


def test_strangers_and_bare_telephones_cannot_call_in_or_out(steady: Served) -> None:
    with Phone("stranger", server=steady.sip, host="127.0.0.2") as stranger:
        for target in ("12345", "87031001", "00441234567"):
            call = stranger.call(target)
            call.wait_ended(10)
            assert call.status in (401, 403, 404), target
    with steady.operator("op1", ready=False) as (phone, _api):
        for target in ("87031001", "0044123456", "trunk"):
            call = phone.call(target)
            call.wait_ended(10)
            assert call.status in (403, 404), target


def test_everything_listens_on_loopback_only(steady: Served) -> None:
    shown = subprocess.run(["ss", "-lntuH"], capture_output=True, text=True, check=True).stdout
    ours = {steady.settings.sip_port, steady.settings.ami_port, steady.settings.agi_port, steady.settings.http_port,
            steady.settings.audiosocket_port, steady.settings.asterisk_http_port}  # fmt: skip
    found = [line.split()[4] for line in shown.splitlines() if int(line.split()[4].rpartition(":")[2]) in ours]
    assert len(found) >= len(ours)
    assert all(address.startswith("127.0.0.1:") for address in found), found


def test_the_goodbye_is_heard_by_a_citizen_whose_talk_ended_while_we_were_dead(hotline: Served) -> None:
    with hotline.operator("op1") as (phone, _api):
        call, ring = talk(hotline, phone)
        hotline.kill()
        ring.hang_up()
        time.sleep(1)
        assert hearing.tones(call.heard_since(call.now() - 0.5), (330,))  # music, not silence
        call.hang_up()
        eventually(lambda: hotline.telephones_in_calls() == [], "no leg left", 3)
