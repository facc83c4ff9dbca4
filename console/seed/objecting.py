"""Departments that say a case is not theirs: it goes elsewhere, stays, or a supervisor rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from cases import assignment, objection
from cases.actor import Actor
from cases.model import AssignmentRow, CaseRow
from cases.objection import Objection
from cases.reasons import ReturnReason
from cases.words import Role
from console.seed.world import World

if TYPE_CHECKING:
    from console.seed.offices import Offices

_DISPATCHER, _SUPERVISOR = Actor("dispatcher1", Role.DISPATCHER), Actor("supervisor1", Role.SUPERVISOR)
_GRANTED, _DISPUTED, _RULED_ELSEWHERE = 0.55, 0.35, 0.4


class Objecting:
    def __init__(self, world: World, offices: Offices) -> None:
        self._world, self._offices = world, offices

    def give_back(self, session: Session, row: CaseRow, share: AssignmentRow, now: datetime) -> None:
        """The first time a dispatcher decides, the second time a supervisor does."""
        others = [each.code for each in self._world.city.leads(row.category) if each.code != share.department]
        suggested = others[0] if others else self._elsewhere(share.department)
        why = Objection(ReturnReason.NOT_OURS, "按本单位“三定”规定，该事项由建议单位承办", suggested)
        again = share.returns > 0
        objection.object_to(session, row, share, why, clerk_of(share), city=self._world.city, now=now)
        self._world.done["提请裁定" if again else "申请退单"] += 1
        decide = self._rule if again else self._decide
        moment = self._world.after(0.5, 4)
        self._offices.later(row.number, share.id, moment, lambda s, r, a, at: decide(s, r, a, suggested, at))

    def _decide(self, session: Session, row: CaseRow, share: AssignmentRow, suggested: str, now: datetime) -> None:
        city = self._world.city
        if self._world.happens(_GRANTED):
            objection.grant(session, row, share, "改由建议单位承办", _DISPATCHER, now=now)
            assignment.dispatch(session, row, suggested, [], _DISPATCHER, city=city, now=now)
            self._offices.dispatched(session, row, now)
            return
        objection.deny(session, row, share, "属于该单位法定职责，不予退单", _DISPATCHER, city=city, now=now)
        then = self.give_back if self._world.happens(_DISPUTED) else self._offices.sign
        self._offices.later(row.number, share.id, self._offices.opened(row, self._world.after(0.5, 6)), then)

    def _rule(self, session: Session, row: CaseRow, share: AssignmentRow, suggested: str, now: datetime) -> None:
        department = suggested if self._world.happens(_RULED_ELSEWHERE) else share.department
        text = "经会商，按行业主管和属地职责，由该单位主办"
        objection.rule(session, row, share, department, text, _SUPERVISOR, city=self._world.city, now=now)
        self._world.done["裁定"] += 1
        if department != share.department:
            self._offices.dispatched(session, row, now)
        else:
            self._offices.later(row.number, share.id, self._world.after(0.2, 2), self._offices.sign)

    def _elsewhere(self, department: str) -> str:
        return self._world.random.choice(
            [each.code for each in self._world.city.departments if each.code != department]
        )


def clerk_of(share: AssignmentRow) -> Actor:
    return Actor(f"clerk-{share.department}", Role.CLERK, share.department)
