"""Sends one delivery: claim in one transaction, send outside of any, record in another.

The claim raises `attempts`, and only who still holds that number may record what came of it: a worker that was frozen
and wakes up changes nothing. The webhook id is the row's id at every attempt, so a receiver that honours it has exactly
one effect, however often a worker dies between sending and recording.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import breakers, by_email, by_open311, by_webhook, feed, following, outbox, signing_links
from cases.actor import THE_SYSTEM
from cases.endpoints import channel_for, endpoint
from cases.history import record
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow, Delivery, Endpoint
from cases.parcel import Parcel
from cases.post import Outcome
from cases.words import Channel, Event, Progress, Sending
from config import work
from config.city import City
from config.database import Database
from config.settings import Settings

# Waits before the second, third … attempt, in units of `delivery_retry_seconds` (of 5 s: up to a day, as is standard).
SCHEDULE = (1, 60, 360, 1440, 3600, 7200, 10080, 14400, 17280)
LONGEST_WAIT = timedelta(days=1)
_MARGIN = timedelta(seconds=10)

SEND: dict[Channel, Callable[[Parcel], Outcome]] = {
    Channel.WEBHOOK: by_webhook.send,
    Channel.OPEN311: by_open311.send,
    Channel.EMAIL: by_email.send,
}


class Deliveries:
    """The task `deliver`. `city` gives the names that people read in an e-mail."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime] | None = None,
        *,
        city: City | None = None,
    ) -> None:
        self._database, self._settings, self._city = database, settings, city
        self._clock = clock or (lambda: datetime.now(UTC))
        self._seconds = settings.delivery_timeout_seconds
        self._unit = timedelta(seconds=settings.delivery_retry_seconds)

    def task(self) -> work.Task:
        return work.Task(outbox.DELIVER, self.deliver, outbox.due, at_once=8, look_seconds=0.2)

    def deliver(self, delivery_id: str) -> None:
        """One attempt, if it is this row's turn."""
        parcel = self._claim(delivery_id)
        if parcel:
            self._record(parcel, SEND[Channel(parcel.row.channel)](parcel))

    def _claim(self, delivery_id: str) -> Parcel | None:
        now = self._clock()
        with self._database.session() as session:
            row = session.get(Delivery, delivery_id, with_for_update=True)
            if row is None or not _ripe(row, now) or outbox.blocked(session, row):
                return None
            target = endpoint(session, row.department)
            channel = channel_for(target, Event(row.event))
            if target is None or channel is Channel.PAGE:
                _leave_to_the_page(session, row)
                return None
            until = now + timedelta(seconds=self._seconds) + min(_MARGIN, timedelta(seconds=self._seconds))
            if not _let_through(session, row.department, now, until):
                return None  # `outbox.due` finds it again when the department may be asked
            row.channel, row.state, row.claimed_until = channel.value, Sending.SENDING.value, until
            row.attempts, row.tries_since = row.attempts + 1, row.tries_since + 1
            return self._parcel(session, row, target, now)

    def _parcel(self, session: Session, row: Delivery, target: Endpoint, now: datetime) -> Parcel:
        case = session.get_one(CaseRow, row.case_number)
        share = session.get_one(AssignmentRow, row.assignment_id)
        link = ""
        if row.channel == Channel.EMAIL and share.progress == Progress.WAITING:
            link = signing_links.new(session, share, link_base=self._settings.link_base, now=now)
        return Parcel(row, row.attempts, case, share, target, self._settings, self._city, link)

    def _record(self, parcel: Parcel, outcome: Outcome) -> None:
        now = self._clock()
        with self._database.session() as session:
            case = _locked_case(session, parcel.row.case_number)
            row = session.get_one(Delivery, parcel.row.id, with_for_update=True)
            if row.state != Sending.SENDING or row.attempts != parcel.turn:
                return  # somebody else has taken over
            row.claimed_until, row.last_error = None, outcome.problem
            if outcome.arrived:
                _arrived(session, case, row, outcome, now)
            elif outcome.gone or outcome.final or row.tries_since > len(SCHEDULE):
                _give_up(session, row, outcome, now)
            else:
                self._again(session, row, outcome, now)
            reopened = self._tell_breaker(session, row.department, outcome, now)
            feed.note(session, "delivery", row.id)
        if reopened:
            with self._database.session() as session:
                outbox.hurry(session, parcel.row.department, now=now)

    def _again(self, session: Session, row: Delivery, outcome: Outcome, now: datetime) -> None:
        wait = self._unit * SCHEDULE[row.tries_since - 1]
        wait *= random.uniform(0.9, 1.1)  # noqa: S311 - departments that were down together must not be hit together
        pause = min(max(wait, timedelta(seconds=outcome.retry_after_seconds or 0)), LONGEST_WAIT)
        row.state, row.due_at = Sending.WAITING.value, now + pause
        if row.tries_since >= outbox.ALARM_AFTER_FAILURES:
            row.alarm_at = row.alarm_at or now
        work.enqueue(session, outbox.DELIVER, row.id, row.attempts, delay_seconds=pause.total_seconds())

    def _tell_breaker(self, session: Session, department: str, outcome: Outcome, now: datetime) -> bool:
        """True when the department has come back."""
        if not outcome.line_is_down:
            before = breakers.breaker(session, department)
            breakers.reset(session, department)
            return before.open_until is not None
        asked = timedelta(seconds=outcome.retry_after_seconds or 0)
        value = breakers.locked(session, department).failed(now, unit=self._unit, asked=asked)
        breakers.keep(session, department, value)
        return False


def _ripe(row: Delivery, now: datetime) -> bool:
    if row.state == Sending.WAITING:
        return row.due_at is not None and row.due_at <= now
    return row.state == Sending.SENDING and row.claimed_until is not None and row.claimed_until <= now


def _let_through(session: Session, department: str, now: datetime, until: datetime) -> bool:
    """May a message go to this department now? While its breaker is half open, this one becomes the probe."""
    if breakers.breaker(session, department).open_until is None:
        return True
    value = breakers.locked(session, department)
    if not value.lets_through(now):
        return False
    breakers.keep(session, department, value.sending(now, until))
    return True


def _arrived(session: Session, case: CaseRow, row: Delivery, outcome: Outcome, now: datetime) -> None:
    row.state, row.delivered_at, row.due_at = Sending.DELIVERED.value, now, None
    row.receipt = outcome.receipt
    share = session.get_one(AssignmentRow, row.assignment_id)
    if share.delivered_at is None:
        record(session, case, Step.DELIVER, THE_SYSTEM, {"assignment": share.id, "channel": row.channel}, now=now)
    if row.channel == Channel.OPEN311:
        following.begin(session, share, outcome, now=now)
    outbox.wake_next(session, row)


def _give_up(session: Session, row: Delivery, outcome: Outcome, now: datetime) -> None:
    """A dead letter: people are told, and may send it again."""
    row.state, row.due_at, row.alarm_at = Sending.DEAD.value, None, now
    if outcome.gone and (target := endpoint(session, row.department)):
        target.disabled_because, target.changed_at = "对方答复 410：不再接收", now
        session.flush()
    outbox.wake_next(session, row)


def _leave_to_the_page(session: Session, row: Delivery) -> None:
    """The department's address was taken away in the meantime: its people find the case on the page."""
    row.channel, row.state, row.due_at, row.claimed_until = Channel.PAGE.value, Sending.WAITING.value, None, None
    feed.note(session, "delivery", row.id)
    outbox.wake_next(session, row)


def _locked_case(session: Session, number: str) -> CaseRow:
    """The case first, then its delivery: always in this order, so that two transactions never wait for each other."""
    return session.scalars(select(CaseRow).where(CaseRow.number == number).with_for_update()).one()
