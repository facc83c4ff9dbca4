"""Keys of Standard Webhooks 1.0, told apart by their beginnings. A department's list holds what is live of each kind.

`whsec_` a secret both sides know (v1, HMAC) · `whsk_` our private key, with which we sign (v1a, ed25519) · `whpk_` the
department's public key, by which we know its messages. With v1a nobody who reads the other side's files can forge.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cases.refusal import Refusal

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
LIVE = 2  # of each kind: the old one goes on working while the other side changes over
_ED25519_BYTES = 32


def new_secret() -> str:
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def new_private() -> str:
    return PRIVATE + base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_of(private: str) -> str:
    """What the department needs to know of our private key."""
    return PUBLIC + base64.b64encode(private_key(private).public_key().public_bytes_raw()).decode()


def private_key(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.removeprefix(PRIVATE)))


def public_key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(PUBLIC)))


def of_kind(keys: Sequence[str], kind: str) -> list[str]:
    return [key for key in keys if key.startswith(kind)]


def with_new(keys: Sequence[str], new: str) -> list[str]:
    """The list after a key was added: the newest of its kind first, and what is too old of its kind gone."""
    kind = next(each for each in (SECRET, PRIVATE, PUBLIC) if new.startswith(each))
    same = [new, *(old for old in of_kind(keys, kind) if old != new)][:LIVE]
    return [*same, *(key for key in keys if not key.startswith(kind))]


def sound(given: str) -> str:
    """A key as a department may give it: `whsec_` and base64 of 24 to 64 bytes, or the public key `whpk_`."""
    if given.startswith(PUBLIC):
        return _sound_public(given)
    plain = given.removeprefix(SECRET)
    if not 24 <= len(_decoded(plain)) <= 64:
        raise Refusal("签名密钥应为 whsec_ 加 24 至 64 字节的 base64（Standard Webhooks）", field="secret")
    return SECRET + plain


def _sound_public(given: str) -> str:
    if len(_decoded(given.removeprefix(PUBLIC))) != _ED25519_BYTES:
        raise Refusal("公钥应为 whpk_ 加 32 字节的 base64（ed25519，Standard Webhooks v1a）", field="secret")
    return given


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
