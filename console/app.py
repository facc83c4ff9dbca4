"""The composition root: every part of the hotline is made here, once, and given what it needs. Nothing imports it.

Order of starting: Asterisk first (with the telephones it knows, so that the static path works), then the database, then
everything that wants it. The telephone half answers by itself only when it knows whom it may call.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI

from cases import api, georeport, identities, limits, migrations, people, problem_details
from cases.api.access import Access
from config.database import Database
from config.settings import Settings
from config.telephones import Account
from console import health, last_good, orphans, pages, publishing, rooms_api
from console.case_side import CaseSide
from console.children import Worker
from console.directory import InMemory
from console.follower import Follower
from console.hub import Hub
from console.live_talk import LiveTalk
from console.pages import signing
from console.pages.citizen_records import CitizensInDatabase
from console.pages.ports import Ports
from console.pages.records import CasesInDatabase, PeopleInDatabase, TypedInDatabase
from console.pages.visit import VisitsInDatabase
from console.pages.work_records import WorkInDatabase
from console.return_visits import ReturnVisits
from console.telephony import Telephony
from ivr.board import Operator, Status
from ivr.call import CallEvent
from ivr.flow import Flows
from ivr.hold_music import write_beep
from ivr.private_asterisk import PrivateAsterisk
from ivr.reception import Desk
from transcription.live import Captions
from transcription.understood import Understood

log = logging.getLogger(__name__)


def now() -> datetime:
    return datetime.now(UTC)


class Hotline:
    """All parts of one running hotline. `prepare`, `start`, serve `app`, `stop`."""

    def __init__(self, settings: Settings, more_telephones: Sequence[Account] = ()) -> None:
        self.flows = publishing.open_live(settings, now())
        self.city, settings = last_good.load(settings)
        self.settings, self._more_telephones = settings, list(more_telephones)
        self.database = Database(settings.database)
        identities.keep_keys_in(self.database.engine, settings.keys_folder)
        self.asterisk = PrivateAsterisk(settings) if settings.asterisk == "managed" else None
        self.directory = InMemory(self.city)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="presence")

    # ---- life
    def start_asterisk(self) -> None:
        """Run Asterisk with the telephones it had last, or adopt the one that runs. Raises AsteriskProblem."""
        if self.asterisk:
            self.asterisk.adopt_or_start(None)

    def prepare_database(self) -> None:
        """Bring the tables up to date. Raises SQLAlchemyError while the database does not answer."""
        migrations.upgrade(self.database.engine)

    def add_telephones(self, accounts: Sequence[Account]) -> None:
        """Telephones that belong to nobody in the database: a citizen's, for trying the hotline out."""
        self._more_telephones += accounts

    def start(self) -> None:
        """Everything else, once Asterisk and the database are there."""
        self._make()
        write_beep(self.settings.prompts_dir / "beep.wav")
        self.follower.read_people()
        self.telephony.start(telephone=self.settings.asterisk != "off")
        self.captions.start()
        self.follower.start()
        self.return_visits.start()
        self.flows.start()
        self.worker.start()

    def stop(self, *, asterisk: bool = True) -> None:
        """With `asterisk`, calls end as well; without, talks go on and new calls take the static path."""
        for part in (self.worker, self.flows, self.return_visits, self.follower, self.captions, self.telephony):
            part.stop()
        self._writer.shutdown(wait=True)
        if asterisk and self.asterisk:
            self.asterisk.stop()

    # ---- the parts
    def _make(self) -> None:
        settings = self.settings
        self.telephony = Telephony(
            settings,
            self._ami_login(),
            self.directory,
            self._desk(),
            operators=self._operators(),
            keep_status=self._keep_status,
        )
        self.exchange = self.telephony.exchange
        self.hub = Hub(self.exchange.board)
        self.talk = LiveTalk(self.exchange, self.hub, self.city, now)
        self.captions = Captions(settings, self.talk.on_caption, self.talk.tap_again, self._understood)
        spool = self.telephony.spool
        self.return_visits = ReturnVisits(self.database, self.telephony, self.city, now)
        self.follower = Follower(
            self.database,
            spool,
            self.hub,
            self.directory,
            now,
            self._telephones_changed,
            self._adopt_orphans,
            self.return_visits.came,
        )
        self.worker = Worker()

    def _ami_login(self) -> tuple[str, str]:
        if self.asterisk:
            return self.asterisk.ami_user, self.asterisk.ami_secret
        return self.settings.ami_user, self.settings.ami_secret.get_secret_value()

    def _desk(self) -> Desk:
        side = CaseSide(self.database, lambda: len(self.exchange.board().places), now)
        return Desk(
            flows=self.flows.flows,
            flows_of=self.flows.flows_of,
            sounds=self._sounds,
            facts=side.facts,
            ask=side.ask,
            recordings_dir=self.settings.recordings_dir,
            clock=now,
            listen=lambda tap, phrases: self.captions.ask(tap, phrases),
        )

    def _sounds(self, flows: Flows, language: str, prompt: str, values: Mapping[str, str | int]) -> list[Path]:
        if prompt == "beep":
            return [self.settings.prompts_dir / "beep.wav"]
        return self.flows.sounds(flows, language, prompt, values)

    def _understood(self, answer: Understood) -> None:
        self.exchange.understood(answer.tap, answer.words, answer.confidence, final=answer.final)

    def _operators(self) -> list[Operator]:
        """Operators as they were before: a restart of ours sends nobody home."""
        with self.database.session() as session:
            return [Operator(p.name, Status(p.status), now(), reason=p.reason) for p in people.presences(session)]

    def _keep_status(self, name: str, status: Status, reason: str) -> None:
        def write() -> None:
            try:
                with self.database.session() as session:
                    people.keep_presence(session, name, status.value, reason, now=now())
            except Exception as error:
                log.error("an operator's status could not be kept (%s)", type(error).__name__)

        self._writer.submit(write)

    def _adopt_orphans(self) -> None:
        orphans.adopt(self.telephony.spool, self.database, self.settings.recordings_dir, now)

    def _telephones_changed(self, accounts: list[Account]) -> None:
        if self.asterisk:
            self.asterisk.reload_telephones([*accounts, *self._more_telephones])

    # ---- HTTP
    def app(self) -> FastAPI:
        """The pages and the API of this hotline, which must have been started."""
        settings = self.settings
        app = FastAPI(
            title="12345 hotline", version="1", openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None
        )
        problem_details.install(app)
        limits.install(app)
        rooms_api.install(app)
        app.include_router(
            api.router(self.database, self.city, settings, now, live_events=self.live_events), prefix="/api/v1"
        )
        app.include_router(rooms_api.router(Access(self.database, now), lambda: self.exchange), prefix="/api/v1")
        app.include_router(health.router(self))
        app.mount("/open311/v2", georeport.app(self.database, self.city, settings, now))
        pages.install(app, self._ports())
        app.include_router(signing.routes(self.database, self.city, now))
        return app

    def live_events(self, call_id: str) -> Sequence[CallEvent]:
        """What has happened so far in a call that the database does not know yet."""
        call = self.exchange.calls.get(call_id)
        return tuple(call.events) if call else self.telephony.spool.events(call_id)

    def _ports(self) -> Ports:
        database, settings = self.database, self.settings
        return Ports(
            exchange=self.exchange,
            hub=self.hub,
            people=PeopleInDatabase(database, token_hours=settings.token_hours, now=now),
            cases=CasesInDatabase(database, self.city, now),
            notepad=TypedInDatabase(database, now),
            work=WorkInDatabase(database, self.city, now),
            citizens=CitizensInDatabase(database, self.city, now),
            visits=VisitsInDatabase(database, self.city, now),
            city=self.city,
            now=now,
            public_url=settings.public_url,
        )
