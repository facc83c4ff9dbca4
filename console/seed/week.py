"""One believable stretch of a hotline's life, put together: a front desk, departments, follow-up, and the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from cases.auto_signing import AutoSigning
from cases.pausing import Resuming
from cases.visit_opening import VisitOpening
from cases.watching import Supervision
from config.city import City
from config.database import Database
from config.work import Task
from config.workdays import CITY_TIME
from console.seed.follow_up import FollowUp
from console.seed.front_desk import FrontDesk
from console.seed.habits import habits
from console.seed.matters import citizens
from console.seed.offices import Offices
from console.seed.world import World

_PEOPLE = 3000
_BURST_DAY, _BURST_CALLERS = 3, 14


@dataclass(frozen=True, slots=True)
class Lived:
    """What happened, and what the hotline refused to let people do."""

    done: dict[str, int]
    refused: dict[str, int]


def live(database: Database, city: City, first: date, days: int, seed: int, say: Callable[[datetime], None]) -> Lived:
    """The same seed and days lead to the same figures. Keys and codes are as random as ever."""
    start = datetime.combine(first, time(), CITY_TIME)
    world = World(database, city, Random(seed), start)  # noqa: S311 - a play, not a secret
    people = citizens(_PEOPLE, city, world.random)
    desk = FrontDesk(world, people, lambda session, row, now: offices.dispatched(session, row, now))
    follow_up = FollowUp(world, desk, lambda: offices)
    ways = habits([each.code for each in city.departments], world.random)
    offices = Offices(world, ways, follow_up.replied)
    world.at(start, desk.write_entries)
    for n in range(days):
        desk.plan_day(first + timedelta(days=n))
        follow_up.plan_supervision(first + timedelta(days=n))
        if n % 7 == _BURST_DAY:
            desk.burst(first + timedelta(days=n), _BURST_CALLERS)
    world.live(start + timedelta(days=days), _tasks(world), say)
    return Lived(dict(world.done), dict(world.refused))


def _tasks(world: World) -> list[Task]:
    """What the worker does by itself, at the moved clock. What it sends and transcribes needs nobody here."""
    return [
        AutoSigning(world.database, world.clock).task(),
        Resuming(world.database, world.city, world.clock).task(),
        *Supervision(world.database, world.city, world.clock).tasks(),
        VisitOpening(world.database, world.clock).task(),
    ]
