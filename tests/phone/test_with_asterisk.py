"""The telephone against a real Asterisk: what it claims to speak, another SIP stack understands."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from config.telephones import Account, sip_digest
from ivr.private_asterisk import PrivateAsterisk
from phone import Phone, PhoneError

pytestmark = pytest.mark.calls
DIALPLAN = """
[from-trunk](+)
exten => 700,1,Answer()
 same => n,Echo()
exten => 701,1,Read(KEYS,,4)
 same => n,SendDTMF(${KEYS}#)
 same => n,Wait(1)
 same => n,Hangup(17)
exten => 702,1,Hangup(17)
exten => 703,1,Hangup(21)
exten => 704,1,Ringing()
 same => n,Wait(30)
exten => 705,1,ConfBridge(talk)
exten => 706,1,Dial(${PJSIP_DIAL_CONTACTS(op1)},10)
exten => 707,1,Dial(PJSIP/87031001@trunk,10)
exten => 708,1,Progress()
 same => n,Playtones(1000)
 same => n,Wait(10)
[from-operators](+)
exten => 700,1,Goto(from-trunk,700,1)
"""


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def trunk_and_asterisk(asterisk_tree: Path | None) -> Iterator[tuple[Phone, PrivateAsterisk]]:
    folder = Path(tempfile.mkdtemp(prefix="phone-"))
    tcp = {f"{name}_port": free_port(socket.SOCK_STREAM) for name in ("ami", "agi", "audiosocket", "asterisk_http")}
    first = 28000 + os.getpid() % 20 * 200
    with Phone("trunk") as trunk:
        sip_port, far_end = free_port(socket.SOCK_DGRAM), f"sip:127.0.0.1:{trunk.port}"
        settings = Settings(
            data_dir=folder, sip_port=sip_port, rtp_ports=(first, first + 199), sip_trunk=far_end, **tcp
        )
        own = PrivateAsterisk(settings)
        own.configure([Account("op1", sip_digest("op1", "s3cret"))])
        dialplan = own.files.etc / "extensions.conf"
        dialplan.write_text(dialplan.read_text() + DIALPLAN)
        own.start()
        trunk.server = ("127.0.0.1", own.settings.sip_port)
        try:
            yield trunk, own
        finally:
            own.stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def trunk(trunk_and_asterisk: tuple[Phone, PrivateAsterisk]) -> Iterator[Phone]:
    trunk, _ = trunk_and_asterisk
    trunk.answering = "manual"
    yield trunk
    for call in trunk.calls:
        call.hang_up()
        call.wait_ended(6)
    trunk.forget_calls()


@pytest.fixture
def op1(trunk_and_asterisk: tuple[Phone, PrivateAsterisk]) -> Iterator[Phone]:
    _, own = trunk_and_asterisk
    with Phone("op1", server=("127.0.0.1", own.settings.sip_port), password="s3cret") as phone:
        yield phone.register()


def test_an_echo_brings_the_tone_back_and_answers_without_delay(trunk):
    call = trunk.call("700", caller_id="13805712345", display="市民").wait_up(3)
    assert call.up_at - call.started_at < 0.4  # Answer() waits half a second for phones that send no audio
    call.play_tone(440)
    assert call.hears({440})


def test_keys_go_there_and_come_back(trunk):
    call = trunk.call("701").wait_up(3)
    time.sleep(0.2)
    call.press("5678")
    call.wait_keys("5678#", 5)
    call.wait_ended(5)
    assert call.ended_by == "them"
    assert call.reason.startswith("Q.850;cause=")


@pytest.mark.parametrize(("dialled", "status", "cause"), [("702", 486, "17"), ("703", 403, "21"), ("999", 404, "")])
def test_the_true_cause_comes_back(trunk, dialled, status, cause):
    call = trunk.call(dialled).wait_ended(3)
    assert call.status == status
    assert call.cause in (cause, "") or not cause


def test_giving_up_while_it_rings(trunk):
    call = trunk.call("704").wait_ringing(3)
    call.hang_up()
    assert (call.wait_ended(2).status, call.ended_by) == (487, "us")


def test_sound_before_the_answer_is_heard(trunk):
    call = trunk.call("708")
    assert call.comes_to_hear(lambda _: call.hears_now({1000}) == {1000}, within=3)
    assert call.up_at is None


def test_three_in_a_room_hear_the_two_others(trunk):
    ann, bob, carol = calls = [trunk.call("705", caller_id=f"1{n}").wait_up(3) for n in range(3)]
    for call, hz in zip(calls, (440, 620, 880), strict=True):
        call.play_tone(hz)
    assert ann.hears({620, 880})
    assert bob.hears({440, 880})
    assert carol.hears({440, 620})
    carol.hang_up()
    assert ann.hears({620})


def test_hold_is_heard_as_music_by_the_other_side(trunk, op1):
    call = trunk.call("706")
    op1.answering = "auto"
    answered = op1.wait_for_ring(3).answer().wait_up(3)
    call.wait_up(3).play_tone(440)
    answered.play_tone(620)
    assert answered.hears({440})
    answered.hold()
    assert call.hears({330})
    answered.unhold()
    assert call.hears({620})
    assert answered.hears({440})


def test_a_called_department_knows_its_number_and_refuses_with_a_cause(trunk):
    trunk.answering = lambda call: "busy" if call.dialled == "87031001" else "manual"
    call = trunk.call("707", caller_id="13805712345", display="小张").wait_ended(5)
    department = next(c for c in trunk.calls if c.direction == "in")
    assert (department.dialled, department.caller, department.display) == ("87031001", "13805712345", "小张")
    assert call.status == 486


def test_the_caller_hangs_up_and_the_called_stops_ringing(trunk, op1):
    call = trunk.call("706")
    ringing = op1.wait_for_ring(3)
    call.wait_ringing(2).hang_up()
    assert ringing.wait_ended(2).ended_by == "them"
    assert (ringing.status, call.wait_ended(2).status) == (487, 487)


def test_an_operator_calls_with_the_password(op1):
    call = op1.call("700").wait_up(3).play_tone(620)
    assert call.hears({620})
    call.hang_up()


def test_a_wrong_password_is_refused(trunk_and_asterisk):
    port = trunk_and_asterisk[1].settings.sip_port
    with Phone("op1", server=("127.0.0.1", port), password="no") as phone, pytest.raises(PhoneError, match="401"):
        phone.register()


def test_a_vanished_phone_leaves_asterisk_repeating_into_the_void(trunk, trunk_and_asterisk, op1):
    call = trunk.call("706")
    op1.wait_for_ring(3).answer()
    call.wait_up(3)
    op1.vanish()
    call.hang_up()
    assert call.wait_ended(2).ended_by == "us"


def test_the_phone_in_the_terminal_registers_and_echoes(trunk, trunk_and_asterisk):
    port = trunk_and_asterisk[1].settings.sip_port
    command = [sys.executable, "-u", "-m", "phone", "--register", f"op1:s3cret@127.0.0.1:{port}", "--calls", "1"]
    phone = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert phone.stdout.readline() == "registered as op1\n"
        call = trunk.call("706").wait_up(5).play_tone(440)
        assert call.hears({440})
        call.hang_up()
        said, _ = phone.communicate(timeout=10)
    finally:
        phone.kill()
        phone.communicate()
    assert "ended by them (200)" in said
