"""The task `transcribe`: a call's recordings become a transcript and a draft, both handed in as functions.

The result is the same however often it is made, so a second run does no harm. A call that cannot be transcribed is
tried again a few times, then marked as failed with the reason, for people to see; the recordings stay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import feed, intake
from cases.model import TranscriptRow
from config import work
from config.database import Database
from ivr.call import Call, fold
from transcription.transcript import Transcript

log = logging.getLogger("hotline.worker")

TRIES = 5
AGAIN_AFTER = timedelta(seconds=30)


class Transcripts:
    def __init__(
        self,
        database: Database,
        transcribe: Callable[[Call], Transcript],
        draft: Callable[[Call, Transcript], dict[str, Any]],
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database, self._transcribe, self._draft = database, transcribe, draft
        self._clock = clock or (lambda: datetime.now(UTC))

    def task(self) -> work.Task:
        return work.Task(intake.TRANSCRIBE, self.run, due, at_once=1, look_seconds=0.5)

    def run(self, call_id: str) -> None:
        claimed = self._claim(call_id)
        if claimed is None:
            return
        call, covers = claimed
        try:
            transcript = self._transcribe(call)
            proposed = self._draft(call, transcript)
        except Exception as problem:
            # the message may hold what was said: only its kind is logged
            log.warning("call %s cannot be transcribed: %s", call_id, type(problem).__name__)
            self._failed(call_id, problem)
            return
        with self._database.session() as session:
            intake.store_transcript(session, transcript, now=self._clock(), covers=covers)
            intake.store_draft(session, call_id, proposed, now=self._clock())

    def _claim(self, call_id: str) -> tuple[Call, int] | None:
        """The call as it is known now. Counting before the work finds out what kills a worker each time."""
        with self._database.session() as session:
            row = session.get(TranscriptRow, call_id, with_for_update=True)
            if row is None or row.state != "waiting" or row.due_at > self._clock():
                return None
            row.attempts += 1
            if row.attempts > TRIES:
                row.state, row.last_error = "failed", row.last_error or "the worker died each time"
                feed.note(session, "transcript", call_id)
                return None
            return fold(intake.call_events(session, call_id)), row.covers

    def _failed(self, call_id: str, problem: Exception) -> None:
        with self._database.session() as session:
            row = session.get_one(TranscriptRow, call_id, with_for_update=True)
            row.last_error = type(problem).__name__
            if row.attempts >= TRIES:
                row.state = "failed"
                feed.note(session, "transcript", call_id)
                return
            pause = AGAIN_AFTER * row.attempts
            row.due_at = self._clock() + pause
            work.enqueue(session, intake.TRANSCRIBE, call_id, row.covers, delay_seconds=pause.total_seconds(),
                         again=f":{row.attempts}")  # fmt: skip


def due(session: Session, now: datetime) -> list[tuple[str, int]]:
    waiting = TranscriptRow.state == "waiting", TranscriptRow.due_at <= now
    chosen = select(TranscriptRow.call_id, TranscriptRow.covers).where(*waiting).order_by(TranscriptRow.due_at)
    return [(call_id, covers) for call_id, covers in session.execute(chosen.limit(500))]
