"""Who is calling: a person's bearer token, a page's cookie (for reading only), or a department's API key.

A route declares whom it lets in; what it does not declare is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from cases import people
from cases.actor import Actor
from cases.words import Role
from config.database import Database

COOKIES = ("__Host-hotline", "hotline")  # what the pages call theirs, behind https and without
BEARER = Security(HTTPBearer(auto_error=False, description="POST /api/v1/tokens 的令牌，或承办单位的密钥 hk_…"))
_READS = frozenset({"GET", "HEAD"})


def address_of(request: Request) -> str:
    """Where a request comes from: what tries are counted by."""
    return request.client.host if request.client else ""


class Access:
    """Turns a request into an Actor. One for the whole application."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def actor(self, request: Request) -> Actor:
        """Whoever is calling; 401 for nobody."""
        scheme, _space, secret = request.headers.get("authorization", "").partition(" ")
        found = None
        if scheme.lower() == "bearer":
            found = self._bearer(secret.strip())
        elif not scheme and request.method in _READS:
            found = self._person(next((request.cookies[c] for c in COOKIES if c in request.cookies), ""), "page")
        if found is None:
            raise HTTPException(401, "请先登录，或检查令牌、密钥是否有效", {"WWW-Authenticate": "Bearer"})
        return found

    def some(self, *roles: Role, departments: bool = False) -> Any:
        """A route's declaration: these roles, and with `departments` also departments' own systems and clerks."""
        allowed = {*roles, Role.CLERK} if departments else set(roles)

        def check(request: Request, _documented: Any = BEARER) -> Actor:
            actor = self.actor(request)
            if actor.role in allowed or (departments and actor.role is None):
                return actor
            raise HTTPException(403, "您的角色不能做这件事")

        return Depends(check)

    def anybody(self) -> Any:
        """A route's declaration: whoever has logged in."""

        def check(request: Request, _documented: Any = BEARER) -> Actor:
            return self.actor(request)

        return Depends(check)

    def _bearer(self, secret: str) -> Actor | None:
        if not secret.startswith("hk_"):
            return self._person(secret, "api")
        with self._database.session() as session:
            department = people.department_of_key(session, secret)
        return Actor(f"department:{department}", None, department) if department else None

    def _person(self, token: str, kind: str) -> Actor | None:
        if not token:
            return None
        with self._database.session() as session:
            person = people.person_of_token(session, token, now=self._clock(), kind=kind)
        return Actor(person.name, Role(person.role), person.department) if person else None
