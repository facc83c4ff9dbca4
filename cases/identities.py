"""Who gave a tip-off (举报): encrypted, in a table of its own, never in the case.

Each case has a key of its own (AES-256-GCM), kept encrypted with the key-encryption key, which stands in the keys
folder and not in the database. Who reads the database learns nothing; destroying the case's key erases the identity.
Opening it is `reveals.py`'s business: it takes two persons.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from cases import keys
from cases.model import IdentityRow
from cases.refusal import Conflict
from cases.words import Confidentiality

SECRET = ("phone", "caller_name")
_WORDS = ("place", "summary", "text")
_KEY_FILE = "identity.key"
_folders: WeakKeyDictionary[Engine, Path] = WeakKeyDictionary()


class Unreadable(Conflict):
    """The key is not the one that this was encrypted with, or is not there."""

    code = "key_missing"
    title = "密钥不可用"


def keep_keys_in(engine: Engine, folder: Path) -> None:
    """Where the key-encryption key of this database stands. Told once, by whoever opens the database."""
    _folders[engine] = folder


def taken_out(values: dict[str, Any]) -> dict[str, str]:
    """Of a tip-off's columns: name and number, which are blanked there, in the citizen's words too."""
    if values["confidentiality"] != Confidentiality.TIP_OFF:
        return {}
    identity = {name: values[name] for name in SECRET if values[name]}
    values.update(dict.fromkeys(SECRET, ""))
    for secret in sorted(identity.values(), key=len, reverse=True):
        for name in _WORDS if len(secret) > 1 else ():
            values[name] = values[name].replace(secret, "*" * len(secret))
    return identity


def seal(session: Session, number: str, identity: Mapping[str, str], *, now: datetime) -> None:
    """Keep this identity; what is known already and not given anew stays. With a fresh key every time."""
    if not identity:
        return
    whole = json.dumps({**unseal(session, number), **identity}).encode()
    key = secrets.token_bytes(32)
    session.merge(
        IdentityRow(
            case_number=number,
            sealed=_encrypted(key, whole, number),
            wrapped_key=_encrypted(_key_encryption_key(session), key, number),
            sealed_at=now,
        )
    )


def unseal(session: Session, number: str) -> dict[str, str]:
    """Name and number behind this case; nothing if none were given, or they have been erased. Raises Unreadable."""
    row = session.get(IdentityRow, number)
    if row is None:
        return {}
    key = _decrypted(_key_encryption_key(session), row.wrapped_key, number)
    found: dict[str, str] = json.loads(_decrypted(key, row.sealed, number))
    return found


def destroy(session: Session, number: str) -> None:
    """Nobody will ever read it again."""
    session.execute(delete(IdentityRow).where(IdentityRow.case_number == number))


def _key_encryption_key(session: Session) -> bytes:
    folder = _folders.get(session.get_bind().engine)
    if folder is None:
        raise RuntimeError("nobody has said where keys stand: call identities.keep_keys_in first")
    return keys.kept(folder / _KEY_FILE, lambda: secrets.token_bytes(32))


def _encrypted(key: bytes, plain: bytes, number: str) -> str:
    """The case's number is authenticated with it: a row moved to another case cannot be read there."""
    nonce = os.urandom(12)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain, number.encode())).decode()


def _decrypted(key: bytes, sealed: str, number: str) -> bytes:
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(key).decrypt(raw[:12], raw[12:], number.encode())
    except InvalidTag:
        raise Unreadable("身份信息解不开：密钥文件 identity.key 不是加密时的那一个，请从密钥备份中恢复") from None
