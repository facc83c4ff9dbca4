"""The pages' view of cases in the database: each call is one transaction, each answer a frozen value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cases import assignment, case, citizen_access, intake, reveals
from cases.actor import Actor, Outside
from cases.fold import Happening
from cases.history import assignments, history, lead_of
from cases.lifecycle import OVER, Impossible
from cases.model import AssignmentRow, CallRow, CaseRow, Delivery, LegRow
from cases.privacy import masked_text
from cases.refusal import Refusal
from cases.timeline import plainly
from cases.tries import TooManyTries
from cases.words import Confidentiality, Kind, Part, Progress, Role, Sending, State, Urgency
from config.city import City
from config.database import Database
from console.hub import Viewer
from console.pages import ports
from console.pages.ports import Refused

CALLS_COUNTED = timedelta(days=365)
CASES_SHOWN = 20


class CasesInDatabase:
    """Registering, and looking cases up."""

    def __init__(self, database: Database, city: City, now: Callable[[], datetime]) -> None:
        self._database, self._city, self._now = database, city, now

    def history(self, caller: str, besides: str = "") -> ports.History:
        if not caller:
            return ports.History()
        with self._database.session() as session:
            earlier = CallRow.caller == caller, CallRow.id != besides
            recent = CallRow.started_at > self._now() - CALLS_COUNTED
            calls = session.scalar(select(func.count()).select_from(CallRow).where(*earlier, recent)) or 0
            own = or_(CaseRow.phone == caller, CaseRow.call_id.in_(select(CallRow.id).where(*earlier)))
            other = or_(CaseRow.call_id.is_(None), CaseRow.call_id != besides)
            chosen = select(CaseRow).where(own, other).order_by(CaseRow.created_at.desc()).limit(CASES_SHOWN)
            rows = session.scalars(chosen).all()
            name = next((row.caller_name for row in rows if row.caller_name), "")
            return ports.History(name, calls, tuple(_line(session, row) for row in rows))

    def draft(self, call_id: str) -> Mapping[str, Any]:
        with self._database.session() as session:
            row = intake.draft_of(session, call_id)
            return row.proposed if row else {}

    def operators(self, call_id: str) -> frozenset[str] | None:
        with self._database.session() as session:
            if session.get(CallRow, call_id) is None:
                return None
            own = LegRow.call_id == call_id, LegRow.role == "operator"
            return frozenset(session.scalars(select(LegRow.name).where(*own)))

    def register(self, new: ports.NewCase, by: Viewer) -> ports.CaseView:
        actor, now = Actor(by.name, Role(by.role)), self._now()
        try:
            with self._database.session() as session:
                intake.correct_draft(session, new.call_id, {}, by.name, now=now)  # a call that still goes on is known
                session.get_one(CallRow, new.call_id, with_for_update=True)  # one case for each call, clicked twice too
                row = _of_call(session, new.call_id)
                if row is None:
                    row = case.register(session, _fields(new), actor, city=self._city, now=now, call_id=new.call_id)
                    self._settle(session, row, new, actor, now)
                return self._view(session, row)
        except (Refusal, Impossible) as refusal:
            raise Refused("refused", str(refusal)) from None

    def _settle(self, session: Session, row: CaseRow, new: ports.NewCase, actor: Actor, now: datetime) -> None:
        if new.answer:
            case.answer(session, row, new.answer, actor, now=now)
        else:
            assignment.dispatch(session, row, new.lead, new.assisting, actor, city=self._city, now=now)

    def of_call(self, call_id: str) -> ports.CaseView | None:
        with self._database.session() as session:
            row = _of_call(session, call_id)
            return self._view(session, row) if row else None

    def case(self, no: str) -> ports.CaseView | None:
        with self._database.session() as session:
            row = session.get(CaseRow, no)
            return self._view(session, row) if row else None

    def for_citizen(self, no: str, code: str, client: str) -> ports.CaseView | None:
        """What the city has done, in plain words. A reply is shown when it has been reviewed."""
        try:
            if not citizen_access.opens(self._database, no, code, client, now=self._now()):
                return None
        except TooManyTries:
            raise Refused("too_many_tries", "查询次数过多，请一小时后再试，或拨 12345。") from None
        with self._database.session() as session:
            row = session.get_one(CaseRow, no)
            told = ((h.at, plainly(h, self._name)) for h in history(session, no))
            steps = tuple(ports.Step(at, words) for at, words in told if words)
            view = self._view(session, row)
            reviewed = [each for each in assignments(session, no) if each.progress == Progress.APPROVED and each.reply]
            replies = tuple((self._name(each.department), masked_text(each.reply)) for each in reviewed)
            return replace(view, kind="", category="", urgency="", place="", code="", caller="", call_id="",
                           replies=replies, history=steps, looked=self._looked(session, no))  # fmt: skip

    def _looked(self, session: Session, no: str) -> tuple[ports.Step, ...]:
        fields = {"phone": "联系电话", "caller_name": "姓名"}
        return tuple(ports.Step(look.at, f"{look.who}查看了您的{fields[look.field]}，用途：{look.purpose}")
                     for look in reveals.looks(session, no, self._city))  # fmt: skip

    def _view(self, session: Session, row: CaseRow) -> ports.CaseView:
        session.flush()
        shares = assignments(session, row.number)
        lead = lead_of(shares)
        category = self._city.category(row.category)
        return ports.CaseView(
            no=row.number,
            state=State(row.state).label,
            summary=row.summary,
            kind=Kind(row.kind).label,
            category=category.name if category else row.category,
            urgency=Urgency(row.urgency).label,
            place=row.place,
            code=row.code,
            caller=row.phone,
            call_id=row.call_id or "",
            open=State(row.state) not in OVER,
            visit=row.state == State.RETURN_VISIT,
            due_at=lead.due_at if lead else None,
            provisional=lead is not None and lead.due_provisional,
            answer=row.answer,
            receipts=tuple(self._receipt(session, a) for a in shares),
            replies=tuple((self._name(a.department), a.reply) for a in shares if a.reply),
            history=tuple(ports.Step(h.at, self._told(h)) for h in history(session, row.number)),
        )

    def _receipt(self, session: Session, share: AssignmentRow) -> ports.Receipt:
        chosen = select(Delivery).where(Delivery.assignment_id == share.id).order_by(Delivery.place.desc()).limit(1)
        name = self._name(share.department)
        part = Part(share.part).label
        trouble = _trouble(session.scalar(chosen)) if share.delivered_at is None else ""
        return ports.Receipt(name, part, share.delivered_at, share.signed_at, share.replied_at, trouble)

    def _told(self, what: Happening) -> str:
        return f"{what.label}（{whose(what.actor, self._name)}）"

    def _name(self, department: str) -> str:
        found = self._city.department(department)
        return found.name if found else department


def _fields(new: ports.NewCase) -> case.Fields:
    level = Confidentiality.CONFIDENTIAL if new.confidential else Confidentiality.ORDINARY
    return case.Fields(
        kind=Kind(new.kind),
        category=new.category,
        urgency=Urgency(new.urgency),
        confidentiality=level,
        place=new.place,
        phone=new.phone,
        caller_name=new.name,
        summary=new.summary,
        text=f"特急理由：{new.urgency_reason}" if new.urgency_reason else "",
    )


def _of_call(session: Session, call_id: str) -> CaseRow | None:
    return session.scalar(select(CaseRow).where(CaseRow.call_id == call_id).order_by(CaseRow.created_at).limit(1))


def _line(session: Session, row: CaseRow) -> ports.CaseLine:
    lead, state = lead_of(assignments(session, row.number)), State(row.state)
    due = lead.due_at if lead else None
    return ports.CaseLine(row.number, row.summary, state.label, state not in OVER, due)


def _trouble(delivery: Delivery | None) -> str:
    """In words for an operator; the technical error is the administrator's."""
    if delivery is None:
        return ""
    if delivery.state == Sending.DEAD:
        return "推送没有成功，请电话通知该单位"
    return f"推送未成功 {delivery.attempts} 次，正在自动重试" if delivery.attempts and delivery.last_error else ""


def whose(actor: str, name: Callable[[str], str]) -> str:
    """Who a line of the history is by, for people: a department's name, a login, 系统 or 诉求人."""
    kind, _, code = actor.partition(":")
    if kind == "department" and code:
        return name(code)
    return {each.value: each.label for each in Outside}.get(actor, actor)
