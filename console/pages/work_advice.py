"""What the machine has to say beside a case: whom it would send it to, which cases are like it, where a reply is weak.

Everything comes with its reason, and a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from cases import akin, assignment, reply_facts
from cases.actor import Actor
from cases.dispatch_help import dispatch_help
from cases.finding import Finding
from cases.history import assignments
from cases.model import CaseRow
from cases.reasons import Solved
from cases.suggestions import Suggested
from cases.words import Part, Progress, State
from config.city import City

ALIKE_SHOWN = 5
BEFORE_DISPATCH = (State.REGISTERED, State.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Alike:
    no: str
    relation: str
    reasons: tuple[str, ...]
    summary: str
    state: str


@dataclass(frozen=True, slots=True)
class Advice:
    """`findings`: by the id of the share whose reply they are about."""

    suggested: tuple[Suggested, ...] = ()
    doubts: tuple[str, ...] = ()
    alike: tuple[Alike, ...] = ()
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    def lead(self) -> str:
        return next((each.department for each in self.suggested if each.part is Part.LEAD), "")


def advice(session: Session, row: CaseRow, actor: Actor, city: City, now: datetime) -> Advice:
    """For those who dispatch and review; a department is told nothing of this."""
    if not actor.sees_all:
        return Advice()
    if State(row.state) not in BEFORE_DISPATCH:
        return Advice(findings=_of_replies(session, row, city, now))
    found = dispatch_help(session, row, city, now)
    return Advice(found.suggested, found.doubts, _alike(session, row, city))


def of_reply(
    session: Session, row: CaseRow, actor: Actor, text: str, solved: str, *, city: City, now: datetime
) -> tuple[Finding, ...]:
    """What a reviewer might stumble over, told to the clerk before the reply is submitted."""
    written = reply_facts.Written(text, solved=Solved(solved) if solved in set(Solved) else None)
    share = assignment.own(session, row, actor)
    return reply_facts.look_at(session, row, share, written, city=city, now=now).findings


def _of_replies(session: Session, row: CaseRow, city: City, now: datetime) -> dict[str, tuple[Finding, ...]]:
    waiting = [each for each in assignments(session, row.number) if each.progress == Progress.REPLIED]
    return {
        share.id: reply_facts.look_at(
            session, row, share, reply_facts.submitted(session, share), city=city, now=share.replied_at or now
        ).findings
        for share in waiting
    }


def _alike(session: Session, row: CaseRow, city: City) -> tuple[Alike, ...]:
    found = akin.akin(session, akin.matter_of(row, city), city, but=row.number, limit=ALIKE_SHOWN)
    return tuple(
        Alike(each.number, how.relation.label, how.reasons, each.summary, State(each.state).label)
        for each, how in found
    )
