"""Digest authentication for SIP: RFC 2617 (MD5, with and without qop=auth) and RFC 8760 (SHA-256). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from phone.address import split_list

_HASHES = {"MD5": "md5", "SHA-256": "sha256"}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What WWW-Authenticate or Proxy-Authenticate asks for."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    opaque: str = ""
    stale: bool = False


def choose(values: Iterable[str]) -> Challenge | None:
    """The topmost challenge that we can answer: the server lists them in its order of preference (RFC 8760 2.4)."""
    return next((challenge for value in values if (challenge := parse_challenge(value))), None)


def parse_challenge(value: str) -> Challenge | None:
    """None for another scheme, an unknown algorithm, or a qop we do not have."""
    scheme, _, rest = value.strip().partition(" ")
    fields = parse_fields(rest)
    algorithm = fields.get("algorithm", "MD5")
    qops = [q.strip() for q in fields.get("qop", "").split(",") if q.strip()]
    known = algorithm.upper().removesuffix("-SESS") in _HASHES
    if scheme.lower() != "digest" or "nonce" not in fields or not known or (qops and "auth" not in qops):
        return None
    qop = "auth" if qops else ""
    stale = fields.get("stale", "").lower() == "true"
    return Challenge(fields.get("realm", ""), fields["nonce"], algorithm, qop, fields.get("opaque", ""), stale)


def parse_fields(text: str) -> dict[str, str]:
    """`a="1, 2", b=3` -> {a: "1, 2", b: "3"}."""
    pairs = (part.partition("=") for part in split_list(text))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def answer(c: Challenge, *, user: str, password: str, method: str, uri: str, cnonce: str, count: int = 1) -> str:
    """The value of the Authorization header."""
    response = digest(c, user=user, password=password, method=method, uri=uri, cnonce=cnonce, count=count)
    fields = [f'username="{user}"', f'realm="{c.realm}"', f'nonce="{c.nonce}"', f'uri="{uri}"']
    fields += [f'response="{response}"', f"algorithm={c.algorithm}"]
    if c.opaque:
        fields.append(f'opaque="{c.opaque}"')
    if c.qop:
        fields += [f"qop={c.qop}", f"nc={count:08x}"]
    if c.qop or _is_session(c):
        fields.append(f'cnonce="{cnonce}"')
    return "Digest " + ", ".join(fields)


def digest(c: Challenge, *, user: str, password: str, method: str, uri: str, cnonce: str, count: int = 1) -> str:
    """The proof itself; a registrar computes the same and compares."""
    secret = _hash(c, f"{user}:{c.realm}:{password}")
    if _is_session(c):
        secret = _hash(c, f"{secret}:{c.nonce}:{cnonce}")
    middle = f"{c.nonce}:{count:08x}:{cnonce}:{c.qop}" if c.qop else c.nonce
    return _hash(c, f"{secret}:{middle}:{_hash(c, f'{method}:{uri}')}")


def _is_session(c: Challenge) -> bool:
    return c.algorithm.upper().endswith("-SESS")


def _hash(c: Challenge, text: str) -> str:
    name = _HASHES[c.algorithm.upper().removesuffix("-SESS")]
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
