"""The task `follow`: what another Open311 server says of our cases. First its number, then its status, until it closes.

GeoReport knows open and closed. Open in their system is signed for (签收); closed is the reply (答复), with the notes
they wrote. The rows are the whole plan: each has the time of its next look, and a look that died is simply due again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import assignment, by_open311, feed
from cases.actor import Actor
from cases.by_open311 import Found
from cases.endpoints import endpoint
from cases.lifecycle import Impossible
from cases.model import AssignmentRow, CaseRow, Endpoint, ForeignRequest, insert_new
from cases.post import Outcome
from cases.refusal import Refusal
from cases.words import Channel, Progress
from config import work
from config.database import Database
from config.settings import Settings

FOLLOW = "follow"
PATIENCE = timedelta(hours=72)  # for a token to become a number
NO_NOTES = "对方系统已办结，没有写办理说明"
_MINUTE = 12  # of the units of `delivery_retry_seconds`
_SHORTEST, _LONGEST = 1 * _MINUTE, 120 * _MINUTE


def begin(session: Session, share: AssignmentRow, outcome: Outcome, *, now: datetime) -> None:
    """The case has arrived there; what they answered is where to look."""
    known = bool(outcome.number or outcome.token)
    fresh = {
        "assignment_id": share.id,
        "department": share.department,
        "token": outcome.token,
        "number": outcome.number,
        "status": "",
        "sent_at": now,
        "due_at": now if known else None,
        "turn": 0,
        "last_error": "" if known else "对方收下了工单，但没有给出工单号，无法查询进展",
    }
    insert_new(session, ForeignRequest, [fresh])


def due(session: Session, now: datetime) -> list[tuple[str, int]]:
    ripe = select(ForeignRequest).where(ForeignRequest.due_at <= now).order_by(ForeignRequest.due_at).limit(500)
    return [(row.assignment_id, row.turn) for row in session.scalars(ripe)]


def next_look(sent_at: datetime, now: datetime, unit: timedelta) -> datetime:
    """Often at first, then less: a tenth of the age, between a minute and two hours."""
    return now + min(max((now - sent_at) / 10, unit * _SHORTEST), unit * _LONGEST)


class Following:
    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._settings = database, settings
        self._clock = clock or (lambda: datetime.now(UTC))
        self._unit = timedelta(seconds=settings.delivery_retry_seconds)

    def task(self) -> work.Task:
        return work.Task(FOLLOW, self.follow, due, at_once=4)

    def follow(self, assignment_id: str) -> None:
        """One look, if it is time for it."""
        claimed = self._claim(assignment_id)
        if claimed is None:
            return
        row, target = claimed
        found = by_open311.look(target, self._settings, token=row.token, number=row.number)
        self._record(row, found)

    def _claim(self, assignment_id: str) -> tuple[ForeignRequest, Endpoint] | None:
        now = self._clock()
        with self._database.session() as session:
            row = session.get(ForeignRequest, assignment_id, with_for_update=True)
            if row is None or row.due_at is None or row.due_at > now:
                return None
            target = endpoint(session, row.department)
            row.turn += 1
            row.due_at = next_look(row.sent_at, now, self._unit) + timedelta(
                seconds=self._settings.delivery_timeout_seconds
            )
            if target is None or target.channel != Channel.OPEN311 or not target.url or target.disabled_because:
                row.last_error = "这个单位现在没有 Open311 地址，无法查询进展"
                return None
            return row, target

    def _record(self, seen: ForeignRequest, found: Found) -> None:
        now = self._clock()
        with self._database.session() as session:
            share = session.get_one(AssignmentRow, seen.assignment_id)
            case = session.scalars(select(CaseRow).where(CaseRow.number == share.case_number).with_for_update()).one()
            row = session.get_one(ForeignRequest, seen.assignment_id, with_for_update=True)
            if row.turn != seen.turn:
                return
            row.number, row.last_error = found.number or row.number, found.problem
            row.due_at = next_look(row.sent_at, now, self._unit)
            if found.number and not seen.number:
                row.due_at = now  # its number is known now: its status can be asked for
            elif found.status:
                row.status = found.status
                _apply(session, case, share, row, found, now)
            elif not row.number and now - row.sent_at > PATIENCE:
                row.due_at, row.last_error = None, "72 小时内没有得到对方的工单号，请人工联系对方"
            feed.note(session, "case", case.number)


def _apply(
    session: Session, case: CaseRow, share: AssignmentRow, row: ForeignRequest, found: Found, now: datetime
) -> None:
    """Their status becomes our receipts. What is not possible here any more changes nothing, and is said."""
    by = Actor(f"department:{share.department}", None, share.department)
    try:
        if share.progress == Progress.WAITING:
            assignment.sign(session, case, share, by, now=now)
        if found.status == "closed":
            row.due_at = None
            assignment.reply(session, case, share, found.notes or NO_NOTES, by, now=now)
    except (Impossible, Refusal) as refused:
        row.due_at, row.last_error = None, f"对方状态为 {found.status[:20]}，这里已不能办理：{refused}"
