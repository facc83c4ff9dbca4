"""Keys that never stand in the database: files in a folder of their own, readable by the hotline's user only.

Who copies the database has not got them; `HOTLINE_KEYS_DIR` puts them on another disk. They belong into the backup of
secrets, and not into that of the data.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The key in this file, made first if there is none. Processes that make it at once agree on one."""
    if not path.exists():
        _write_new(path, make())
    return read(path)


def read(path: Path) -> bytes:
    """Raises FileNotFoundError."""
    return base64.b64decode(path.read_bytes())


def replace(path: Path, key: bytes) -> None:
    """From now on this key, at no moment half of it."""
    _written_beside(path, key).replace(path)


def _write_new(path: Path, key: bytes) -> None:
    fresh = _written_beside(path, key)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was quicker
    finally:
        fresh.unlink()


def _written_beside(path: Path, key: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(key))
        file.flush()
        os.fsync(file.fileno())
    return fresh
