"""Sends one delivery: claim in one transaction, send outside of any, record in another.

The claim raises `attempts`, and only who still holds that number may record what came of it: a worker that was frozen
and wakes up changes nothing. The webhook id is the row's id at every attempt, so a receiver that honours it has exactly
one effect, however often a worker dies between sending and recording.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import addresses, assignment, feed, outbox, post, webhook
from cases.addresses import BadAddress
from cases.endpoints import endpoint
from cases.model import AssignmentRow, CaseRow, Delivery
from cases.words import Channel, Sending
from config import work
from config.database import Database
from config.settings import Settings

# Waits before the second, third … attempt, in units of `delivery_retry_seconds` (of 5 s: up to a day, as is standard).
SCHEDULE = (1, 60, 360, 1440, 3600, 7200, 10080, 14400, 17280)
LONGEST_WAIT = timedelta(days=1)
_MARGIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is needed for sending, read while the row was claimed."""

    id: str
    turn: int
    url: str
    secrets: tuple[str, ...]
    networks: tuple[str, ...]
    message: dict[str, Any]


class Deliveries:
    """The task `deliver`."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock or (lambda: datetime.now(UTC))
        self._seconds = settings.delivery_timeout_seconds

    def task(self) -> work.Task:
        return work.Task(outbox.DELIVER, self.deliver, outbox.due, at_once=8)

    def deliver(self, delivery_id: str) -> None:
        """One attempt, if it is this row's turn."""
        claimed = self._claim(delivery_id)
        if claimed:
            self._record(claimed, self._send(claimed))

    def _claim(self, delivery_id: str) -> Claimed | None:
        now = self._clock()
        with self._database.session() as session:
            row = session.get(Delivery, delivery_id, with_for_update=True)
            if row is None or not _ripe(row, now) or outbox.blocked(session, row):
                return None
            target = endpoint(session, row.department)
            if target is None or target.url is None or target.disabled_because:
                _leave_to_the_page(session, row)
                return None
            row.state, row.attempts, row.tries_since = Sending.SENDING.value, row.attempts + 1, row.tries_since + 1
            row.claimed_until = now + timedelta(seconds=self._seconds) + min(_MARGIN, timedelta(seconds=self._seconds))
            message = _message(row, self._settings.link_base)
            networks = (*target.networks, *self._settings.reachable_networks)
            return Claimed(row.id, row.attempts, target.url, tuple(target.secrets), networks, message)

    def _send(self, claimed: Claimed) -> post.Outcome:
        try:
            target = addresses.parse(claimed.url)
            allowed = addresses.networks(claimed.networks)
            address = addresses.choose(target, addresses.resolve(target), allowed)
        except BadAddress as problem:
            return post.Outcome(0, str(problem))
        body = json.dumps(claimed.message, ensure_ascii=False, separators=(",", ":")).encode()
        headers = webhook.signed_headers(claimed.id, datetime.now(UTC), body, claimed.secrets)
        return post.post(target, address, body, headers, seconds=self._seconds)

    def _record(self, claimed: Claimed, outcome: post.Outcome) -> None:
        now = self._clock()
        with self._database.session() as session:
            case = _locked_case(session, claimed.id)
            row = session.get_one(Delivery, claimed.id, with_for_update=True)
            if row.state != Sending.SENDING or row.attempts != claimed.turn:
                return  # somebody else has taken over
            row.claimed_until, row.last_error = None, outcome.problem
            if outcome.arrived:
                _arrived(session, case, row, now)
            elif outcome.gone or row.tries_since > len(SCHEDULE):
                self._give_up(session, row, outcome, now)
            else:
                self._again(session, row, outcome, now)
            feed.note(session, "delivery", row.id)

    def _again(self, session: Session, row: Delivery, outcome: post.Outcome, now: datetime) -> None:
        wait = self._settings.delivery_retry_seconds * SCHEDULE[row.tries_since - 1]
        wait *= random.uniform(0.9, 1.1)  # noqa: S311 - departments that were down together must not be hit together
        pause = min(timedelta(seconds=max(wait, outcome.retry_after_seconds or 0)), LONGEST_WAIT)
        row.state, row.due_at = Sending.WAITING.value, now + pause
        work.enqueue(session, outbox.DELIVER, row.id, row.attempts, delay_seconds=pause.total_seconds())

    def _give_up(self, session: Session, row: Delivery, outcome: post.Outcome, now: datetime) -> None:
        row.state, row.due_at = Sending.DEAD.value, None
        if outcome.gone and (target := endpoint(session, row.department)):
            target.disabled_because, target.changed_at = "对方答复 410：不再接收", now
        outbox.wake_next(session, row)


def _ripe(row: Delivery, now: datetime) -> bool:
    if row.state == Sending.WAITING:
        return row.due_at is not None and row.due_at <= now
    return row.state == Sending.SENDING and row.claimed_until is not None and row.claimed_until <= now


def _arrived(session: Session, case: CaseRow, row: Delivery, now: datetime) -> None:
    row.state, row.delivered_at, row.due_at = Sending.DELIVERED.value, now, None
    share = session.get_one(AssignmentRow, row.assignment_id)
    assignment.arrived(session, case, share, now=now, channel=row.channel)
    outbox.wake_next(session, row)


def _leave_to_the_page(session: Session, row: Delivery) -> None:
    """The department's address was taken away in the meantime: its people find the case on the page."""
    row.channel, row.state, row.due_at, row.claimed_until = Channel.PAGE.value, Sending.WAITING.value, None, None
    feed.note(session, "delivery", row.id)
    outbox.wake_next(session, row)


def _locked_case(session: Session, delivery_id: str) -> CaseRow:
    """The case first, then its delivery: always in this order, so that two transactions never wait for each other."""
    number = select(Delivery.case_number).where(Delivery.id == delivery_id).scalar_subquery()
    return session.scalars(select(CaseRow).where(CaseRow.number == number).with_for_update()).one()


def _message(row: Delivery, link_base: str) -> dict[str, Any]:
    data = {**row.body, "link": f"{link_base}/api/v1/cases/{row.case_number}"}
    return {"type": row.event, "timestamp": row.created_at.isoformat(), "data": data}
