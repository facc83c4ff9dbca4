"""Whom the exchange may call, from memory: departments of the city's file, people with a telephone from the database.

The exchange must never wait for the database, so the people are read by `console/follower.py` and kept here.
"""

from __future__ import annotations

from collections.abc import Mapping

from config.city import City
from ivr.call import Role


class InMemory:
    """`people` is replaced as a whole whenever the database says something new."""

    def __init__(self, city: City) -> None:
        self._city = city
        self.people: Mapping[str, Role] = {}

    def department(self, code: str) -> tuple[str, str] | None:
        found = self._city.department(code)
        return (found.name, found.phone) if found else None

    def person(self, name: str) -> Role | None:
        return self.people.get(name)
