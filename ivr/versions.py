"""Published call flows: each version is a folder that never changes, and `live` is a link to one of them.

    versions/<id>/call_flows/…     flows, prompts, recordings, calendars, scenarios: everything it was published with
    versions/<id>/holidays/…       the city's holidays
    versions/live -> <id>          switched by one rename, so everybody sees the old one or the new one
    versions/history.jsonl         who made what live, and when (`ivr/version_history.py`)

`<id>` is a hash over all files, so a version that somebody has changed by hand is noticed and not used. Several
processes may publish, roll back and read at the same time: whoever writes holds a lock that dies with its process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from config.problems import Problems
from ivr.flow import Flows
from ivr.load import load_flows
from ivr.version_history import Action, Entry, History

FLOWS, LIVE = "call_flows", "live"
_ID_SIGNS = 12


class NoVersion(Exception):
    """There is no such version, or it is not what it was. The text (Chinese) says what to do."""


class Moved(Exception):
    """Somebody else has changed what is live in the meantime."""


class Versions:
    """All versions of one hotline. Reading needs no lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._history = History(folder / "history.jsonl")

    # ---- reading
    def live(self) -> str:
        """The version that calls begin with; "" when nothing was ever published."""
        try:
            return (self.folder / LIVE).readlink().name
        except OSError:
            return ""

    def ids(self) -> list[str]:
        return sorted(p.name for p in self.folder.glob("*") if _is_id(p.name) and p.is_dir())

    def history(self) -> list[Entry]:
        """Oldest first."""
        return self._history.entries()

    def history_is_whole(self) -> bool:
        """Has nobody rewritten a line of it, or taken one out?"""
        return self._history.unbroken()

    def at(self, version: str) -> Path:
        """The folder of a version; its `call_flows` is laid out like the one that administrators edit."""
        if not _is_id(version) or not (self.folder / version).is_dir():
            raise NoVersion(f"没有版本 {version}，请用 hotline flows 查看有哪些版本。")
        return self.folder / version

    def find(self, beginning: str) -> str:
        """The version whose id begins like this."""
        found = [one for one in self.ids() if one.startswith(beginning)]
        if len(found) != 1:
            said = "对应不止一个版本，请多写几位" if found else "没有对应的版本"
            raise NoVersion(f"{beginning} {said}，请用 hotline flows 查看有哪些版本。")
        return found[0]

    def load(self, version: str) -> Flows:
        """The flows of a version. Raises NoVersion for one that is gone, damaged or unreadable."""
        folder, problems = self.at(version), Problems()
        try:
            sound = version_of(_files_below(folder)) == version
            flows = load_flows(folder / FLOWS, folder, problems)
        except OSError as error:
            raise NoVersion(f"版本 {version} 的文件读不出来（{error.strerror}）。") from error
        if not sound:
            raise NoVersion(f"版本 {version} 的文件被改动过，不能使用；请重新发布。")
        if len(problems):
            raise NoVersion(f"版本 {version} 在这个程序里读不出来：{next(iter(problems))}")
        return replace(flows, version=version)

    def changed(self, version: str, files: Mapping[str, bytes]) -> list[str]:
        """The names of the files that are not as they are in this version, also those that are gone or new."""
        kept = _files_below(self.at(version))
        return sorted(name for name in kept.keys() | files.keys() if kept.get(name) != files.get(name))

    def is_whole(self, version: str) -> bool:
        """Is it there, and as it was published?"""
        return _is_whole(self.folder / version, version)

    def before(self, version: str) -> str:
        """What was live when this version was published; "" when nothing was. So rolling back twice goes back two."""
        published = (e for e in reversed(self.history()) if e.version == version and e.action is not Action.ROLLBACK)
        return next((entry.before for entry in published if entry.before != version), "")

    # ---- writing
    def store(self, files: Mapping[str, bytes]) -> str:
        """Keep a version. It appears whole or not at all; one that is there already is left alone."""
        version, new = version_of(files), self.folder / f".new-{secrets.token_hex(4)}"
        with self._lock():
            for cut_short in self.folder.glob(".new-*"):
                shutil.rmtree(cut_short)
            if _is_whole(self.folder / version, version):
                return version
            shutil.rmtree(self.folder / version, ignore_errors=True)
            for name, content in files.items():
                _write(new / name, content)
            new.rename(self.folder / version)
            _sync(self.folder)
        return version

    def switch(
        self,
        version: str,
        *,
        action: Action,
        by: str,
        at: datetime,
        changes: tuple[str, ...] = (),
        expected: str | None = None,
    ) -> None:
        """Make a version live. `expected`: only if this one still is; otherwise Moved is raised and nothing changes."""
        self.at(version)
        with self._lock():
            before = self.live()
            if expected is not None and before != expected:
                raise Moved(before)
            self._notice(before, at)
            link = self.folder / f".live-{secrets.token_hex(4)}"
            link.symlink_to(version)
            link.replace(self.folder / LIVE)
            _sync(self.folder)
            self._history.append(Entry(at, by, action, version, before, changes))

    def _notice(self, live: str, at: datetime) -> None:
        """A process that died between the switch and its line in the history: the line is written now."""
        known = self._history.entries()
        if live and (not known or known[-1].version != live):
            before = known[-1].version if known else ""
            self._history.append(Entry(at, "", Action.FOUND, live, before))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def version_of(files: Mapping[str, bytes]) -> str:
    """A hash over names and contents."""
    lines = (f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in sorted(files.items()))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_ID_SIGNS]


def _is_id(name: str) -> bool:
    return len(name) == _ID_SIGNS and set(name) <= set("0123456789abcdef")


def _files_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _is_whole(folder: Path, version: str) -> bool:
    with suppress(OSError):
        return version_of(_files_below(folder)) == version
    return False


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o400)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
