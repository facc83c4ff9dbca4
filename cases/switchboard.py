"""How the ways to the departments are, all on one board: open or broken, disabled by the other side, how far behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import breakers
from cases.breaker import Breaker, Mode
from cases.model import Delivery, Endpoint, ForeignRequest
from cases.outbox import OPEN
from cases.words import Channel, Sending


@dataclass(frozen=True, slots=True)
class Line:
    """One department's. `not_followed`: cases at its Open311 server whose progress cannot be read."""

    department: str
    channel: Channel
    disabled_because: str
    mode: Mode
    failures: int
    failing_since: datetime | None
    open_until: datetime | None
    waiting: int = 0
    dead: int = 0
    oldest: datetime | None = None
    not_followed: int = 0


def lines(session: Session, *, now: datetime) -> list[Line]:
    """Of every department that has an address or something outstanding; those in trouble first."""
    broken, counted, lost = breakers.in_trouble(session), _counted(session), _not_followed(session)
    targets = {row.department: row for row in session.scalars(select(Endpoint))}
    found = [
        _line(
            name,
            targets.get(name),
            broken.get(name, Breaker()),
            counted.get(name, (0, 0, None)),
            lost.get(name, 0),
            now,
        )
        for name in sorted(targets.keys() | counted.keys())
    ]
    return sorted(found, key=lambda line: line.mode is Mode.CLOSED and not line.disabled_because and not line.dead)


def _line(
    name: str,
    target: Endpoint | None,
    broken: Breaker,
    counted: tuple[int, int, datetime | None],
    lost: int,
    now: datetime,
) -> Line:
    channel = Channel(target.channel) if target else Channel.PAGE
    because = target.disabled_because if target else ""
    return Line(
        name, channel, because, broken.mode(now), broken.failures, broken.since, broken.open_until, *counted, lost
    )


def _counted(session: Session) -> dict[str, tuple[int, int, datetime | None]]:
    """Waiting, dead, and since when the oldest waits."""
    waiting, dead = Delivery.state.in_(OPEN), Delivery.state == Sending.DEAD
    oldest = func.min(when((waiting, Delivery.created_at)))
    numbers = func.count(when((waiting, 1))), func.count(when((dead, 1)))
    chosen = select(Delivery.department, *numbers, oldest).where(Delivery.state != Sending.DELIVERED)
    return {
        name: (behind, gone, since)
        for name, behind, gone, since in session.execute(chosen.group_by(Delivery.department))
    }


def _not_followed(session: Session) -> dict[str, int]:
    failed = select(ForeignRequest.department, func.count()).where(ForeignRequest.last_error != "")
    return dict(session.execute(failed.group_by(ForeignRequest.department)).all())
