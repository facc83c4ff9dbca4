"""The hotline's own process, as a benchmark sees it: the telephone half with the desk's live half, without a database.

It runs in a process of its own, so that its CPU time is known; the benchmark speaks to it through a pipe.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from config.city import load as load_city
from config.settings import Settings
from console.directory import InMemory
from console.hub import Hub
from console.live_talk import LiveTalk
from console.telephony import Telephony
from ivr.call import Role
from ivr.load import open_flows
from ivr.prompts import prompt_files
from ivr.reception import Desk
from ivr.session import Facts
from transcription.live import Captions

FOLLOWED = ("exchange", "ami", "hub")  # threads that live on; what they do not use, the scripts of calls use


def now() -> datetime:
    return datetime.now(UTC)


def serve(settings: Settings, login: tuple[str, str], operators: tuple[str, ...], captions: bool, pipe: Connection):
    """Answer calls, and the benchmark's questions, until it closes the pipe."""
    process = _Process(settings, login, operators, captions)
    process.start()
    with suppress(EOFError):
        while True:
            name, arguments = pipe.recv()
            pipe.send(getattr(process, name)(*arguments))
    process.stop()


class _Process:
    def __init__(self, settings: Settings, login: tuple[str, str], operators: tuple[str, ...], captions: bool) -> None:
        self._settings = settings
        self._flows, city = open_flows(settings.flows_dir, settings.city_dir), load_city(settings.city_dir)
        directory = InMemory(city)
        directory.people = dict.fromkeys(operators, Role.OPERATOR)
        self._telephony = Telephony(settings, login, directory, self._desk())
        self._exchange = self._telephony.exchange
        self._hub = Hub(self._exchange.board)
        talk = LiveTalk(self._exchange, self._hub, city, now)
        self._live = Captions(settings, talk.on_caption, talk.tap_again) if captions else None

    def _desk(self) -> Desk:
        return Desk(
            flows=lambda: self._flows,
            sounds=self._sounds,
            facts=lambda caller: Facts(caller=caller),
            ask=lambda *_: ("not_found", {}),
            recordings_dir=self._settings.recordings_dir,
            clock=now,
        )

    def _sounds(self, _flows: object, language: str, prompt: str, values: Mapping[str, str | int]) -> list[Path]:
        found = self._flows.prompt(prompt, language)
        return prompt_files(self._settings.prompts_dir, language, found, values) if found else []

    def start(self) -> None:
        self._hub.start()
        self._exchange.subscribe(self._hub.changed)
        self._telephony.start()
        if self._live:
            self._live.start()
        while not self.ready():
            time.sleep(0.05)

    def ready(self) -> bool:
        return self._telephony.ami.connected and (self._live is None or self._live.health().ok)

    def stop(self) -> None:
        self._telephony.stop()
        self._hub.stop()
        if self._live:
            self._live.stop()

    # ---- what the benchmark asks
    def operator(self, name: str, status: str) -> None:
        self._exchange.set_operator(name, status)

    def add_department(self, operator: str, code: str) -> None:
        """Into the room in which this operator talks."""
        rooms = self._exchange.board().rooms
        room = next(r for r in rooms if any(p.name == operator for p in r.participants))
        self._exchange.add(room.id, department=code, by=operator)

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far: all of the process, and of its threads that live on."""
        clocks = {t.name: time.pthread_getcpuclockid(t.ident) for t in threading.enumerate() if t.name in FOLLOWED}
        return {"all": time.process_time()} | {name: time.clock_gettime(clock) for name, clock in clocks.items()}

    def captions(self) -> dict[str, Any]:
        health = self._live.health() if self._live else None
        worker = self._live.worker_pid if self._live else None
        return {"pid": worker, "taps": health.taps, "dropped": health.dropped_seconds} if health else {}

    def happening(self, state: str) -> int:
        """How many participants of all rooms are in this state."""
        return sum(p.state == state for room in self._exchange.board().rooms for p in room.participants)

    def calls_going_on(self) -> int:
        return len(self._exchange.calls)

    def happened(self) -> Counter[str]:
        """How often each kind of event (`line.joined`) stands in the histories of ended calls, which are forgotten."""
        spool, found = self._telephony.spool, Counter[str]()
        for call in spool.finished_calls():
            found.update(event.kind.value for event in spool.events(call))
            spool.taken(call)
        return found
