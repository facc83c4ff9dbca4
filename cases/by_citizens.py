"""What a citizen does without anybody's help: complain on the web (网上投诉), add to a case, say how it went, withdraw.

Whoever holds number and code is the citizen (`citizen_access.opens` has asked for both). Every act is a step of the
case's own table, taken by the citizen: nothing here decides more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cases import case, closing, supplements, tries, visits
from cases.actor import THE_CITIZEN
from cases.case import Fields
from cases.model import CaseRow
from cases.reasons import Satisfied, Solved, Way
from cases.refusal import Conflict, Refusal
from cases.return_visit import Answers
from cases.words import Confidentiality, Kind, State, Urgency
from config.city import City
from transcription.draft import draft

COMPLAINTS, SPAN = 10, timedelta(hours=1)  # from one address; a library's or an office's is many people's
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Complaint:
    """In the citizen's own words. What they did not choose is guessed from the words and looked at by a person."""

    text: str
    place: str = ""
    phone: str = ""
    name: str = ""
    kind: Kind | None = None
    category: str = ""
    confidential: bool = False
    accused: str = ""


def complain(session: Session, said: Complaint, address: str, *, city: City, now: datetime) -> CaseRow:
    """A registered case. Raises TooManyTries when one address sends too many."""
    if not said.text.strip():
        raise Refusal("请写明要反映的事情", field="text")
    tries.count(session, f"complaint\0{address}", COMPLAINTS, SPAN, now)
    guess = draft(said.text, city, caller=said.phone, now=now)
    category = said.category or guess.category
    if not category:
        raise Refusal("没有认出属于哪一类，请选择类别", field="category")
    fields = Fields(
        kind=said.kind or Kind(guess.kind.value),
        category=category,
        urgency=Urgency(guess.urgency.value),
        confidentiality=Confidentiality.CONFIDENTIAL if said.confidential else Confidentiality.ORDINARY,
        place=said.place or guess.place.value,
        phone=said.phone,
        caller_name=said.name,
        summary=guess.summary.value,
        text=said.text,
        accused=said.accused,
    )
    return case.register(session, fields, THE_CITIZEN, city=city, now=now)


def rate(session: Session, row: CaseRow, said: Answers, *, city: City, now: datetime) -> None:
    """The return visit, answered by oneself (评价)."""
    visit = visits.open_for(session, row, now=now)
    if visit is None:
        raise Conflict("这个工单现在不需要评价；承办单位答复并经审核之后就可以评价")
    visits.answered(session, visit, row, said, THE_CITIZEN, Way.WEB, city=city, now=now)


def not_solved(session: Session, row: CaseRow, words: str, *, city: City, now: datetime) -> None:
    """没有解决: at the return visit it goes back to the department; within 30 days of closing it is taken up again."""
    if not words.strip():
        raise Refusal("请写明哪里没有解决", field="text")
    if row.state == State.RETURN_VISIT:
        said = Answers(solved=Solved.NO, satisfied=Satisfied.NO, words=words.strip())
        rate(session, row, said, city=city, now=now)
    else:
        supplements.keep(session, row, words, now=now)
        closing.reopen(session, row, "诉求人在网上表示没有解决", THE_CITIZEN, city=city, now=now)


def withdraw(session: Session, row: CaseRow, *, now: datetime) -> None:
    """撤回, by the citizen's own wish; a visit asks later whether it was."""
    closing.cancel(session, row, Way.WEB, THE_CITIZEN, now=now)
