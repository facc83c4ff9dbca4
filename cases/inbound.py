"""What departments' systems report: received, signed, returned, progress, replied, more time wanted.

Our own number of the case is what a report is matched by: a reply may overtake the answer that would have told us
theirs. Reports may come late or out of order; what is older than what we know already is kept as a note, and changes
nothing. A repeated id changes nothing at all, however old it is: ids are kept for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import assignment, case, extension, feed
from cases.actor import Actor
from cases.model import AssignmentRow, CaseRow, InboundEvent, insert_new
from cases.objection import Objection, object_to
from cases.reasons import ReturnReason, Solved
from cases.refusal import Refusal
from cases.words import Labelled, Progress
from config.city import City
from config.rules import Limit


class Outcome(Labelled):
    """What became of a report."""

    APPLIED = "applied", "已生效"
    STALE = "stale", "已有更新的消息，作为备注保存"
    LATE = "late", "工单已在此之后，作为备注保存"


@dataclass(frozen=True, slots=True)
class Report:
    """One message, as it was understood. `sequence` or `updated_at` tell which of two is newer."""

    id: str
    kind: str
    number: str
    sequence: int | None = None
    updated_at: datetime | None = None
    text: str = ""
    internal: str = ""
    true: bool | None = None
    solved: Solved | None = None
    return_reason: ReturnReason | None = None
    basis: str = ""
    suggested: str = ""
    more_time: Limit | None = None


def take(session: Session, report: Report, by: Actor, *, city: City, now: datetime) -> Outcome | None:
    """Apply it, or keep it as a note. None: it was known before. Raises Refusal or Impossible, and keeps nothing."""
    if not insert_new(session, InboundEvent, [_row(report, by, now)]):
        return None
    row = case.find(session, report.number, by, lock=True)
    share = assignment.own(session, row, by)
    matter = _Matter(session, row, share, by, city, now)
    outcome = Outcome.STALE if _is_stale(session, report, by) else _APPLY[report.kind](matter, report)
    session.get_one(InboundEvent, (by.department, report.id)).outcome = outcome.value
    feed.note(session, "case", row.number)
    return outcome


def of_case(session: Session, number: str, department: str | None = None) -> list[InboundEvent]:
    """Everything that was reported on a case; with `department`, by this one only."""
    chosen = select(InboundEvent).where(InboundEvent.case_number == number)
    if department is not None:
        chosen = chosen.where(InboundEvent.department == department)
    return list(session.scalars(chosen.order_by(InboundEvent.received_at, InboundEvent.id)))


def _row(report: Report, by: Actor, now: datetime) -> dict[str, object]:
    return {
        "department": by.department,
        "id": report.id,
        "kind": report.kind,
        "case_number": report.number,
        "sequence": report.sequence,
        "updated_at": report.updated_at,
        "outcome": Outcome.APPLIED.value,
        "said": report.text or report.basis,
        "received_at": now,
    }


def _is_stale(session: Session, report: Report, by: Actor) -> bool:
    before = select(func.max(InboundEvent.sequence), func.max(InboundEvent.updated_at)).where(
        InboundEvent.case_number == report.number,
        InboundEvent.department == by.department,
        InboundEvent.id != report.id,
        InboundEvent.outcome != Outcome.STALE,
    )
    sequence, updated_at = session.execute(before).one()
    if report.sequence is not None and sequence is not None:
        return report.sequence <= int(sequence)
    return report.updated_at is not None and updated_at is not None and report.updated_at < updated_at


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a report is about: its case, locked, and the department's share of it."""

    session: Session
    row: CaseRow
    share: AssignmentRow
    by: Actor
    city: City
    now: datetime


def _received(matter: _Matter, _report: Report) -> Outcome:
    assignment.arrived(matter.session, matter.row, matter.share, now=matter.now)
    return Outcome.APPLIED


def _signed(matter: _Matter, _report: Report) -> Outcome:
    if matter.share.progress != Progress.WAITING:
        return Outcome.LATE  # signed already: on the page, by an earlier message, or by the system when time was up
    assignment.sign(matter.session, matter.row, matter.share, matter.by, now=matter.now)
    return Outcome.APPLIED


def _progress(_matter: _Matter, report: Report) -> Outcome:
    if not report.text.strip():
        raise Refusal("请在 text 中写明进展", field="text")
    return Outcome.APPLIED  # it stands in the list of reports


def _replied(matter: _Matter, report: Report) -> Outcome:
    assignment.reply(matter.session, matter.row, matter.share, report.text, matter.by, now=matter.now,
                     internal=report.internal, true=report.true, solved=report.solved)  # fmt: skip
    return Outcome.APPLIED


def _returned(matter: _Matter, report: Report) -> Outcome:
    if report.return_reason is None:
        raise Refusal(f"reason 应为 {'、'.join(ReturnReason)} 之一", field="reason")
    why = Objection(report.return_reason, report.basis, report.suggested)
    object_to(matter.session, matter.row, matter.share, why, matter.by, city=matter.city, now=matter.now)
    return Outcome.APPLIED


def _extension_requested(matter: _Matter, report: Report) -> Outcome:
    if report.more_time is None:
        raise Refusal("请写明要延长多久：amount 和 unit", field="amount")
    extension.ask(matter.session, matter.row, matter.share, report.more_time, report.text, matter.by,
                  city=matter.city, now=matter.now)  # fmt: skip
    return Outcome.APPLIED


_APPLY: dict[str, Callable[[_Matter, Report], Outcome]] = {
    "case.received": _received,
    "case.signed": _signed,
    "case.returned": _returned,
    "case.progress": _progress,
    "case.replied": _replied,
    "case.extension_requested": _extension_requested,
}
