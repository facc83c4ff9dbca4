"""What follows from a step, whoever took it: departments hear what was taken from them or closed, and open requests
that nobody needs to decide any more lapse. Called by `history.record` alone, so that no way around it can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import outbox
from cases.fold import Assignment, Case
from cases.lifecycle import GIVEN_UP
from cases.model import AssignmentRow, CaseRow, ExtensionRow
from cases.words import Event, State

_CLOSED = (State.CLOSED, State.CLOSED_UNRESOLVED)


def follow(session: Session, row: CaseRow, before: Case, after: Case, *, now: datetime) -> None:
    for old, new in _pairs(before, after):
        if new.progress in GIVEN_UP and old.progress not in GIVEN_UP:
            _tell(session, row, new, Event.RECALLED, now)
        if old.extension_asked and not new.extension_asked:
            _lapse(session, old.extension_asked, now)
    if after.lead and after.state in _CLOSED and before.state not in _CLOSED:
        _tell(session, row, after.lead, Event.CLOSED, now)


def _pairs(before: Case, after: Case) -> Iterator[tuple[Assignment, Assignment]]:
    """Each share as it was and as it is. New ones stand at the end."""
    return zip(before.assignments, after.assignments, strict=False)


def _tell(session: Session, row: CaseRow, share: Assignment, event: Event, now: datetime) -> None:
    outbox.put(session, row, session.get_one(AssignmentRow, share.id), event, {"state": row.state}, now=now)


def _lapse(session: Session, key: str, now: datetime) -> None:
    """Unless it is being decided by this very step: then who decides writes over it."""
    undecided = ExtensionRow.id == key, ExtensionRow.decision.is_(None)
    if asked := session.scalar(select(ExtensionRow).where(*undecided)):
        asked.decision, asked.decided_at = "lapsed", now
