"""Telephones that may register with Asterisk: an operator's, which has the own name, or a citizen's."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

REALM = "asterisk"
TAKEN_NAMES = {"global", "system", "udp", "ws", "trunk"}


@dataclass(frozen=True, slots=True)
class Account:
    """A telephone that may register; `digest` comes from `sip_digest`. The static path rings operators' only."""

    name: str
    digest: str
    kind: Literal["operator", "supervisor", "citizen"] = "operator"

    def __post_init__(self) -> None:
        if problem := name_problem(self.name):
            raise ValueError(problem)
        if not re.fullmatch(r"[0-9a-f]{32}", self.digest):
            raise ValueError(f"the SIP digest of {self.name} is not 32 hexadecimal digits; set the password again")


def sip_digest(name: str, password: str) -> str:
    """What Asterisk compares a registration with. MD5 is what SIP telephones speak; the password itself is not kept."""
    return hashlib.md5(f"{name}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def name_problem(name: str) -> str:
    """Why this cannot be the name of a SIP account; "" when it can."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", name):
        return (
            f"{name!r} cannot be a telephone's name: use 1 to 32 of a-z, 0-9, '.', '_' and '-', a letter or digit first"
        )
    if name.lower() in TAKEN_NAMES or name.startswith("any-"):
        return f"{name!r} is taken by the hotline itself; choose another name"
    return ""
