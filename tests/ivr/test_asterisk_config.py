"""Templates become Asterisk's configuration: nothing undefined, nothing open to the world, nothing broken out of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from config.settings import Settings
from config.telephones import Account, name_problem, sip_digest
from ivr.asterisk_config import render, template_values, wanted_modules
from ivr.asterisk_files import LONGEST_SOCKET_PATH, AsteriskFiles
from ivr.installation import Installation

OPERATOR = Account("1001", sip_digest("1001", "secret"))
CITIZEN = Account("demo", sip_digest("demo", "secret"), "citizen")


def rendered(folder: Path, accounts: tuple[Account, ...] = (OPERATOR, CITIZEN), **changes: Any) -> dict[str, str]:
    installation = Installation(("asterisk",), Path("/modules"), Path("/share"), changes.pop("version", "22.10.1"))
    settings = Settings(data_dir=folder, **changes)
    return render(template_values(settings, AsteriskFiles(folder / "asterisk"), installation, accounts))


def statements(text: str) -> str:
    """Without comments."""
    return "\n".join(line.partition(";")[0] for line in text.splitlines())


def test_every_template_is_filled_with_known_values(tmp_path: Path) -> None:
    files = rendered(tmp_path, sip_trunk="sip:192.0.2.1:5060")
    assert {"pjsip.conf", "extensions.conf", "confbridge.conf", "manager.conf", "modules.conf"} <= files.keys()
    assert not [name for name, text in files.items() if "{{" in text or "{%" in text]


def test_a_template_with_an_unknown_variable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.conf").write_text("port = {{ prot }}\n")
    with pytest.raises(UndefinedError, match="prot"):
        render({"port": 1}, tmp_path)


def test_nothing_listens_beyond_this_machine_unless_told(tmp_path: Path) -> None:
    for name, text in rendered(tmp_path).items():
        assert not re.search(r"^(?!\s*deny).*(\b0\.0\.0\.0\b|\[::\])", statements(text), re.MULTILINE), name
        for address in re.findall(r"^\s*(?:bind|bindaddr|media_address|tlsbindaddr)\s*=>?\s*(\S+)", text, re.MULTILINE):
            assert address.startswith("127.0.0.1"), name


def test_the_managers_line_stays_on_this_machine_even_when_telephones_are_let_in(tmp_path: Path) -> None:
    files = rendered(tmp_path, sip_host="192.0.2.7")
    assert "bind = 192.0.2.7:5060" in files["pjsip.conf"]
    assert "bindaddr = 127.0.0.1" in files["manager.conf"]
    assert "permit = 127.0.0.1/255.255.255.255" in files["manager.conf"]


def test_without_a_trunk_nobody_nameless_is_let_in(tmp_path: Path) -> None:
    assert "[anonymous]" not in statements(rendered(tmp_path)["pjsip.conf"])


def test_whoever_shows_no_name_is_let_in_from_the_trunks_address_only(tmp_path: Path) -> None:
    text = rendered(tmp_path, sip_trunk="sip:192.0.2.1:5070")["pjsip.conf"]
    section = text.partition("[anonymous]")[2].partition("\n[")[0]
    assert "deny = 0.0.0.0/0.0.0.0" in section
    assert "permit = 192.0.2.1/255.255.255.255" in section
    assert "context = from-trunk" in section


def test_the_trunk_is_known_by_its_port_too_and_only_when_there_is_one(tmp_path: Path) -> None:
    assert "match = 192.0.2.1:5070" in rendered(tmp_path, sip_trunk="sip:192.0.2.1:5070")["pjsip.conf"]
    assert "from-trunk" not in rendered(tmp_path)["pjsip.conf"]


def test_operators_wait_in_the_static_queue_and_citizens_telephones_do_not(tmp_path: Path) -> None:
    members = rendered(tmp_path)["queues_operators.conf"]
    assert "PJSIP/1001" in members
    assert "demo" not in members


def test_a_supervisors_telephone_registers_and_is_not_rung_by_the_static_queue(tmp_path: Path) -> None:
    files = rendered(tmp_path, accounts=(OPERATOR, Account("su", sip_digest("su", "secret"), "supervisor")))
    assert "[su](any-supervisor)" in files["pjsip_operators.conf"]
    assert "PJSIP/su" not in files["queues_operators.conf"]


def test_an_older_asterisk_is_told_its_passwords_in_the_older_way(tmp_path: Path) -> None:
    digest = sip_digest("1001", "secret")
    assert f"password_digest = MD5:{digest}" in rendered(tmp_path)["pjsip_operators.conf"]
    assert f"md5_cred = {digest}" in rendered(tmp_path, version="20.6.0")["pjsip_operators.conf"]


def test_a_value_cannot_break_out_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.conf").write_text("secret = {{ secret }}\n")
    for value in ("a\nb = c", "a\r", "a;b"):
        with pytest.raises(ValueError, match="cannot stand"):
            render({"secret": value}, tmp_path)


@pytest.mark.parametrize("name", ["trunk", "UDP", "any-operator", "a b", "a,b", "话务员", "", "-a", "a]", "x" * 33])
def test_a_name_that_asterisk_would_misread_is_refused(name: str) -> None:
    assert name_problem(name)
    with pytest.raises(ValueError, match=r"choose another|cannot be"):
        Account(name, "0" * 32)


def test_every_prompt_of_the_dialplan_is_in_the_catalogue(tmp_path: Path) -> None:
    """The static way out must not be mute: its prompts are named in the dialplan itself."""
    from ivr.prompts import catalogues

    played = re.findall(r"Playback\([^)]*/zh-CN/(\w+)\)", rendered(tmp_path)["extensions.conf"])
    assert played
    assert set(played) <= catalogues(Settings(data_dir=tmp_path))["zh-CN"].keys()


def test_a_module_is_listed_once() -> None:
    modules = wanted_modules()
    assert len(modules) == len(set(modules)) > 50


def test_the_control_socket_fits_even_when_the_data_folder_lies_deep(tmp_path: Path) -> None:
    deep = AsteriskFiles(tmp_path.joinpath(*["a-long-name-of-a-folder"] * 6))
    assert len(str(deep.control)) <= LONGEST_SOCKET_PATH
    assert deep.run == AsteriskFiles(deep.home).run != AsteriskFiles(tmp_path / "other").run
    deep.make_folders()
    assert deep.run.stat().st_mode & 0o777 == 0o700
    deep.run.rmdir()


def test_the_managers_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    files = AsteriskFiles(tmp_path)
    assert files.ami_secret() == files.ami_secret()
    assert len(files.ami_secret()) >= 24
    assert files.secret.stat().st_mode & 0o777 == 0o600
