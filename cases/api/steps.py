"""From a transition's body to the step itself, for everybody who may take it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from cases import assignment, case
from cases.actor import Actor
from cases.api.bodies import Transition
from cases.lifecycle import Step
from cases.model import CaseRow
from cases.refusal import Refusal
from config.city import City


def take(session: Session, row: CaseRow, body: Transition, actor: Actor, *, city: City, now: datetime) -> None:
    """Raises 403, Refusal or Impossible, and then nothing has changed."""
    step = Step(body.action)
    if not actor.may(step):
        raise HTTPException(403, f"您的角色不能{step.label}")
    match step:
        case Step.ACCEPT:
            case.accept(session, row, actor, now=now)
        case Step.ANSWER:
            case.answer(session, row, body.text, actor, now=now)
        case Step.DISPATCH:
            if not body.lead:
                raise Refusal("请写明主办单位的代码", field="lead")
            assignment.dispatch(session, row, body.lead, body.assisting, actor, city=city, now=now)
        case Step.SIGN:
            assignment.sign(session, row, assignment.own(session, row, actor), actor, now=now)
        case _:
            assignment.reply(session, row, assignment.own(session, row, actor), body.text, actor, now=now)
