"""What the pages ask of the rest of the hotline. The composition root hands in the real ones, tests small ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Protocol

from config.city import City
from console.hub import Hub, Viewer
from ivr.board import Board, Participant, RecordingState, Status
from ivr.live import Refused

if TYPE_CHECKING:
    from console.pages.citizen_records import CitizensInDatabase
    from console.pages.visit import VisitsInDatabase
    from console.pages.work_records import WorkInDatabase


class Exchange(Protocol):
    """The calls of this moment (`ivr/exchange.py`)."""

    def board(self) -> Board: ...
    def set_operator(self, name: str, status: Status | str, reason: str = "") -> object: ...
    def add(
        self, room_id: str, *, department: str | None = None, operator: str | None = None, by: str
    ) -> Participant: ...
    def change(
        self,
        room_id: str,
        leg: str,
        *,
        muted: bool | None = None,
        held: bool | None = None,
        whisper_to: str | EllipsisType | None = ...,
    ) -> Participant: ...
    def remove(self, room_id: str, leg: str) -> None: ...
    def record(self, room_id: str, state: RecordingState | str) -> object: ...
    def subscribe(self, callback: Callable[[str, str], None]) -> Callable[[], None]: ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun."""

    token: str
    expires_at: datetime
    viewer: Viewer


class People(Protocol):
    """Who may come in (`cases/people.py`)."""

    def sign_in(self, name: str, password: str, client: str) -> SignedIn | None:
        """None: name or password is wrong. Raises Refused when somebody tries too often."""

    def viewer(self, token: str, kind: str) -> Viewer | None:
        """Whose token this is. `kind`: `page` for a session of the pages, `api` for a programme's."""

    def sign_out(self, token: str) -> None: ...


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One of a caller's cases, as one line."""

    no: str
    summary: str
    state: str
    open: bool
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Where a caller is known from: `calls` within the last year, before this one."""

    name: str = ""
    calls: int = 0
    cases: tuple[CaseLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far the word has come at one department. Each of the three receipts (回执) is the moment it came."""

    department: str
    part: str
    delivered_at: datetime | None = None
    signed_at: datetime | None = None
    replied_at: datetime | None = None
    trouble: str = ""

    @property
    def complete(self) -> bool:
        return bool(self.delivered_at and self.signed_at and self.replied_at)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a case's history, in words that its reader may see."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as a page shows it. `code` (查询码) is given to those who may tell it to the citizen."""

    no: str
    state: str
    summary: str
    kind: str = ""
    category: str = ""
    urgency: str = ""
    place: str = ""
    code: str = ""
    caller: str = ""
    call_id: str = ""
    open: bool = True
    visit: bool = False
    due_at: datetime | None = None
    provisional: bool = False
    answer: str = ""
    receipts: tuple[Receipt, ...] = ()
    replies: tuple[tuple[str, str], ...] = ()
    history: tuple[Step, ...] = ()
    looked: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class NewCase:
    """What an operator registers. Departments are codes; with an `answer` there is none (直接答复)."""

    call_id: str
    summary: str
    kind: str
    category: str
    urgency: str
    lead: str
    assisting: tuple[str, ...] = ()
    place: str = ""
    phone: str = ""
    name: str = ""
    confidential: bool = False
    urgency_reason: str = ""
    answer: str = ""


class Cases(Protocol):
    """The case side of the house (`cases/`)."""

    def history(self, caller: str, besides: str = "") -> History: ...
    def operators(self, call_id: str) -> frozenset[str] | None:
        """Who was called into this call; None for a call that is not known."""

    def register(self, new: NewCase, by: Viewer) -> CaseView:
        """Register, and dispatch or answer, once for each call: asked again, the same case. Raises Refused."""

    def draft(self, call_id: str) -> Mapping[str, Any]:
        """What the machine proposes for a call, {} for nothing."""

    def of_call(self, call_id: str) -> CaseView | None: ...
    def case(self, no: str) -> CaseView | None: ...
    def for_citizen(self, no: str, code: str, client: str) -> CaseView | None:
        """The case, for whoever has its code. Raises Refused after too many wrong ones."""


class Notepad(Protocol):
    """Keeps what operators have typed into the draft of a call: field -> text, only the fields that are theirs.

    Neither a reload nor a restart loses it, and no suggestion overwrites it.
    """

    def read(self, call_id: str) -> Mapping[str, str]: ...
    def write(self, call_id: str, typed: Mapping[str, str], by: str) -> None: ...


@dataclass(frozen=True)
class Ports:
    """Everything the pages may touch."""

    exchange: Exchange
    hub: Hub
    people: People
    cases: Cases
    notepad: Notepad
    work: WorkInDatabase
    citizens: CitizensInDatabase
    visits: VisitsInDatabase
    city: City
    now: Callable[[], datetime]
    public_url: str = ""


__all__ = [
    "CaseLine",
    "CaseView",
    "Cases",
    "Exchange",
    "History",
    "NewCase",
    "Notepad",
    "People",
    "Ports",
    "Receipt",
    "Refused",
    "SignedIn",
    "Step",
    "Viewer",
]
