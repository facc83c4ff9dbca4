"""Who made which version live, when, and what that changed: one line of JSON each, only ever appended.

Every line carries a hash over itself and the line before, so that a line taken out or rewritten later is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


class Action(StrEnum):
    """How a version became live."""

    FIRST = "first"  # 首次启动：published by the first start itself
    PUBLISH = "publish"  # 发布
    ROLLBACK = "rollback"  # 回退
    FOUND = "found"  # 补记：the process that switched died before it could say so


@dataclass(frozen=True, slots=True)
class Entry:
    """`before` was live until then; `changes` are the sentences that were shown when it was published."""

    at: datetime
    by: str
    action: Action
    version: str
    before: str
    changes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "by": self.by,
            "action": self.action.value,
            "version": self.version,
            "before": self.before,
            "changes": list(self.changes),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Entry:
        """The inverse of `to_json`. Raises KeyError or ValueError for anything else."""
        at, changes = datetime.fromisoformat(value["at"]), tuple(value["changes"])
        return cls(at, value["by"], Action(value["action"]), value["version"], value["before"], changes)


class History:
    """Whoever appends must hold the lock of the versions."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> list[Entry]:
        """Oldest first. A line torn by a power cut is left out."""
        return [Entry.from_json(line) for line in self._lines()]

    def append(self, entry: Entry) -> None:
        lines = self._lines()
        value = entry.to_json()
        value["hash"] = _hash(lines[-1]["hash"] if lines else "", value)
        with self._path.open("ab") as file:
            torn = file.tell() and not self._path.read_bytes().endswith(b"\n")
            file.write((b"\n" if torn else b"") + json.dumps(value, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def unbroken(self) -> bool:
        """Is every line as it was written, and none missing in the middle?"""
        before = ""
        for line in self._lines():
            rest = {name: value for name, value in line.items() if name != "hash"}
            if line["hash"] != _hash(before, rest):
                return False
            before = line["hash"]
        return True

    def _lines(self) -> list[dict[str, Any]]:
        found = []
        for text in self._path.read_bytes().splitlines() if self._path.exists() else ():
            try:
                line = json.loads(text)
                Entry.from_json(line)
                line["hash"] + ""
            except (ValueError, KeyError, TypeError):
                continue
            found.append(line)
        return found


def _hash(before: str, value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
