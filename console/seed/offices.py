"""The departments of the invented week: each signs, calls, asks for time, gives back and replies in its own way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cases import assignment, case, extension, pausing
from cases.actor import Actor
from cases.history import assignments, share_of
from cases.model import AssignmentRow, CaseRow, ExtensionRow
from cases.reasons import PauseReason, Solved, Way
from cases.words import Part, Progress, Role, Urgency
from config.workdays import CITY_TIME
from console.seed.habits import SILENT, Habit, words
from console.seed.objecting import Objecting, clerk_of
from console.seed.world import World

DISPATCHER = Actor("dispatcher1", Role.DISPATCHER)
_GRANTED_EXTENSIONS, _PAUSED = 0.7, 0.03
_OPEN = (Progress.SIGNED, Progress.REWORK)

Acted = Callable[[Session, CaseRow, AssignmentRow, datetime], None]


class Offices:
    """`replied` is told of every lead's reply."""

    def __init__(self, world: World, habits: dict[str, Habit], replied: Callable[[str, Habit], None]) -> None:
        self._world, self._habits, self._replied = world, habits, replied
        self._objecting = Objecting(world, self)

    def habit(self, department: str) -> Habit:
        return self._habits.get(department, SILENT)

    def dispatched(self, session: Session, row: CaseRow, now: datetime) -> None:
        """Every department that has just got a share will do something about it, or not."""
        for share in assignments(session, row.number):
            if share.progress == Progress.WAITING and share.dispatched_at == now:
                self._plan(row, share)

    def again(self, row_number: str, share: AssignmentRow) -> None:
        """It was sent back: most do it, in the shorter time they have."""
        habit = self.habit(share.department)
        if habit.reply_at:
            hours = (share.due_at - self._world.now).total_seconds() / 3600
            self.later(row_number, share.id, self._world.after(0.2 * hours, 0.9 * hours), self._reply)

    def _plan(self, row: CaseRow, share: AssignmentRow) -> None:
        habit, world = self.habit(share.department), self._world
        if habit.sign_hours is None:
            return
        lead = share.part == Part.LEAD
        pressing = row.urgency == Urgency.AT_ONCE
        if lead and not pressing and world.happens(habit.returns):
            self.later(row.number, share.id, self.opened(row, world.after(0.3, 2)), self._objecting.give_back)
            return
        hours = tuple(hour / 20 if pressing else hour for hour in habit.sign_hours)
        self.later(row.number, share.id, self.opened(row, world.after(*hours)), self.sign)

    def opened(self, row: CaseRow, moment: datetime) -> datetime:
        """Somebody is on duty for what is most urgent; the rest waits for the office."""
        return moment if row.urgency == Urgency.AT_ONCE else self._world.in_office(moment)

    def sign(self, session: Session, row: CaseRow, share: AssignmentRow, now: datetime) -> None:
        clerk, habit = clerk_of(share), self.habit(share.department)
        if share.progress == Progress.WAITING:
            assignment.sign(session, row, share, clerk, now=now)
            self._world.done["签收"] += 1
        self._plan_work(row, share, habit)

    def _plan_work(self, row: CaseRow, share: AssignmentRow, habit: Habit) -> None:
        world = self._world
        if share.part == Part.LEAD and world.happens(habit.contacts):
            soon = world.after(0.05, 0.3) if row.urgency == Urgency.AT_ONCE else world.in_office(world.after(0.3, 6))
            self.later(row.number, share.id, soon, self._contact)
        if habit.reply_at is None:
            return
        given = share.due_at - share.dispatched_at
        at = share.dispatched_at + given * world.random.uniform(*habit.reply_at)
        if share.part == Part.LEAD and world.happens(habit.extends):
            self.later(row.number, share.id, world.now + (share.due_at - world.now) * 0.6, self._ask_for_time)
            at += given * 0.5
        if share.part == Part.LEAD and world.happens(_PAUSED):
            self.later(row.number, share.id, world.after(0.2, 0.4), self._pause)
        self.later(row.number, share.id, self.opened(row, max(at, world.after(0.5, 1.2))), self._reply)

    def _contact(self, session: Session, row: CaseRow, share: AssignmentRow, now: datetime) -> None:
        if share.progress in _OPEN:
            reached = self._world.happens(0.85)
            assignment.contact(session, row, share, Way.CALL, reached, clerk_of(share), now=now)
            self._world.done["联系市民"] += 1

    def _pause(self, session: Session, row: CaseRow, share: AssignmentRow, now: datetime) -> None:
        """A test that the law asks for takes its time; the clock runs on by itself afterwards."""
        if share.progress == Progress.SIGNED:
            until = now + timedelta(hours=self._world.random.uniform(12, 48))
            pausing.pause(
                session, row, share, PauseReason.INSPECTION, until, DISPATCHER, city=self._world.city, now=now
            )
            self._world.done["暂停计时"] += 1
            self.later(row.number, share.id, until + timedelta(hours=4), self._reply)

    def _ask_for_time(self, session: Session, row: CaseRow, share: AssignmentRow, now: datetime) -> None:
        rule = share_of(session, share).rule
        if share.progress != Progress.SIGNED or rule is None or not rule.extension or now > share.due_at:
            return
        reason, clerk = "需要多个单位现场会商，材料正在准备", clerk_of(share)
        asked = extension.ask(session, row, share, rule.extension, reason, clerk, city=self._world.city, now=now)
        self._world.done["申请延期"] += 1
        key = asked.id
        self.later(row.number, share.id, self._world.after(0.5, 4), lambda s, r, a, at: self._grant_time(s, r, key, at))

    def _grant_time(self, session: Session, row: CaseRow, key: str, now: datetime) -> None:
        granted = self._world.happens(_GRANTED_EXTENSIONS)
        asked = session.get_one(ExtensionRow, key)
        if asked.decision is None:
            extension.decide(session, row, asked, granted, "" if granted else "没有延期的必要", DISPATCHER,
                             city=self._world.city, now=now)  # fmt: skip

    def _reply(self, session: Session, row: CaseRow, share: AssignmentRow, now: datetime) -> None:
        if share.progress not in _OPEN:
            return
        habit, random = self.habit(share.department), self._world.random
        if share.part == Part.LEAD:
            self._let_go(session, row, now)
        perfunctory = self._world.happens(habit.perfunctory / (1 + share.reworks))
        day, due = now.astimezone(CITY_TIME), now.astimezone(CITY_TIME) + timedelta(days=7)
        text = words(habit, perfunctory, f"{day.month}月{day.day}日", f"{due.month}月{due.day}日", random)
        assignment.reply(session, row, share, text, clerk_of(share), now=now, true=True,
                         solved=Solved.PARTLY if perfunctory else Solved.YES)  # fmt: skip
        self._world.done["答复"] += 1
        if share.part == Part.LEAD:
            self._replied(row.number, habit)

    def _let_go(self, session: Session, row: CaseRow, now: datetime) -> None:
        """The lead is ready: who only helps and has not answered is not waited for."""
        for other in assignments(session, row.number):
            if other.part == Part.ASSISTING and other.progress in (Progress.WAITING, *_OPEN):
                assignment.waive(session, row, other, "主办单位已独立办结", DISPATCHER, now=now)

    def later(self, number: str, key: str, moment: datetime, act: Acted) -> None:
        def later(session: Session, now: datetime) -> None:
            row = case.find(session, number, DISPATCHER, lock=True)
            act(session, row, session.get_one(AssignmentRow, key), now)

        self._world.at(moment, later)
