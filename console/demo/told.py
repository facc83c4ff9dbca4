"""The demonstration in the terminal: who says what, what the hotline heard, what it makes of it. Chinese, glossed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cases.words import Kind, Urgency
from config.city import City
from console.pages.words import CAUSES, ROLES, SHORT_ROLES, STATES
from ivr.board import Cause, ParticipantState
from ivr.call import Role

_FIELDS = {
    "kind": "诉求类型 kind",
    "category": "类别 category",
    "urgency": "紧急程度 urgency",
    "place": "地点 place",
    "phone": "电话 phone",
    "lead": "主办 lead",
}


class DemoFailed(Exception):
    """Something did not happen that had to. The text says what."""


class Told:
    """Any thread may tell something; every line stands by itself."""

    def __init__(self, write: Callable[[str], None], city: City) -> None:
        self._write, self._city = write, city
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._draft: dict[str, str] = {}
        self._people = ""

    def begin(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def plain(self, text: str) -> None:
        with self._lock:
            self._write(text)

    def act(self, text: str) -> None:
        """Something that somebody does."""
        self.plain(f"{self._clock()}  ● {text}")

    def says(self, who: Role, text: str) -> None:
        self.plain(f"{self._clock()}  {SHORT_ROLES[who]}说  {text}")

    def caption(self, role: str, text: str) -> None:
        self.plain(f"         字幕 {SHORT_ROLES[Role(role)]}：{text}")

    def room(self, room: Mapping[str, Any]) -> None:
        """Who is in the talk, when that is different from before."""
        people = " · ".join(_person(p) for p in room["participants"])
        if people != self._people:
            self._people = people
            self.plain(f"         在线 {people}")

    def draft(self, draft: Mapping[str, Any]) -> None:
        """The fields that are new or different, each with its reason."""
        for field, (value, reason) in fields(draft, self._city).items():
            if value and self._draft.get(field) != value:
                self._draft[field] = value
                self.plain(f"         草稿 {_FIELDS[field]} = {value}（{reason}）")

    def _clock(self) -> str:
        minutes, seconds = divmod(int(self.seconds), 60)
        return f"{minutes:3}:{seconds:02}"


def fields(draft: Mapping[str, Any], city: City) -> dict[str, tuple[str, str]]:
    """Field -> what people read there, and why."""
    reasons = {name: why.get("reason", "") for name, why in draft["reasons"].items()}
    found = {"kind": (Kind(draft["kind"]).label, reasons["kind"])}
    for guess in draft["category"][:1]:
        category = city.category(guess["code"])
        found["category"] = (category.name if category else guess["code"], guess["reason"])
    found["urgency"] = (Urgency(draft["urgency"]).label, reasons["urgency"])
    found |= {name: (draft[name], reasons[name]) for name in ("place", "phone")}
    for guess in [d for d in draft["departments"] if d["role"] == "lead"][:1]:
        department = city.department(guess["code"])
        found["lead"] = (department.name if department else guess["code"], guess["reason"])
    return found


def _person(p: Mapping[str, Any]) -> str:
    state, _look = STATES[ParticipantState(p["state"])]
    cause = f"（{CAUSES[Cause(p['cause'])]}）" if p["cause"] else ""
    role = ROLES[Role(p["role"])]
    title = p["title"] if p["title"] and p["title"] != role else ""
    return f"{role}{' ' if title else ''}{title} {state}{cause}"
