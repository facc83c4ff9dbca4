"""Recordings that no call knows of: left on the static path while we were not there, or by a crash. They get a call.

Found at every start, and looked for again now and then, because the static path may be taken at any time.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from cases.model import RecordingRow
from config.database import Database
from ivr.call import CallEvent, Kind
from ivr.call_ids import new_call_id
from ivr.spool import Spool

log = logging.getLogger(__name__)

QUIET_SECONDS = 30.0  # a file that still grows belongs to somebody


def adopt(spool: Spool, database: Database, recordings_dir: Path, clock: Callable[[], datetime]) -> int:
    """Give every orphaned recording a call of its own. Returns how many were found."""
    found = _files(recordings_dir)
    known = _known(spool, database)
    orphans = [path for path in found if path not in known]
    for path in orphans:
        _give_a_call(spool, recordings_dir, path, clock())
    if orphans:
        log.warning("%d recordings without a call were found and taken in", len(orphans))
    return len(orphans)


def _files(recordings_dir: Path) -> list[str]:
    now = time.time()
    found = []
    for path in recordings_dir.rglob("*.wav"):
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
            if now - path.stat().st_mtime > QUIET_SECONDS:
                found.append(path.relative_to(recordings_dir).as_posix())
    return found


def _known(spool: Spool, database: Database) -> set[str]:
    spooled = {
        str(event.data.get("path"))
        for call_id in (*spool.open_calls(), *spool.finished_calls())
        for event in spool.events(call_id)
        if event.kind is Kind.RECORDING_STARTED
    }
    with database.session() as session:
        return spooled | set(session.scalars(select(RecordingRow.path)))


def _give_a_call(spool: Spool, recordings_dir: Path, path: str, now: datetime) -> None:
    left = min(now, datetime.fromtimestamp((recordings_dir / path).stat().st_mtime, UTC))
    call_id = new_call_id(left)
    leg = f"{call_id}-1"
    history: tuple[tuple[Kind, dict[str, str]], ...] = (
        (Kind.CALL_STARTED, {"leg": leg, "caller": "", "dialled": "12345", "channel": Path(path).stem}),
        (Kind.NOTE_TAKEN, {"text": "a recording without a call was found"}),
        (Kind.RECORDING_STARTED, {"leg": f"{leg}-message", "path": path, "what": "message"}),
        (Kind.CALL_ENDED, {"reason": "orphan", "node": "fallback"}),
    )
    for seq, (kind, data) in enumerate(history, 1):
        spool.append(CallEvent(call_id, seq, left, kind, data))
    spool.finish(call_id)
