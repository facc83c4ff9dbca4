"""The circuit breaker of one department: a system that is down is left alone, and asked again by one message at a time.

Closed: everything goes out. After five failures in a row it opens: nothing goes out for a while, so that a system that
comes up again is not run over and no message spends its attempts. Then one probe: if it arrives, all is well again; if
not, the wait doubles. Only what says that the system is down counts; a refusal of one message (4xx) does not. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config.codes import Labelled

FAILURES = 5
FIRST_WAIT, LONGEST_WAIT = 6, 360  # in units of `delivery_retry_seconds`: of 5 s, 30 s to half an hour


class Mode(Labelled):
    CLOSED = "closed", "正常"
    OPEN = "open", "暂停发送"
    HALF_OPEN = "half_open", "可以试发"
    PROBING = "probing", "试发中"


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row, the first of them at `since`; open while `open_until` is ahead; one probe at a time."""

    failures: int = 0
    since: datetime | None = None
    open_until: datetime | None = None
    probing_until: datetime | None = None

    def mode(self, now: datetime) -> Mode:
        if self.open_until is None:
            return Mode.CLOSED
        if now < self.open_until:
            return Mode.OPEN
        if self.probing_until is not None and now < self.probing_until:
            return Mode.PROBING
        return Mode.HALF_OPEN

    def lets_through(self, now: datetime) -> bool:
        return self.mode(now) in (Mode.CLOSED, Mode.HALF_OPEN)

    def sending(self, now: datetime, until: datetime) -> Breaker:
        """A message goes out now. While half open it is the probe, for as long as its sender may take."""
        return replace(self, probing_until=until) if self.mode(now) is Mode.HALF_OPEN else self

    def asked_by_hand(self, now: datetime) -> Breaker:
        """Somebody believes that the system is well again: one message may try."""
        return replace(self, open_until=now) if self.mode(now) is Mode.OPEN else self

    def failed(self, now: datetime, *, unit: timedelta, asked: timedelta | None = None) -> Breaker:
        """One more failure. `asked`: how long the department itself asked us to wait."""
        if self.mode(now) is Mode.OPEN:
            return self  # sent before it opened: it tells nothing new
        failures, since = self.failures + 1, self.since or now
        if failures < FAILURES:
            return Breaker(failures, since)
        wait = unit * min(FIRST_WAIT * 2 ** min(failures - FAILURES, 10), LONGEST_WAIT)
        return Breaker(failures, since, open_until=now + max(wait, asked or wait))
