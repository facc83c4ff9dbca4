"""The pages' view of people and of what they typed, in the database. Cases are in `case_records.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cases import intake, people
from cases.model import Person
from cases.tries import TooManyTries
from cases.words import Role
from config.database import Database
from console.hub import Viewer
from console.pages.case_records import CasesInDatabase
from console.pages.ports import Refused, SignedIn

__all__ = ["CasesInDatabase", "PeopleInDatabase", "TypedInDatabase"]


class PeopleInDatabase:
    """Who may come in. A page's session is a token of the kind `page`."""

    def __init__(self, database: Database, *, token_hours: int, now: Callable[[], datetime]) -> None:
        self._database, self._hours, self._now = database, token_hours, now

    def sign_in(self, name: str, password: str, client: str) -> SignedIn | None:
        try:
            person = people.log_in(self._database, name, password, client, now=self._now())
        except TooManyTries as tries:
            minutes = max(1, -(-tries.seconds // 60))
            raise Refused("too_many_tries", f"密码错误次数过多，请 {minutes} 分钟后再试，或找管理员重设。") from None
        if person is None:
            return None
        with self._database.session() as session:
            token, ends = people.new_token(session, person, "page", hours=self._hours, now=self._now())
        return SignedIn(token, ends, _viewer(person))

    def viewer(self, token: str, kind: str) -> Viewer | None:
        if not token:
            return None
        with self._database.session() as session:
            if kind == "api" and (department := people.department_of_key(session, token)):
                return Viewer(f"department:{department}", department, Role.CLERK, department)
            person = people.person_of_token(session, token, now=self._now(), kind=kind)
            return _viewer(person) if person else None

    def sign_out(self, token: str) -> None:
        with self._database.session() as session:
            people.end_token(session, token)


def _viewer(person: Person) -> Viewer:
    return Viewer(person.name, person.name, person.role, person.department or "")


PLAIN_IN_DRAFTS = ("summary", "kind", "urgency", "place", "phone")


class TypedInDatabase:
    """What people typed lies over the machine's draft in the same row: as typed for the desk to show again (`desk`),
    and in the shape of a draft for everybody who reads drafts."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def read(self, call_id: str) -> Mapping[str, str]:
        with self._database.session() as session:
            row = intake.draft_of(session, call_id)
            return {name: str(value) for name, value in row.corrected.get("desk", {}).items()} if row else {}

    def write(self, call_id: str, typed: Mapping[str, str], by: str) -> None:
        said: dict[str, Any] = {name: typed[name] for name in PLAIN_IN_DRAFTS if name in typed}
        if typed.get("category"):
            said["category"] = [{"code": typed["category"], "score": 1.0, "reason": "人工填写"}]
        with self._database.session() as session:
            intake.correct_draft(session, call_id, {"desk": dict(typed), **said}, by, now=self._now())
