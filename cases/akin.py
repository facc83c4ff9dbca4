"""Which cases are akin to one, or to what is being typed: a bounded number of candidates, compared one by one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.model import CaseRow
from cases.search import newest_with
from cases.similar import ALIKE, Likeness, Matter, likeness, matter
from cases.words import Confidentiality, State
from config.city import City

LOOKED_BACK = timedelta(days=180)  # for other people's cases; of the same person all are looked at
_OF_PERSON, _OF_WORDS = 20, 60  # candidates of each way to find them
_NOT_COMPARED = (State.CANCELLED, State.REJECTED)


def akin(
    session: Session, new: Matter, city: City, *, but: str = "", limit: int = 10
) -> list[tuple[CaseRow, Likeness]]:
    """Cases like this one, the most alike first. `but`: the number of the case itself."""
    found = {row.number: row for row in _candidates(session, new) if row.number != but}
    compared = [(row, likeness(new, matter_of(row, city))) for row in found.values()]
    alike = [(row, how) for row, how in compared if how.score >= ALIKE]
    return sorted(alike, key=lambda each: (-each[1].score, each[0].number))[:limit]


def matter_of(row: CaseRow, city: City) -> Matter:
    """Who gave a tip-off is not compared with anybody."""
    secret = row.confidentiality == Confidentiality.TIP_OFF
    return matter(city, category=row.category, place=row.place, summary=row.summary, text=row.text,
                  phone="" if secret else row.phone, at=row.created_at, closed_at=row.closed_at)  # fmt: skip


def _candidates(session: Session, new: Matter) -> Iterable[CaseRow]:
    before = select(CaseRow).where(CaseRow.state.not_in(_NOT_COMPARED), CaseRow.created_at <= new.at)
    if new.phone:
        theirs = before.where(CaseRow.phone == new.phone, CaseRow.confidentiality != Confidentiality.TIP_OFF)
        yield from session.scalars(theirs.order_by(CaseRow.created_at.desc()).limit(_OF_PERSON))
    recent = before.where(CaseRow.created_at > new.at - LOOKED_BACK)
    for words in _asked(new):
        yield from newest_with(session, recent, words, _OF_WORDS)


def _asked(new: Matter) -> list[list[str]]:
    """What candidates are looked for by: the place, else the road with the matter, else the matter alone."""
    spot, telling = new.spot, sorted(new.words, key=lambda word: (-len(word), word))[:2]
    asked = [[spot.road + spot.number]] if spot.road and spot.number else []
    asked += [[spot.named]] if spot.named else []
    asked += [[spot.road, word[:2]] for word in telling] if spot.road else []
    return asked or [[word] for word in telling]
