"""What comes after a reply: it is reviewed, the citizen is asked, and who was late or careless hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import case, closing, notices, review, visits
from cases.actor import Actor
from cases.history import assignments
from cases.model import AssignmentRow, CaseRow, ReturnVisit, SupervisionRow
from cases.reasons import Satisfied, SendBackReason, Solved, Told, Way
from cases.return_visit import Answers, Outcome
from cases.supervision import NoticeState
from cases.words import Progress, Role, State
from config.workdays import CITY_TIME
from console.seed.front_desk import FrontDesk
from console.seed.habits import Habit
from console.seed.offices import Offices
from console.seed.world import World

_REVIEWERS = [Actor(f"dispatcher{n}", Role.DISPATCHER) for n in (1, 2)]
_CALLERS = [Actor(f"operator{n}", Role.OPERATOR) for n in (7, 8)]
_SUPERVISORS = [Actor(f"supervisor{n}", Role.SUPERVISOR) for n in (1, 2)]
_SHORT = 45  # a reply of fewer characters says nothing
_SEEN_THROUGH, _AT_HOME, _TOLD, _COMES_BACK, _ISSUED = 0.85, 0.72, 0.9, 0.05, 0.9
_MOST_REWORKS = 2


class FollowUp:
    def __init__(self, world: World, desk: FrontDesk, offices: Callable[[], Offices]) -> None:
        self._world, self._desk, self._offices = world, desk, offices

    def replied(self, number: str, habit: Habit) -> None:
        """A dispatcher looks at it within the day."""
        at = self._world.in_office(self._world.after(0.5, 6))
        self._later(number, at, lambda s, row, now: self._review(s, row, habit, now))

    def plan_supervision(self, day: date) -> None:
        """Every morning somebody goes through what the system proposes."""
        if self._world.city.workdays.day(day).works:
            self._world.at(datetime(day.year, day.month, day.day, 9, 30, tzinfo=CITY_TIME), self._supervise)

    def _review(self, session: Session, row: CaseRow, habit: Habit, now: datetime) -> None:
        if row.state != State.REPLIED:
            return
        by, lead = self._world.random.choice(_REVIEWERS), _lead(session, row)
        if len(lead.reply) < _SHORT and self._world.happens(_SEEN_THROUGH):
            reasons = [SendBackReason.PERFUNCTORY, SendBackReason.NO_MEASURE]
            review.send_back(
                session, row, lead, reasons, "请逐条回应诉求，写明措施和时间", by, city=self._world.city, now=now
            )
            self._world.done["退回重办"] += 1
            self._offices().again(row.number, lead)
            return
        review.approve(session, row, by, now=now)
        self._world.done["审核通过"] += 1
        if self._world.happens(_TOLD):
            closing.tell(session, row, Told.REPLY, Way.SMS, by, now=now)
        self._plan_visit(row.number, habit, self._world.in_office(self._world.after(2, 20)))

    def _plan_visit(self, number: str, habit: Habit, at: datetime) -> None:
        self._later(number, at, lambda s, row, now: self._visit(s, row, habit, now))

    def _visit(self, session: Session, row: CaseRow, habit: Habit, now: datetime) -> None:
        visit = visits.open_for(session, row, now=now)
        if row.state != State.RETURN_VISIT or visit is None:
            return
        by = self._world.random.choice(_CALLERS)
        if not self._world.happens(_AT_HOME):
            self._nobody(session, row, visit, habit, by, now)
            return
        said = self._said(_lead(session, row), habit)
        visits.answered(session, visit, row, said, by, Way.CALL, city=self._world.city, now=now)
        self._world.done["回访"] += 1
        if row.state == State.REWORK:
            self._offices().again(row.number, _lead(session, row))
        elif self._world.happens(_COMES_BACK):
            self._desk.again(row.number)

    def _nobody(
        self, session: Session, row: CaseRow, visit: ReturnVisit, habit: Habit, by: Actor, now: datetime
    ) -> None:
        """Tried again when the rules say so, until they have enough of it."""
        visits.tried(session, visit, row, Outcome.NO_ANSWER, by, Way.CALL, now=now)
        self._world.done["回访未接通"] += 1
        if row.state == State.RETURN_VISIT:
            self._plan_visit(row.number, habit, visit.due_at)

    def _said(self, lead: AssignmentRow, habit: Habit) -> Answers:
        """Who was sent back twice has learnt; an empty reply pleases hardly anybody."""
        chance = habit.content if len(lead.reply) >= _SHORT else 0.15
        random = self._world.random
        if lead.reworks >= _MOST_REWORKS or random.random() < chance:
            solved = Solved.YES if random.random() < 0.93 else Solved.PARTLY
            satisfied = random.choices([Satisfied.VERY, Satisfied.YES, Satisfied.BASICALLY], [5, 4, 2])[0]
            return Answers(solved, satisfied, contacted=True, true=True)
        solved = Solved.NO if random.random() < 0.7 else Solved.PARTLY
        return Answers(solved, Satisfied.NO, contacted=random.random() < habit.contacts, true=solved is not Solved.NO)

    def _supervise(self, session: Session, now: datetime) -> None:
        """Most proposals are signed, some dismissed with a reason; departments answer on the day."""
        chosen = select(SupervisionRow).where(SupervisionRow.state == NoticeState.PROPOSED)
        for row in session.scalars(chosen.order_by(SupervisionRow.made_at, SupervisionRow.case_number)):
            if not self._world.happens(_ISSUED):
                notices.dismiss(session, row, "单位已当面说明情况，当日办结", _SUPERVISORS[0], now=now)
                continue
            for by in _SUPERVISORS:
                if row.state == NoticeState.PROPOSED:
                    notices.issue(session, row, by, city=self._world.city, now=now)
            self._world.done["督办"] += 1
            self._plan_answer(row.id, row.department, now)

    def _plan_answer(self, key: str, department: str, now: datetime) -> None:
        if self._offices().habit(department).reply_at is None:
            return

        def answer(session: Session, at: datetime) -> None:
            row = session.get_one(SupervisionRow, key)
            if row.state == NoticeState.ISSUED:
                clerk = Actor(f"clerk-{department}", Role.CLERK, department)
                notices.answer(session, row, "已约谈经办人，今日内派人到现场办理", "王局长", clerk, now=at)

        self._world.at(now + timedelta(hours=self._world.random.uniform(1, 7)), answer)

    def _later(self, number: str, moment: datetime, act: Callable[[Session, CaseRow, datetime], None]) -> None:
        def later(session: Session, now: datetime) -> None:
            act(session, case.find(session, number, _REVIEWERS[0], lock=True), now)

        self._world.at(moment, later)


def _lead(session: Session, row: CaseRow) -> AssignmentRow:
    """Who leads now: the last one, when others gave it back before."""
    leads = [each for each in assignments(session, row.number) if each.part == "lead"]
    return next((each for each in leads if each.progress not in (Progress.RETURNED, Progress.RECALLED)), leads[-1])
