"""The pages' view of the work on cases: lists, a case as its reader may see it, and the steps they may take.

A page takes a step through the very same door as the API (`cases/api/steps.py`), so that both allow and refuse alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from cases import assignment, audit, case
from cases.actor import Actor
from cases.api.answers import case_view
from cases.api.step_bodies import Transition
from cases.api.steps import take
from cases.audit_chain import Action
from cases.finding import Finding
from cases.lifecycle import Impossible
from cases.refusal import NotFound, Refusal
from cases.words import Role
from config.city import City
from config.database import Database
from console.hub import Viewer
from console.pages import work_lists
from console.pages.ports import Refused
from console.pages.reveal_records import RevealsInDatabase
from console.pages.work_advice import Advice, advice, of_reply
from console.pages.work_lists import Line, Tab


@dataclass(frozen=True, slots=True)
class Work:
    """One page of one list, beside the names and numbers of all."""

    tabs: tuple[Tab, ...]
    counts: Mapping[str, int]
    tab: Tab
    lines: tuple[Line, ...]
    more: bool


class WorkInDatabase:
    def __init__(self, database: Database, city: City, now: Callable[[], datetime]) -> None:
        self._database, self._city, self._now = database, city, now
        self.reveals = RevealsInDatabase(database, now)

    def list(self, viewer: Viewer, tab: str, page: int) -> Work:
        """An unknown list is the first one that is not empty."""
        actor, now = actor_of(viewer), self._now()
        tabs = work_lists.tabs_of(actor)
        with self._database.session() as session:
            counts = work_lists.counts(session, actor, now)
            first = next((each for each in tabs if counts[each.code]), tabs[0])
            chosen = next((each for each in tabs if each.code == tab), first)
            lines = work_lists.lines(session, chosen, actor, page, now)
        return Work(tabs, counts, chosen, tuple(lines[: work_lists.PAGE]), len(lines) > work_lists.PAGE)

    def case(self, viewer: Viewer, no: str) -> dict[str, Any] | None:
        """As `GET /cases/{no}` tells it. A department's first look at a case is its receipt 送达."""
        actor, now = actor_of(viewer), self._now()
        try:
            with self._database.session() as session:
                row = case.find(session, no, actor, lock=not actor.sees_all)
                if not actor.sees_all:
                    assignment.arrived(session, row, assignment.own(session, row, actor), now=now)
                audit.note(session, Action.READ, actor.title, now=now, case=no)
                return case_view(session, row, actor, self._city, now)
        except NotFound:
            return None

    def advice(self, viewer: Viewer, no: str) -> Advice:
        actor = actor_of(viewer)
        with self._database.session() as session:
            return advice(session, case.find(session, no, actor), actor, self._city, self._now())

    def look_at_reply(self, viewer: Viewer, no: str, text: str, solved: str) -> tuple[Finding, ...]:
        """What is told to a clerk before the reply goes out."""
        actor, now = actor_of(viewer), self._now()
        with self._database.session() as session:
            row = case.find(session, no, actor)
            return of_reply(session, row, actor, text, solved, city=self._city, now=now)

    def take(self, viewer: Viewer, no: str, version: int, body: Mapping[str, object]) -> None:
        """Take a step. Raises Refused with a field's name and what is wrong, and then nothing has changed."""
        actor = actor_of(viewer)
        try:
            step = Transition.model_validate(dict(body))
            with self._database.session() as session:
                row = case.find(session, no, actor, version=version, lock=True)
                take(session, row, step, actor, city=self._city, now=self._now())
        except ValidationError as error:
            wrong = str(error.errors()[0]["loc"][-1])
            raise Refused(wrong, "请检查这一项：没有填，或不在可选的范围内") from None
        except Refusal as refusal:
            raise Refused(refusal.field, refusal.detail) from None
        except Impossible as impossible:
            raise Refused("", str(impossible)) from None
        except HTTPException as closed:
            raise Refused("", closed.detail) from None


def actor_of(viewer: Viewer) -> Actor:
    return Actor(viewer.name, Role(viewer.role), viewer.department or None)
