"""What the figures are computed from: small frozen records of calls, cases and departments' shares. Pure.

A fact says when something happened, or None. Nobody counts anything here; what counts as what is written down in
`of_calls.py`, `of_departments.py` and `of_results.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cases.reasons import Satisfied, Solved
from cases.words import Kind, Urgency


@dataclass(frozen=True, slots=True)
class CallFact:
    """A call that was offered to people (it reached the waiting line). `ref` is the call's id."""

    ref: str
    at: datetime
    answered_at: datetime | None = None
    message: bool = False
    number: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A time that a lead department was given: from dispatch, or from the day on which a settled case came back.

    `settled_at`: when the reply that was approved had been submitted. A reply that was sent back settles nothing, and
    its rework is no new term: who answers badly in time is not in time. `closed`: the case is.
    """

    number: str
    department: str
    due_at: datetime
    first_due_at: datetime
    settled_at: datetime | None = None
    closed: bool = False

    @property
    def ref(self) -> str:
        return self.number

    @property
    def in_time(self) -> bool:
        return self.settled_at is not None and self.settled_at <= self.due_at


@dataclass(frozen=True, slots=True)
class Share:
    """One department's assignment. `withdrawn`: it gave the case back, or nothing was left for it to do."""

    id: str
    number: str
    department: str
    lead: bool
    urgency: Urgency
    dispatched_at: datetime
    sign_by: datetime | None = None
    delivered_at: datetime | None = None
    signed_at: datetime | None = None
    signed_automatically: bool = False
    contacted_at: datetime | None = None
    paused: timedelta = timedelta()
    withdrawn: bool = False
    terms: tuple[Term, ...] = ()

    @property
    def ref(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class Return:
    """A department asked to be rid of a case (退单). `denied` None: nobody has decided yet."""

    number: str
    department: str
    at: datetime
    denied: bool | None = None

    @property
    def ref(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class Review:
    """A reply was looked at (审核)."""

    number: str
    department: str
    at: datetime
    approved: bool
    perfunctory: bool = False
    told_at: datetime | None = None

    @property
    def ref(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class Visit:
    """One try of a return visit (回访). What nobody said stays None, and is never taken for a yes."""

    at: datetime
    reached: bool
    solved: Solved | None = None
    satisfied: Satisfied | None = None


@dataclass(frozen=True, slots=True)
class CaseFact:
    """One case. `department` is the one that leads it now, "" while nobody does."""

    number: str
    kind: Kind
    category: str
    urgency: Urgency
    registered_at: datetime
    call: str = ""
    place: str = ""
    district: str = ""
    summary: str = ""
    department: str = ""
    accepted_at: datetime | None = None
    answered_at: datetime | None = None
    rejected_at: datetime | None = None
    merged_at: datetime | None = None
    dispatched_at: datetime | None = None
    by_entry: bool = False  # answered from an entry of the knowledge base
    leads: int = 0  # how many departments have led it so far
    extensions: tuple[datetime, ...] = ()
    reworks: tuple[datetime, ...] = ()
    supervised: tuple[tuple[datetime, str], ...] = ()  # when; blue, yellow, red, transfer, dismissed
    visits: tuple[Visit, ...] = ()
    visited_at: datetime | None = None  # the sequence of return visits is complete
    told_at: datetime | None = None
    closed_at: datetime | None = None
    unresolved: bool = False  # closed on legal grounds without being solved (有据办结)
    repeat_of: str = ""
    shares: tuple[Share, ...] = ()
    returns: tuple[Return, ...] = ()
    reviews: tuple[Review, ...] = ()

    @property
    def ref(self) -> str:
        return self.number

    @property
    def lead(self) -> Share | None:
        return next((share for share in self.shares if share.lead and not share.withdrawn), None)

    @property
    def settled_at(self) -> datetime | None:
        """Answered, refused, joined to another or accepted: the citizen's contact has led to something."""
        return min((at for at in (self.accepted_at, self.answered_at, self.rejected_at, self.merged_at) if at),
                   default=None)  # fmt: skip

    @property
    def reached(self) -> tuple[Visit, ...]:
        return tuple(visit for visit in self.visits if visit.reached)

    @property
    def first_rating(self) -> Visit | None:
        return next((visit for visit in self.reached if visit.satisfied), None)

    @property
    def final_rating(self) -> Visit | None:
        return next((visit for visit in reversed(self.reached) if visit.satisfied), None)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody turned to the city: by a call that was taken (or a message left), or by a case without a call."""

    ref: str
    at: datetime
    registered_at: datetime | None
    settled_at: datetime | None
    number: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message to a department's system. `dead`: given up."""

    number: str
    department: str
    at: datetime
    delivered_at: datetime | None
    dead: bool = False

    @property
    def ref(self) -> str:
        return self.number


@dataclass(frozen=True)
class Facts:
    """Everything known at `now` that may belong to a period."""

    now: datetime
    calls: tuple[CallFact, ...] = ()
    cases: tuple[CaseFact, ...] = ()
    sent: tuple[Sent, ...] = ()

    def case(self, number: str) -> CaseFact | None:
        return self._by_number.get(number)

    @cached_property
    def _by_number(self) -> dict[str, CaseFact]:
        return {case.number: case for case in self.cases}

    @cached_property
    def contacts(self) -> tuple[Contact, ...]:
        """Every call that was taken or left a message, with the case it led to; and every case without a call."""
        by_call = {case.call: case for case in self.cases if case.call}
        called = tuple(_of_call(call, by_call.get(call.ref)) for call in self.calls if call.answered_at or call.message)
        return called + tuple(_of_case(case) for case in self.cases if not case.call)

    @cached_property
    def shares(self) -> tuple[Share, ...]:
        return tuple(share for case in self.cases for share in case.shares)

    @cached_property
    def leads(self) -> tuple[Share, ...]:
        """The shares that lead their case now; one that was taken back is not anybody's debt any more."""
        return tuple(share for share in self.shares if share.lead and not share.withdrawn)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        return tuple(term for share in self.leads for term in share.terms)

    @cached_property
    def returns(self) -> tuple[Return, ...]:
        return tuple(each for case in self.cases for each in case.returns)

    @cached_property
    def reviews(self) -> tuple[Review, ...]:
        return tuple(each for case in self.cases for each in case.reviews)


def _of_call(call: CallFact, case: CaseFact | None) -> Contact:
    if case is None:
        return Contact(call.ref, call.at, None, None)
    return Contact(call.ref, call.at, case.registered_at, case.settled_at, case.number, case.department)


def _of_case(case: CaseFact) -> Contact:
    return Contact(case.number, case.registered_at, case.registered_at, case.settled_at, case.number, case.department)
