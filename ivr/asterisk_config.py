"""How the templates of config/asterisk/ become the configuration of one private Asterisk."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.settings import ROOT, Settings
from config.telephones import REALM, Account
from ivr.asterisk_files import AsteriskFiles
from ivr.installation import Installation

TEMPLATES = ROOT / "config" / "asterisk"
LANGUAGE = "zh"  # what Asterisk calls it
PROMPTS = "zh-CN"  # the folder of its prompts
AMI_USER = "hotline"
ACCOUNT_FILES = ("pjsip_operators.conf", "queues_operators.conf")  # change while Asterisk runs


def link_share(files: AsteriskFiles, installation: Installation, prompts: Path) -> None:
    """Asterisk's data folder: links to what was installed, our prompts as the sounds of our language."""
    for name in ("documentation", "rest-api", "static-http", "keys"):
        if (installation.share / name).exists():
            _link(files.share / name, installation.share / name)
    sounds = files.share / "sounds"
    sounds.mkdir(exist_ok=True)
    english = next((p for p in installation.share.glob("sounds/en*") if p.is_dir()), None)
    if english:
        _link(sounds / "en", english)
    (prompts / PROMPTS).mkdir(parents=True, exist_ok=True)
    _link(sounds / LANGUAGE, prompts / PROMPTS)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def template_values(
    settings: Settings, files: AsteriskFiles, installation: Installation, accounts: Sequence[Account]
) -> dict[str, Any]:
    """Every variable that a template in config/asterisk/ may use."""
    return {
        "files": files,
        "language": LANGUAGE,
        "realm": REALM,
        "major": installation.major,
        "modules_dir": installation.modules,
        "sip_host": settings.sip_host,
        "sip_port": settings.sip_port,
        "rtp_first": settings.rtp_ports[0],
        "rtp_last": settings.rtp_ports[1],
        "http_port": settings.asterisk_http_port,
        "ami_port": settings.ami_port,
        "ami_user": AMI_USER,
        "ami_secret": files.ami_secret(),
        "agi_port": settings.agi_port,
        "audiosocket_port": settings.audiosocket_port,
        "trunk": settings.sip_trunk.removeprefix("sip:"),
        "trunk_address": address_of(settings.sip_trunk),
        "accounts": accounts,
        "recordings_dir": settings.recordings_dir,
        "prompts_dir": settings.prompts_dir,
        "operator_ring_seconds": settings.operator_ring_seconds,
        "department_ring_seconds": settings.department_ring_seconds,
        "hold_seconds": settings.hold_seconds,
    }


def address_of(trunk: str) -> str:
    """The IPv4 address of `sip:HOST:PORT`, because Asterisk's access lists know no names; "" for no trunk."""
    host = trunk.removeprefix("sip:").rpartition(":")[0]
    try:
        return socket.gethostbyname(host) if host else ""
    except OSError:
        return "127.0.0.1"  # nobody from outside; the trunk itself is found again by Asterisk


def render(values: Mapping[str, Any], templates: Path = TEMPLATES) -> dict[str, str]:
    """Every .conf (name -> text). An unknown variable, or a value that would break out of its line, is an error."""
    environment = Environment(  # noqa: S701  (configuration files, not HTML)
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        finalize=_one_plain_value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = sorted(path.name for path in templates.glob("*.conf"))
    return {name: environment.get_template(name).render(values) for name in names}


def _one_plain_value(value: Any) -> Any:
    if any(character in str(value) for character in "\r\n;\0"):
        raise ValueError(f"{value!r} cannot stand in a configuration file of Asterisk: it holds a ';' or a line end")
    return value


def wanted_modules(templates: Path = TEMPLATES) -> list[str]:
    """The modules that modules.conf loads."""
    return re.findall(r"^load\s*=>?\s*(\S+\.so)", (templates / "modules.conf").read_text(), re.MULTILINE)
