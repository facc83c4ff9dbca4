"""Return visits (回访): one for each time a case waits for it, the tries, and the links citizens answer by."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cases.model.columns import Base, index_where, new_id, one_of
from cases.reasons import Satisfied, Solved, Way
from cases.return_visit import Outcome, VisitState


class ReturnVisit(Base):
    """`opened_version`: the case's version that asked for it. `due_at`: when the citizen is to be called next.

    `promised_on`: this is a second visit, to ask whether what a reply promised for that day was done.
    The citizen's own `words` stand here and never in the case's history. `not_by`: who must not call.
    """

    __tablename__ = "return_visits"
    __table_args__ = (
        one_of("state", VisitState),
        one_of("solved", Solved),
        one_of("satisfied", Satisfied),
        one_of("way", Way),
        CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered_has_time"),
        UniqueConstraint("case_number", "opened_version"),
        index_where("ix_return_visits_due_at", "due_at", where="state = 'waiting'"),
        index_where("uq_return_visits_open", "case_number", where="state = 'waiting'", unique=True),
        Index("ix_return_visits_opened_at", "opened_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    opened_version: Mapped[int]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    promised_on: Mapped[date | None]
    tries: Mapped[int] = mapped_column(default=0)
    instruction: Mapped[bool] = mapped_column(default=False)
    not_by: Mapped[str] = mapped_column(default="")
    solved: Mapped[str | None]
    satisfied: Mapped[str | None]
    contacted: Mapped[bool | None]
    is_true: Mapped[bool | None]
    words: Mapped[str] = mapped_column(default="")
    way: Mapped[str | None]
    answered_by: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    call_id: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)


class VisitTry(Base):
    """One try to reach the citizen. `call_id` guards a finished call against counting twice."""

    __tablename__ = "return_visit_tries"
    __table_args__ = (
        one_of("way", Way),
        one_of("outcome", Outcome),
        Index("uq_return_visit_tries_call", "call_id", unique=True),
    )

    visit_id: Mapped[str] = mapped_column(ForeignKey("return_visits.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    way: Mapped[str]
    by: Mapped[str]
    outcome: Mapped[str]
    call_id: Mapped[str | None]


class VisitLink(Base):
    """A link that lets the citizen answer by themselves, once. Only the hash of its secret is kept."""

    __tablename__ = "visit_links"

    digest: Mapped[str] = mapped_column(primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("return_visits.id"), index=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
