"""The moved clock of the invented week: people put what they will do into an agenda, and it is done in its order.

What happens within a quarter of an hour is one transaction, which is what makes a week a matter of seconds; each act
calls the same functions as a page or the API does, at its own moment. After each hour the worker's tasks have their
round.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from cases.lifecycle import Impossible
from cases.refusal import Refusal
from config.city import City
from config.database import Database
from config.work import Task
from config.workdays import CITY_TIME

Act = Callable[[Session, datetime], None]

_TOGETHER = timedelta(minutes=15)
_ROUND = timedelta(hours=1)
_OPENS, _CLOSES = time(8, 30), time(17, 30)


class World:
    """`done` counts what happened, `refused` what the hotline would not let people do."""

    def __init__(self, database: Database, city: City, random: Random, start: datetime) -> None:
        self.database, self.city, self.random, self.now = database, city, random, start
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._noted = 0

    def at(self, moment: datetime, act: Act) -> None:
        """Do this then. What is put in for a moment that has passed is done next."""
        self._noted += 1
        heapq.heappush(self._agenda, (moment, self._noted, act))

    def clock(self) -> datetime:
        return self.now

    def live(self, until: datetime, tasks: Sequence[Task], say: Callable[[datetime], None]) -> None:
        """Everything that is to happen before `until`. What lies behind it stays undone, as in any city."""
        while self.now < until:
            end = min(self.now + _ROUND, until)
            self._hour(end)
            self.now = end
            self._round(tasks)
            say(end)

    def _hour(self, end: datetime) -> None:
        while self._agenda and self._agenda[0][0] < end:
            self._quarter(min(self._agenda[0][0] + _TOGETHER, end))

    def _quarter(self, end: datetime) -> None:
        with self.database.session() as session:
            while self._agenda and self._agenda[0][0] < end:
                moment, _noted, act = heapq.heappop(self._agenda)
                self.now = max(self.now, moment)
                self._do(act, session)

    def _do(self, act: Act, session: Session) -> None:
        """A refusal is part of life: somebody comes too late, or another was quicker. It has changed nothing."""
        try:
            act(session, self.now)
        except Impossible as refusal:
            self.refused[refusal.step.label] += 1
        except Refusal as refusal:
            self.refused[refusal.title] += 1

    def _round(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            with self.database.session() as session:
                due = [key for key, _turn in task.due(session, self.now)]
            for key in due:
                task.run(key)

    # ---- chance and office hours
    def after(self, least: float, most: float) -> datetime:
        """Some hours from now."""
        return self.now + timedelta(hours=self.random.uniform(least, most))

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def in_office(self, moment: datetime) -> datetime:
        """The first moment from then on at which offices are open, a little after they open."""
        local = moment.astimezone(CITY_TIME)
        while not self.city.workdays.day(local.date()).works or local.time() >= _CLOSES:
            local = datetime.combine(local.date() + timedelta(days=1), _OPENS, CITY_TIME)
            local += timedelta(minutes=self.random.uniform(0, 90))
        if local.time() < _OPENS:
            local = datetime.combine(local.date(), _OPENS, CITY_TIME) + timedelta(minutes=self.random.uniform(0, 90))
        return local
