"""The spool: a call is written down as it happens, beside the database, so that it survives a dead one.

    spool/open/<call>.jsonl        one event a line, appended as it happens
    spool/open/<call>.session      where the citizen stands in the flow (replaced atomically)
    spool/finished/<call>.jsonl    complete; waits to be taken into the database

    spool/broken/<call>.jsonl      cannot be taken in; kept for a person to look at

A line is flushed at once, so a killed process loses nothing; the first and the last line are fsynced with their folder,
so that a power cut loses at most the middle of a call that was going on. Moving between folders is a rename. A line
that was torn (a power cut, a full disk) stays by itself: the next event begins on a new line.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from ivr.call import CallEvent, Kind

_DURABLE = frozenset({Kind.CALL_STARTED, Kind.CALLBACK_BOOKED, Kind.CALL_ENDED})


class Spool:
    def __init__(self, folder: Path) -> None:
        self.open_dir, self.finished_dir, self.broken_dir = folder / "open", folder / "finished", folder / "broken"
        for path in (self.open_dir, self.finished_dir, self.broken_dir):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()

    def append(self, event: CallEvent) -> None:
        """Write one event down. Raises OSError when the disk refuses: the caller decides, the call goes on."""
        line = (json.dumps(event.to_json(), ensure_ascii=False) + "\n").encode("utf-8", "replace")
        with self._lock, self._journal(event.call_id).open("ab+", buffering=0) as file:
            _write_whole(file, line if _ends_clean(file) else b"\n" + line)
            if event.kind in _DURABLE:
                os.fsync(file.fileno())
                _sync_folder(self.open_dir)

    def keep_session(self, call_id: str, session: dict[str, Any]) -> None:
        """Remember where the citizen stands in the flow, for a process that comes after this one."""
        path = self.open_dir / f"{_safe(call_id)}.session"
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(session, ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)

    def session(self, call_id: str) -> dict[str, Any] | None:
        try:
            value: dict[str, Any] = json.loads((self.open_dir / f"{_safe(call_id)}.session").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return value

    def finish(self, call_id: str) -> None:
        """The call is over: hand it on. Does nothing when it has been handed on before."""
        with self._lock:
            journal = self._journal(call_id)
            if journal.exists():
                journal.replace(self.finished_dir / journal.name)
                _sync_folder(self.finished_dir)
            (self.open_dir / f"{_safe(call_id)}.session").unlink(missing_ok=True)

    def open_calls(self) -> list[str]:
        return _calls(self.open_dir)

    def finished_calls(self) -> list[str]:
        return _calls(self.finished_dir)

    def events(self, call_id: str) -> list[CallEvent]:
        """What is written of a call, open or finished. A line torn by a power cut is left out."""
        for folder in (self.open_dir, self.finished_dir):
            path = folder / f"{_safe(call_id)}.jsonl"
            if path.exists():
                return list(_read(path))
        return []

    def taken(self, call_id: str) -> None:
        """The database has the call: the spool may forget it."""
        (self.finished_dir / f"{_safe(call_id)}.jsonl").unlink(missing_ok=True)

    def set_aside(self, call_id: str) -> None:
        """The call cannot be taken in: no other call shall wait behind it, and nothing is thrown away."""
        name = f"{_safe(call_id)}.jsonl"
        for folder in (self.open_dir, self.finished_dir):
            if (folder / name).exists():
                (folder / name).replace(self.broken_dir / name)
        (self.open_dir / f"{call_id}.session").unlink(missing_ok=True)

    def _journal(self, call_id: str) -> Path:
        return self.open_dir / f"{_safe(call_id)}.jsonl"


def _calls(folder: Path) -> list[str]:
    return sorted(p.stem for p in folder.glob("*.jsonl") if _is_safe(p.stem))


def _read(path: Path) -> Iterator[CallEvent]:
    for line in path.read_text("utf-8", errors="replace").split("\n"):  # not splitlines: U+2028 may stand in a value
        try:
            yield CallEvent.from_json(json.loads(line))
        except (ValueError, RecursionError):  # torn
            continue


def _ends_clean(file: FileIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _write_whole(file: FileIO, line: bytes) -> None:
    """A short write is how a full disk begins: writing on raises what is the matter."""
    rest = memoryview(line)
    while rest:
        rest = rest[file.write(rest) :]


def _is_safe(call_id: str) -> bool:
    return call_id.replace("-", "").isalnum()


def _safe(call_id: str) -> str:
    if not _is_safe(call_id):
        raise ValueError("a call id has letters, digits and hyphens only")
    return call_id


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
