"""Follows what the telephone half and other processes leave behind: finished calls into the database, its news to the
desks, the people who may be called into the exchange's memory.

One thread, one round a few times a second. A database that is locked or gone is told once and tried again: calls wait
in the spool, desks keep what they have, the exchange keeps whom it knows.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from cases import feed, intake, people
from cases.missed import missed_callbacks
from cases.model import AssignmentRow, CaseRow, Delivery
from cases.words import Role as UserRole
from config.database import Database
from config.telephones import Account
from console.directory import InMemory
from console.hub import Hub, Missed
from ivr.call import OUTGOING, CallEvent, Role
from ivr.spool import Spool

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.3
PEOPLE_EVERY = 5  # rounds
HOUSEKEEPING_EVERY = 1000  # rounds: five minutes


@dataclass(slots=True)
class Follower:
    """`telephones_changed` is called with all accounts when operators were added or changed by whatever process;
    `housekeeping` in the first round and every few minutes; `outgoing_came` with each finished call of ours to a
    citizen, in the transaction that takes it in."""

    database: Database
    spool: Spool
    hub: Hub
    directory: InMemory
    now: Callable[[], datetime]
    telephones_changed: Callable[[list[Account]], None]
    housekeeping: Callable[[], object] = lambda: None
    outgoing_came: Callable[[Session, str, list[CallEvent]], None] = lambda *_: None
    _accounts: list[Account] = field(default_factory=list)
    _seen: int | None = None
    _rounds: int = 0
    _healthy: bool = True
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            try:
                self.round()
                self._healthy = True
            except SQLAlchemyError as error:
                if self._healthy:
                    log.error("the database does not answer (%s); calls wait in the spool", type(error).__name__)
                self._healthy = False
            except Exception as error:
                log.error("a round of the follower failed (%s)", type(error).__name__)

    def round(self) -> None:
        """Look once at everything."""
        if self._rounds % PEOPLE_EVERY == 0:
            self.read_people()
        number, self._rounds = self._rounds, self._rounds + 1
        for call_id in self.spool.finished_calls():
            self._take_in(call_id)
        self._news()
        if number % HOUSEKEEPING_EVERY == 0:
            self.housekeeping()

    def read_people(self) -> list[Account]:
        """Who may be called now. Returns the telephones."""
        with self.database.session() as session:
            accounts = people.telephones(session)
            roles = {p.name: p.role for p in people.people(session) if not p.disabled}
        supervisors = {name for name, role in roles.items() if role == UserRole.SUPERVISOR}
        self.directory.people = {
            a.name: Role.SUPERVISOR if a.name in supervisors else Role.OPERATOR for a in accounts if a.name in roles
        }
        if accounts != self._accounts:
            self.telephones_changed(accounts)
            self._accounts = accounts  # only now: what has failed is tried again
        return accounts

    def _take_in(self, call_id: str) -> None:
        """A finished call arrives once: the spool forgets it only after the database has it. No call waits behind one
        that cannot be taken in; that one is kept aside, for a person to look at."""
        try:
            self._import(call_id)
        except OSError as error:  # this file cannot be read now; it stays
            log.error("call %s cannot be read from the spool (%s)", call_id, type(error).__name__)
        except (OperationalError, InterfaceError, PoolExhausted):
            raise  # the database does not answer: nothing is wrong with the call
        except Exception as error:  # the message may hold a number or words: only its kind is logged
            log.error("call %s cannot be taken in (%s); it is set aside in spool/broken", call_id, type(error).__name__)
            self.spool.set_aside(call_id)

    def _import(self, call_id: str) -> None:
        events = self.spool.events(call_id)
        if not events:
            raise ValueError("no line of it can be read")
        with self.database.session() as session:
            if intake.import_call(session, events) and events[0].data.get("way") == OUTGOING:
                self._came(session, call_id, events)
        self.spool.taken(call_id)

    def _came(self, session: Session, call_id: str, events: list[CallEvent]) -> None:
        """What a case makes of it must not keep the call itself out."""
        try:
            with session.begin_nested():
                self.outgoing_came(session, call_id, events)
        except (OperationalError, InterfaceError, PoolExhausted):
            raise
        except Exception as error:
            log.error("what came of call %s cannot be recorded (%s)", call_id, type(error).__name__)

    def _news(self) -> None:
        with self.database.session() as session:
            first = self._seen is None
            if self._seen is None:
                self._seen = feed.latest(session)
            changes = feed.since(session, self._seen)
            for change in changes:
                self._tell_of(session, change)
                self._seen = change.id
            if first or any(change.kind in ("call", "case") for change in changes):
                self._tell_missed(session)

    def _tell_missed(self, session: Session) -> None:
        """Read here once for all desks."""
        rows = missed_callbacks(session, self.now())
        self.hub.missed(tuple(Missed(row.id, row.caller, row.started_at, row.ended_at) for row in rows))

    def _tell_of(self, session: Session, change: feed.Change) -> None:
        """One piece of news that cannot be told must not keep back the others."""
        try:
            self._tell(session, change)
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.error("the news of %s %s cannot be told (%s)", change.kind, change.ref, type(error).__name__)

    def _tell(self, session: Session, change: feed.Change) -> None:
        if change.kind == "draft":
            row = intake.draft_of(session, change.ref)
            if row:
                self.hub.draft(change.ref, row.proposed)
        elif change.kind == "delivery":
            delivery = session.get(Delivery, change.ref)
            if delivery:
                self._tell_case(session, delivery.case_number)
        elif change.kind == "case":
            self._tell_case(session, change.ref)

    def _tell_case(self, session: Session, number: str) -> None:
        case = session.get(CaseRow, number)
        if case and case.call_id:
            named = session.scalars(select(AssignmentRow.department).where(AssignmentRow.case_number == number))
            self.hub.case(number, case.call_id, frozenset(named))
