"""Signed heads of the audit: what makes a cut tail or a chain computed anew show.

A head is the number and digest of the newest entry, signed with an Ed25519 key that never stands in the database, and
written to `audit/heads.jsonl` before it is written to the database: the file may be ahead, never behind. Public keys of
all signing keys there ever were stay in the keys folder, so heads remain verifiable when the key is changed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cases import keys
from cases.audit_chain import canonical


@dataclass(frozen=True, slots=True)
class Head:
    """One line of the file. `at` is an RFC 3339 moment; `key` names the public key."""

    seq: int
    digest: str
    at: str
    key: str
    signature: str = ""

    @property
    def signed(self) -> bytes:
        """What the signature covers."""
        return canonical({"seq": self.seq, "digest": self.digest, "at": self.at, "key": self.key})


class Signer:
    """The signing key in use. Made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._private, self._public = folder / "audit-signing.key", folder / "audit-public"

    def sign(self, seq: int, digest: str, at: datetime) -> Head:
        private = Ed25519PrivateKey.from_private_bytes(
            keys.kept(self._private, lambda: Ed25519PrivateKey.generate().private_bytes_raw())
        )
        public = private.public_key().public_bytes_raw()
        keys.kept(self._public / f"{_name(public)}.pub", lambda: public)
        head = Head(seq, digest, at.isoformat(timespec="seconds"), _name(public))
        return Head(head.seq, head.digest, head.at, head.key, base64.b64encode(private.sign(head.signed)).decode())

    def rotate(self) -> None:
        """From now on another key signs. What the old one has signed stays verifiable; the old one itself is gone."""
        keys.replace(self._private, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def has_signed(self) -> bool:
        return any(self._public.glob("*.pub"))

    def is_genuine(self, head: Head) -> bool:
        path = self._public / f"{head.key}.pub"
        try:
            public = keys.read(path) if head.key.isalnum() else b""
            Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(head.signature), head.signed)
        except (OSError, ValueError, InvalidSignature):
            return False
        return _name(public) == head.key


def append(path: Path, head: Head) -> None:
    """One more line, on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as file:
        torn = file.seek(0, os.SEEK_END) and not _ends_whole(file.fileno())
        file.write((b"\n" if torn else b"") + canonical(asdict(head)) + b"\n")
        os.fsync(file.fileno())
    if new:
        _sync_folder(path.parent)


def lines(path: Path) -> Iterator[tuple[int, Head | None]]:
    """The file's lines and their numbers; None for one that cannot be read."""
    text = path.read_text("utf-8", errors="replace") if path.exists() else ""
    for number, line in enumerate(text.splitlines(), 1):
        yield number, _read(line)


def missing(known: Iterable[tuple[int, str]], path: Path) -> list[int]:
    """Which of the heads that the database knows the file has not."""
    there = {(head.seq, head.digest) for _number, head in lines(path) if head}
    return [seq for seq, digest in known if (seq, digest) not in there]


def _read(line: str) -> Head | None:
    try:
        found = Head(**json.loads(line))
    except (ValueError, TypeError):
        return None
    texts = (found.digest, found.at, found.key, found.signature)
    return found if isinstance(found.seq, int) and all(isinstance(each, str) for each in texts) else None


def _name(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def _ends_whole(file: int) -> bool:
    return os.pread(file, 1, os.fstat(file).st_size - 1) == b"\n"


def _sync_folder(folder: Path) -> None:
    at = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(at)
    finally:
        os.close(at)
