"""What every route needs, handed in once by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cases import identities
from cases.api.access import Access
from config.city import City
from config.database import Database
from config.settings import Settings
from ivr.call import CallEvent


def _nothing(_call_id: str) -> Sequence[CallEvent]:
    return ()


@dataclass(frozen=True)
class Setting:
    """`live_events`: what has happened so far in a call that is still going on or waits in the spool."""

    database: Database
    city: City
    settings: Settings
    clock: Callable[[], datetime]
    live_events: Callable[[str], Sequence[CallEvent]] = _nothing
    access: Access = field(init=False)

    def __post_init__(self) -> None:
        identities.keep_keys_in(self.database.engine, self.settings.keys_folder)
        object.__setattr__(self, "access", Access(self.database, self.clock))
