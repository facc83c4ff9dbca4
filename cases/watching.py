"""The tasks `supervise` and `tell`: each case that met a trigger gets its record, each notice its way to a department.

The rows are the whole plan. A case is looked at again when its version has changed, or when the moment has come that
was found at the last look (`supervision.next_look`). So nothing is asked of whoever changes a case, and a worker that
was away for a week finds everything that became due meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import instructions, notices, outbox
from cases.actor import SYSTEM
from cases.akin import akin, matter_of
from cases.deadlines import CITY_TIME
from cases.fold import Assignment, Case, Happening, fold, went_badly
from cases.history import assignments, history
from cases.lifecycle import ENDED, Step
from cases.model import AssignmentRow, CaseRow, SupervisionRow, Watch
from cases.reasons import SendBackReason
from cases.similar import Relation
from cases.supervision import FORMS, Decision, Facts, Level, Met, NoticeState, Past, decide, next_look
from cases.words import Event, Progress, State, Urgency
from config import work
from config.city import City
from config.database import Database

SUPERVISE, TELL = "supervise", "tell"
_WATCHED = (State.DISPATCHED, State.RETURN_REQUESTED, State.DISPUTED, State.HANDLING, State.PAUSED, State.REPLIED,
            State.REWORK, State.RETURN_VISIT)  # fmt: skip
_OBJECTS = (Progress.RETURN_REQUESTED, Progress.DISPUTED)  # the hotline's turn, not the department's


class Supervision:
    def __init__(self, database: Database, city: City, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._city = database, city
        self._clock = clock or (lambda: datetime.now(UTC))

    def tasks(self) -> tuple[work.Task, work.Task]:
        return (
            work.Task(SUPERVISE, self.look, due, at_once=2),
            work.Task(TELL, self.tell, due_to_tell, at_once=2),
        )

    def look(self, number: str) -> None:
        """Write what has become due in this case, and when to look again."""
        now = self._clock()
        with self._database.session() as session:
            row = session.scalar(select(CaseRow).where(CaseRow.number == number).with_for_update())
            if row is None:
                return
            told = history(session, number)
            case, instructed = fold(told), bool(instructions.open_for(session, number))
            watch = self._watch(session, row)
            later = []
            for share in assignments(session, number):
                facts = facts_of(told, case, share, row, instructed=instructed, repeats=watch.repeats)
                later.append(self._look_at(session, row, share, facts, now))
            watch.version, watch.look_at = row.version, min((each for each in later if each), default=None)

    def tell(self, notice_id: str) -> None:
        """Put the notice on its way, once."""
        now, this = self._clock(), SupervisionRow.id == notice_id
        number = select(SupervisionRow.case_number).where(this).scalar_subquery()
        with self._database.session() as session:
            case = session.scalar(select(CaseRow).where(CaseRow.number == number).with_for_update())
            row = session.scalar(select(SupervisionRow).where(this).with_for_update())
            if case is None or row is None or row.told_at or row.tell_at is None or row.tell_at > now:
                return
            row.told_at = now
            share = session.get_one(AssignmentRow, row.assignment_id)
            event = Event.SUPERVISED if row.level in FORMS else Event.REMINDER
            outbox.put(session, case, share, event, _said(row, share), now=now)

    def _watch(self, session: Session, row: CaseRow) -> Watch:
        """At the first look it is asked how often the same person had complained of this before."""
        watch = session.get(Watch, row.number)
        if watch is None:
            alike = akin(session, matter_of(row, self._city), self._city, but=row.number)
            repeats = sum(how.relation is Relation.REPEAT for _other, how in alike)
            watch = Watch(case_number=row.number, version=row.version, look_at=None, repeats=repeats)
            session.add(watch)
        return watch

    def _look_at(
        self, session: Session, row: CaseRow, share: AssignmentRow, facts: Facts, now: datetime
    ) -> datetime | None:
        workdays, known = self._city.workdays, notices.of_share(session, share.id)
        past = [_past(each) for each in known]
        if decision := decide(facts, past, now, workdays):
            written = self._write(session, row, share, decision, known, now)
            past = [each for each in past if each.id != written.id] + [_past(written)]
        return next_look(facts, past, now, workdays)

    def _write(
        self,
        session: Session,
        row: CaseRow,
        share: AssignmentRow,
        decision: Decision,
        known: Sequence[SupervisionRow],
        now: datetime,
    ) -> SupervisionRow:
        keys, facts = [met.key for met in decision.met], "\n".join(map(_line, decision.met))
        if decision.joins:
            return notices.join(session, next(each for each in known if each.id == decision.joins), keys, facts)
        trigger = max(decision.met, key=lambda met: (met.level.rank, met.at)).trigger
        facts = f"{_since(share)}\n{facts}"
        notice = notices.write(session, row, share, decision.level, trigger, keys=keys, facts=facts, by=SYSTEM, now=now)
        if decision.level is Level.REMINDER:
            notices.remind(notice, row, city=self._city, now=now)
        return notice


def due(session: Session, now: datetime) -> list[tuple[str, int]]:
    """Cases to look at: their moment has come, or they are another version than when they were looked at."""
    timely = session.scalars(select(Watch.case_number).where(Watch.look_at <= now).order_by(Watch.look_at).limit(200))
    changed = select(CaseRow.number).outerjoin(Watch, Watch.case_number == CaseRow.number)
    changed = changed.where(CaseRow.state.in_(_WATCHED), Watch.version.is_distinct_from(CaseRow.version)).limit(200)
    return [(number, 0) for number in dict.fromkeys([*timely, *session.scalars(changed)])]


def due_to_tell(session: Session, now: datetime) -> list[tuple[str, int]]:
    waiting = SupervisionRow.tell_at <= now, SupervisionRow.told_at.is_(None)
    return [(key, 0) for key in session.scalars(select(SupervisionRow.id).where(*waiting).limit(200))]


def facts_of(
    told: Sequence[Happening],
    case: Case,
    row: AssignmentRow,
    case_row: CaseRow,
    *,
    instructed: bool = False,
    repeats: int = 0,
) -> Facts:
    """One share's facts, from the case's history."""
    share = case.assignment(row.id)
    assert share is not None  # noqa: S101 - rows are the fold of the history
    mine = [h for h in told if h.data.get("assignment") == share.id]
    backs = [h for h in mine if h.step is Step.SEND_BACK]
    denied = [
        h.at for h in mine if h.step is Step.DENY_RETURN or (h.step is Step.RULE and not h.data.get("assignments"))
    ]
    return Facts(
        urgency=Urgency(case_row.urgency),
        dispatched_at=row.dispatched_at,
        started_at=share.started_at or row.dispatched_at,
        due_at=share.due_at,
        sign_by=None if share.progress in _OBJECTS else share.sign_by,
        signed_at=share.signed_at if share.signed_by != SYSTEM else None,
        ended_at=_ended_at(case, share, mine),
        paused=share.progress is Progress.PAUSED,
        instruction=instructed,
        reworks=tuple(h.at for h in told if _sent_back(h, share.id)),
        returns_denied=tuple(denied),
        repeats=(row.dispatched_at,) * repeats,
        perfunctory=tuple(h.at for h in backs if SendBackReason.PERFUNCTORY in h.data.get("reasons", ())),
        false_reports=tuple(h.at for h in backs if SendBackReason.NOT_TRUE in h.data.get("reasons", ())),
    )


def _sent_back(h: Happening, share: str) -> bool:
    if h.step is Step.SEND_BACK:
        return h.data.get("assignment") == share
    again = h.step is Step.REOPEN or (h.step is Step.VISIT and went_badly(h.data))
    return again and share in {each["id"] for each in h.data.get("assignments", ())}


def _ended_at(case: Case, share: Assignment, mine: Sequence[Happening]) -> datetime | None:
    """Since when nothing is expected of the department."""
    if share.replied_at:
        return share.replied_at
    if share.progress in _OBJECTS or share.progress in ENDED:
        return case.closed_at or max((h.at for h in mine), default=share.started_at)
    return None


def _past(row: SupervisionRow) -> Past:
    unanswered = row.answer_by if row.state == NoticeState.ISSUED else None
    is_open = row.state in (NoticeState.PROPOSED, NoticeState.ISSUED)
    return Past(row.id, Level(row.level), tuple(row.keys), is_open, unanswered)


def _said(row: SupervisionRow, share: AssignmentRow) -> dict[str, str]:
    """For the department's system. What it is about stands in the case itself."""
    said = {
        "notice": row.id,
        "level": row.level,
        "state": row.state,
        "reason": row.facts,
        "due_at": share.due_at.isoformat(),
    }
    if row.number and row.answer_by:
        said |= {"number": row.number, "demand": row.demand, "answer_by": row.answer_by.isoformat()}
    if row.state == NoticeState.CANCELLED:
        said |= {"cancelled_because": row.ended_because}
    return said


def _since(share: AssignmentRow) -> str:
    return f"{_at(share.dispatched_at)} 交办，应于 {_at(share.due_at)} 前办结"


def _line(met: Met) -> str:
    return f"{_at(met.at)} {met.trigger.label}"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(CITY_TIME):%Y-%m-%d %H:%M}"
