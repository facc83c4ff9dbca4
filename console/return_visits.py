"""Return visits that the telephone makes by itself: who is due is asked here, what came of it goes back to the case.

One thread, one round every few seconds, and only when the city has switched it on (`outgoing_calls`): the numbers in
made-up data must never be called. Nobody is called at night, while citizens wait, or on the last line of the trunk.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cases import visit_calls
from cases.return_visit import first_try
from cases.visit_calls import DueCall
from config.city import City
from config.database import Database
from console.telephony import Telephony
from ivr.call import CallEvent
from ivr.call_ids import new_call_id
from ivr.live import Refused
from ivr.outgoing import result_of

log = logging.getLogger(__name__)

ROUND_SECONDS = 5.0
FLOW = "return_visit"


@dataclass(slots=True)
class ReturnVisits:
    """`start` and `stop`; `came` is told of every outgoing call that has come into the database."""

    database: Database
    telephony: Telephony
    city: City
    now: Callable[[], datetime]
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="return-visits", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            try:
                self.round()
            except (SQLAlchemyError, TimeoutError) as error:
                log.warning("no return visits for the moment (%s)", type(error).__name__)
            except Exception as error:  # its text may hold a number
                log.error("a round of return visits failed (%s)", type(error).__name__)

    def round(self) -> int:
        """Call whoever is due and can be called now. Returns how many telephones ring for it."""
        now, called = self.now(), 0
        if first_try(now) != now or not self.telephony.ami.connected or self.telephony.exchange.why_not_call_out():
            return 0
        with self.database.session() as session:
            due = visit_calls.due_calls(session, now)
        for each in due:
            if self.telephony.exchange.why_not_call_out():
                break
            called += self._call(each, now)
        return called

    def _call(self, due: DueCall, now: datetime) -> bool:
        """Claimed first, so that nobody is called twice: should we die in between, the claim runs out."""
        call_id = new_call_id(now)
        with self.database.session() as session:
            if not visit_calls.begin_call(session, due.visit_id, call_id, now=now):
                return False
        try:
            self.telephony.call_out(call_id, due.number, FLOW, {"case_no": due.case_number})
        except Refused as refused:
            if refused.code != "not_now":
                self._cannot_be_called(call_id, now)
            return False
        return True

    def _cannot_be_called(self, call_id: str, now: datetime) -> None:
        with self.database.session() as session:
            visit_calls.record_automatic(session, call_id, "failed", city=self.city, now=now)

    def came(self, session: Session, call_id: str, events: Sequence[CallEvent]) -> None:
        """An outgoing call is over: what the citizen has answered, or that nobody was reached."""
        result = result_of(events)
        visit_calls.record_automatic(session, call_id, result.outcome, city=self.city, now=self.now(),
                                choices=result.choices, facts=result.facts)  # fmt: skip
