"""From a transition's body to the step itself, for everybody who may take it: one line for each step.

Who may, and when, is decided where the step is recorded (`history.record`); here is only what a step needs to be told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from cases import archiving, assignment, case, closing, extension, objection, pausing, review, visits
from cases.actor import Actor
from cases.api.step_bodies import Transition
from cases.history import assignments
from cases.lifecycle import ASSIGNMENT_STEPS, Step
from cases.model import AssignmentRow, CaseRow
from cases.reasons import PauseReason, RejectReason, ReturnReason, Solved
from cases.refusal import NotFound, NotYours, Refusal
from cases.return_visit import Answers
from cases.words import Labelled, Part, Progress
from config.city import City
from config.rules import Limit


@dataclass(frozen=True)
class Asked:
    """One step that somebody asks for. The case is locked."""

    session: Session
    row: CaseRow
    body: Transition
    by: Actor
    city: City
    now: datetime

    @property
    def step(self) -> Step:
        return Step(self.body.action.value)

    @property
    def share(self) -> AssignmentRow:
        """The share that is meant: one's own, the one that is named, or the only one it can be; else the lead's."""
        named, own = self.body.assignment, self.by.department
        shares = [
            each
            for each in assignments(self.session, self.row.number)
            if named in ("", each.id) and own in (None, each.department)
        ]
        fits = [each for each in shares if (Progress(each.progress), self.step) in ASSIGNMENT_STEPS]
        found = [each for each in fits if len(fits) == 1 or each.part == Part.LEAD] or fits or shares[-1:]
        if not found:
            raise NotFound("这个工单没有这项承办任务")
        return found[-1]


def take(session: Session, row: CaseRow, body: Transition, actor: Actor, *, city: City, now: datetime) -> None:
    """Raises a Refusal or Impossible, and then nothing has changed."""
    asked = Asked(session, row, body, actor, city, now)
    if not actor.may(asked.step):
        raise NotYours(f"您的角色不能{asked.step.label}")
    TAKE[asked.step](asked)


def _objection(a: Asked) -> None:
    why = objection.Objection(_code(ReturnReason, a.body.reason, "reason"), a.body.basis, a.body.suggested)
    second = a.step is Step.DISPUTE
    objection.object_to(a.session, a.row, a.share, why, a.by, second=second, city=a.city, now=a.now)


def _answer(a: Asked) -> None:
    solved = None if a.body.solved is None else a.body.solved is Solved.YES
    case.answer(a.session, a.row, a.body.said, a.by, now=a.now, knowledge=a.body.knowledge, solved=solved)


def _dispatch(a: Asked) -> None:
    if not a.body.lead:
        raise Refusal("请写明主办单位的代码", field="lead")
    assignment.dispatch(a.session, a.row, a.body.lead, a.body.assisting, a.by, city=a.city, now=a.now,
                        suggested=a.body.suggested)  # fmt: skip


def _reply(a: Asked) -> None:
    assignment.reply(a.session, a.row, a.share, a.body.said, a.by, now=a.now, internal=a.body.internal,
                     true=a.body.true, solved=a.body.solved)  # fmt: skip


def _pause(a: Asked) -> None:
    if a.body.until is None:
        raise Refusal("请写明暂停到什么时候", field="until")
    reason = _code(PauseReason, a.body.reason, "reason")
    pausing.pause(a.session, a.row, a.share, reason, a.body.until, a.by, city=a.city, now=a.now)


def _ask_for_time(a: Asked) -> None:
    if a.body.amount is None:
        raise Refusal("请写明延期多久", field="amount")
    more = Limit(a.body.amount, a.body.unit)
    extension.ask(a.session, a.row, a.share, more, a.body.said, a.by, city=a.city, now=a.now)


def _decide(a: Asked) -> None:
    asked = extension.open_for(a.session, a.share)
    granted = a.step is Step.GRANT_EXTENSION
    extension.decide(a.session, a.row, asked, granted, a.body.said, a.by, city=a.city, now=a.now)


def _visit(a: Asked) -> None:
    said, solved, satisfied = a.body, a.body.solved, a.body.satisfied
    if solved is None or satisfied is None:
        raise Refusal("请写明诉求人的回答：solved（是否解决）和 satisfied（是否满意）", field="solved")
    if visit := visits.open_for(a.session, a.row, now=a.now):
        answers = Answers(solved, satisfied, said.contacted, said.true)
        visits.answered(a.session, visit, a.row, answers, a.by, said.way, city=a.city, now=a.now)
    else:  # nothing to ask: the table of steps says why
        closing.visit(a.session, a.row, a.by, city=a.city, now=a.now, solved=solved, satisfied=satisfied,
                      contacted=said.contacted, true=said.true, way=said.way)  # fmt: skip


def _send_back(a: Asked) -> None:
    review.send_back(a.session, a.row, a.share, a.body.reasons, a.body.said, a.by, city=a.city, now=a.now)


def _rule(a: Asked) -> None:
    objection.rule(a.session, a.row, a.share, a.body.department, a.body.said, a.by, city=a.city, now=a.now)


def _reject(a: Asked) -> None:
    reason = _code(RejectReason, a.body.reason, "reason")
    closing.reject(a.session, a.row, reason, a.body.channel, a.body.way, a.by, now=a.now)


TAKE: dict[Step, Callable[[Asked], object]] = {
    Step.ACCEPT: lambda a: case.accept(a.session, a.row, a.by, now=a.now),
    Step.REJECT: _reject,
    Step.ANSWER: _answer,
    Step.DISPATCH: _dispatch,
    Step.SIGN: lambda a: assignment.sign(a.session, a.row, a.share, a.by, now=a.now),
    Step.CONTACT: lambda a: assignment.contact(a.session, a.row, a.share, a.body.way, a.body.reached, a.by, now=a.now),
    Step.REQUEST_RETURN: _objection,
    Step.GRANT_RETURN: lambda a: objection.grant(a.session, a.row, a.share, a.body.said, a.by, now=a.now),
    Step.DENY_RETURN: lambda a: objection.deny(a.session, a.row, a.share, a.body.said, a.by, city=a.city, now=a.now),
    Step.DISPUTE: _objection,
    Step.RULE: _rule,
    Step.PAUSE: _pause,
    Step.RESUME: lambda a: pausing.resume(a.session, a.row, a.share, a.by, city=a.city, now=a.now),
    Step.REQUEST_EXTENSION: _ask_for_time,
    Step.GRANT_EXTENSION: _decide,
    Step.DENY_EXTENSION: _decide,
    Step.REPLY: _reply,
    Step.WAIVE: lambda a: assignment.waive(a.session, a.row, a.share, a.body.said, a.by, now=a.now),
    Step.SEND_BACK: _send_back,
    Step.APPROVE: lambda a: review.approve(a.session, a.row, a.by, now=a.now),
    Step.TOLD: lambda a: closing.tell(a.session, a.row, a.body.about, a.body.way, a.by, now=a.now),
    Step.VISIT: _visit,
    Step.VISIT_ATTEMPT: lambda a: closing.visit_attempt(a.session, a.row, a.body.way, a.by, now=a.now),
    Step.CLOSE_UNREACHED: lambda a: visits.close_unreached(a.session, a.row, a.by, now=a.now),
    Step.CLOSE_UNRESOLVED: lambda a: closing.close_unresolved(
        a.session, a.row, a.body.basis, a.body.way, a.by, now=a.now
    ),
    Step.REOPEN: lambda a: closing.reopen(a.session, a.row, a.body.said, a.by, city=a.city, now=a.now),
    Step.CANCEL: lambda a: closing.cancel(a.session, a.row, a.body.way, a.by, now=a.now, recording=a.body.recording),
    Step.ARCHIVE: lambda a: archiving.archive(a.session, a.row, a.by, now=a.now, retention=a.body.retention),
}


C = TypeVar("C", bound=Labelled)


def _code(codes: type[C], given: str, field: str) -> C:
    try:
        return codes(given)
    except ValueError:
        listed = "、".join(f"{each.value}（{each.label}）" for each in codes)
        raise Refusal(f"只能是：{listed}", field=field) from None
