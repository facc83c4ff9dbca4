"""Real Asterisks: started, taken over, side by side, stopped; and who may call in."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT, Settings
from config.telephones import Account, sip_digest
from ivr.private_asterisk import AsteriskProblem, PrivateAsterisk
from phone import Phone, PhoneError

pytestmark = [pytest.mark.calls, pytest.mark.usefixtures("asterisk_tree")]

OPERATOR = Account("1001", sip_digest("1001", "secret"))
DEMO = Account("demo", sip_digest("demo", "secret"), "citizen")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_in(folder: Path, first_rtp: int = 27000, **changes: Any) -> Settings:
    ports = {"ami_port": free_port(), "asterisk_http_port": free_port(), "agi_port": free_port()}
    rtp = (first_rtp, first_rtp + 98)
    return Settings(data_dir=folder, sip_port=free_port(socket.SOCK_DGRAM), rtp_ports=rtp, **ports, **changes)


@pytest.fixture(scope="module")
def trunk_port() -> int:
    return free_port(socket.SOCK_DGRAM)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, trunk_port: int) -> Iterator[PrivateAsterisk]:
    told = settings_in(tmp_path_factory.mktemp("hotline"), sip_trunk=f"sip:127.0.0.1:{trunk_port}")
    own = PrivateAsterisk(told)
    own.adopt_or_start([OPERATOR, DEMO])
    yield own
    own.stop()


def server(own: PrivateAsterisk) -> tuple[str, int]:
    return "127.0.0.1", own.settings.sip_port


def test_it_starts_with_every_module_and_without_an_error(running: PrivateAsterisk) -> None:
    assert running.running
    assert running.missing_modules() == []
    assert "ERROR" not in running.log_path.read_text()
    assert (running.files.etc / "manager.conf").stat().st_mode & 0o777 == 0o600


def test_whoever_lost_it_takes_it_over_with_new_telephones(running: PrivateAsterisk) -> None:
    again = PrivateAsterisk(running.settings)
    assert again.pid == running.pid
    assert again.adopt_or_start([OPERATOR, DEMO, Account("1002", "0" * 32)]) is True
    assert again.pid == running.pid
    deadline = time.monotonic() + 5
    while "1002" not in again.cli("pjsip show endpoints") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "1002" in again.cli("pjsip show endpoints")
    assert "PJSIP/1002" in again.cli("queue show hotline")


def test_an_operator_registers_with_the_password_and_with_no_other(running: PrivateAsterisk) -> None:
    with Phone("1001", server=server(running), password="secret") as phone:
        assert phone.register().registered
    with Phone("1001", server=server(running), password="wrong") as phone, pytest.raises(PhoneError, match="401"):
        phone.register()


def test_a_call_from_the_trunk_finds_an_operator_even_when_our_own_process_is_away(
    running: PrivateAsterisk, trunk_port: int
) -> None:
    with (
        Phone("trunk", server=server(running), port=trunk_port) as trunk,
        Phone("1001", server=server(running), password="secret") as operator,
    ):
        operator.register()
        call = trunk.call("12345", caller_id="13800000000")
        rung = operator.wait_for_ring(30).answer().wait_up()
        assert rung.caller == "13800000000"
        call.play_tone(440)
        rung.play_tone(620)
        assert rung.hears({440})
        assert call.hears({620})
        assert media_sockets(running) == {"127.0.0.1"}
        call.hang_up()
        rung.wait_ended(5)


def media_sockets(own: PrivateAsterisk) -> set[str]:
    """Where the sockets of the RTP range are bound."""
    first, last = own.settings.rtp_ports
    table = Path("/proc/net/udp").read_text().splitlines()[1:]
    local = [(line.split()[1].split(":")) for line in table]
    return {socket.inet_ntoa(bytes.fromhex(a)[::-1]) for a, port in local if first <= int(port, 16) <= last}


@pytest.mark.parametrize("shown", ["13900000000", "trunk", "1001", "demo"])
def test_a_stranger_is_not_let_in_whatever_name_they_show(running: PrivateAsterisk, shown: str) -> None:
    with Phone("stranger", server=server(running), host="127.0.0.2") as stranger:
        call = stranger.call("12345", caller_id=shown).wait_ended(5)
        assert call.status in (401, 403)


def test_the_carrier_may_call_from_another_port_than_it_listens_on(running: PrivateAsterisk) -> None:
    with Phone("carrier", server=server(running)) as carrier:
        call = carrier.call("12345", caller_id="13900000000").wait_up(5)
        assert "from-trunk" not in running.cli("core show channels concise")
        call.hang_up()
        assert carrier.call("87031001", caller_id="13900000000").wait_ended(5).status == 404


def test_a_caller_on_the_trunk_who_shows_an_operators_name_is_a_citizen(
    running: PrivateAsterisk, trunk_port: int
) -> None:
    with Phone("trunk", server=server(running), port=trunk_port) as trunk:
        call = trunk.call("12345", caller_id="1001").wait_up(5)
        assert "from-trunk" not in running.cli("core show channels concise")  # it has gone on into the hotline
        assert "PJSIP/trunk-" in running.cli("core show channels concise")
        call.hang_up()


def test_callers_numbers_are_not_in_the_log(running: PrivateAsterisk) -> None:
    with Phone("stranger", server=server(running), host="127.0.0.2") as stranger:
        stranger.call("12345", caller_id="13912345678").wait_ended(5)
    logs = "".join(path.read_text() for path in running.files.log.iterdir() if path.is_file())
    assert "12345678" not in logs


def test_two_run_side_by_side_and_stopping_one_leaves_the_other(running: PrivateAsterisk, tmp_path: Path) -> None:
    second = PrivateAsterisk(settings_in(tmp_path / "second", first_rtp=27200))
    second.adopt_or_start([OPERATOR])
    try:
        assert second.pid != running.pid
        assert second.ami_secret != running.ami_secret
    finally:
        second.stop()
    assert not second.running
    assert running.running


def test_a_port_in_use_is_named_with_the_setting_to_change(running: PrivateAsterisk, tmp_path: Path) -> None:
    taken = running.settings.model_copy(update={"data_dir": tmp_path / "third"})
    third = PrivateAsterisk(taken)
    third.configure()
    with pytest.raises(AsteriskProblem, match="set HOTLINE_SIP_PORT to a free one"):
        third.start()
    assert not third.running


def test_a_broken_module_list_is_noticed_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = PrivateAsterisk(settings_in(tmp_path / "broken", first_rtp=27400))
    own.configure()
    modules = own.files.etc / "modules.conf"
    modules.write_text(modules.read_text().replace("load = app_confbridge.so\n", ""))
    with pytest.raises(AsteriskProblem, match=r"started without app_confbridge\.so"):
        own.start()
    assert not own.running


def test_it_outlives_a_killed_hotline_and_is_adopted(tmp_path: Path) -> None:
    told = settings_in(tmp_path / "survivor", first_rtp=27600)
    script = (
        "import os, signal; from config.settings import Settings; from ivr.private_asterisk import PrivateAsterisk;"
        f"s = Settings.model_validate_json({told.model_dump_json()!r});"
        "PrivateAsterisk(s).adopt_or_start([]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60).returncode == -9
    own = PrivateAsterisk(told)
    assert own.running
    try:
        assert own.adopt_or_start([]) is True
    finally:
        own.stop()
    assert not own.running
