"""`hotline worker`: sends deliveries, transcribes recordings, signs what nobody signed in time.

Any number may die at any time; nothing is lost.
"""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.database import Database
    from config.settings import Settings
    from config.work import Task


@click.command()
@click.option("--once", is_flag=True, help="Work off what is due, then end.")
def worker(once: bool) -> None:
    """Work off deliveries and recordings until told to stop (SIGTERM, Ctrl-C).

    `hotline serve` starts one by itself. On SQLite one worker works at a time and others wait to take over; on
    PostgreSQL any number share the work.
    """
    from cases.migrations import upgrade
    from config.database import Database
    from config.settings import Settings
    from config.worker import Worker
    from console.say import start_logging

    start_logging()
    settings = Settings()
    database = Database(settings.database)
    upgrade(database.engine)
    runner = Worker(database, tasks(settings, database))
    if once:
        sys.exit(0 if runner.run_until_idle() else 1)
    runner.run(ToldToStop())


def tasks(settings: Settings, database: Database) -> Sequence[Task]:
    """Everything a worker can do. What is heavy to load is loaded when the first recording comes."""
    from cases import identities
    from cases.archiving import Archiving
    from cases.audit_signing import AuditSigning
    from cases.auto_signing import AutoSigning
    from cases.delivery import Deliveries
    from cases.following import Following
    from cases.pausing import Resuming
    from cases.recounting import Recounting
    from cases.retention import Erasing
    from cases.transcripts import Transcripts
    from cases.visit_opening import VisitOpening
    from cases.watching import Supervision
    from config.city import load
    from ivr.call import Call
    from transcription.transcript import Transcript

    city = load(settings.city_dir)
    identities.keep_keys_in(database.engine, settings.keys_folder)

    def transcribe(call: Call) -> Transcript:
        from transcription.transcribe import transcribe_call

        return transcribe_call(call, settings.recordings_dir, settings.vosk_model)

    def draft(call: Call, transcript: Transcript) -> dict[str, Any]:
        from transcription.draft import draft

        return draft(transcript, city, caller=call.caller, now=call.ended_at or call.started_at).to_json()

    return [
        Deliveries(database, settings, city=city).task(),
        Following(database, settings).task(),
        Transcripts(database, transcribe, draft).task(),
        AutoSigning(database).task(),
        Recounting(database, city).task(),
        Resuming(database, city).task(),
        Archiving(database, settings.archive_after_days).task(),
        *Supervision(database, city).tasks(),
        VisitOpening(database).task(),
        AuditSigning(database, settings).task(),
        Erasing(database, city.retention, settings).task(),
    ]


class ToldToStop:
    """Set by a signal. Not a `threading.Event`: a handler that sets one may have interrupted the very thread that holds
    the event's lock, and then waits for it for ever (seen: a worker that outlived its hotline)."""

    def __init__(self) -> None:
        self._told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def is_set(self) -> bool:
        return self._told

    def wait(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        while not self._told and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self._told

    def _tell(self, *_signal: object) -> None:
        self._told = True


COMMANDS = {"worker": worker}
