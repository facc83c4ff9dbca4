"""Gathers what a reply is looked at by (`perfunctory.py`): case, contact record, the department's other replies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.deadlines import CITY_TIME
from cases.finding import Checked, Point, Reply
from cases.history import history
from cases.model import AssignmentRow, CaseRow
from cases.perfunctory import COMPARED, check, points
from cases.privacy import as_seen, masked_text, sight
from cases.reasons import Solved
from cases.wording import Span
from cases.words import Confidentiality, Kind, Part
from config.city import City

_TITLES = ("先生", "女士", "小姐", "同志")
_SHORTEST_PRIVATE = 11  # digits: a shorter row of them is an office's telephone, which belongs into a reply


@dataclass(frozen=True, slots=True)
class Written:
    """A reply as it was written, with what its author says of it."""

    text: str
    found_kind: Kind | None = None
    solved: Solved | None = None
    measures: str = ""
    evidence: int = 0
    points: tuple[Point, ...] | None = None


def look_at(
    session: Session, case: CaseRow, share: AssignmentRow, written: Written, *, city: City, now: datetime
) -> Checked:
    """What a reviewer might stumble over in this reply to this case. The findings quote no more than the department
    may read."""
    shown = _shown(case, share)
    reply = Reply(
        text=written.text,
        today=now.astimezone(CITY_TIME).date(),
        kind=Kind(case.kind),
        found_kind=written.found_kind,
        place=shown["place"] or "",
        asked=shown["text"] or shown["summary"] or "",
        caller_name=case.caller_name,
        points=written.points,
        solved=written.solved is Solved.YES,
        measures=written.measures,
        evidence=written.evidence,
        contacted=share.contacted_at is not None,
        private=tuple(private(written.text, case.phone, case.caller_name)),
        places=tuple(name for district in city.districts for name in district.inside),
        earlier=earlier(session, share),
    )
    return check(reply, city.reply_words, city.workdays)


def submitted(session: Session, share: AssignmentRow) -> Written:
    """The reply as it stands in the case, for whoever reviews it."""
    said = [h.data for h in history(session, share.case_number) if h.data.get("assignment") == share.id]
    solved = next((data["solved"] for data in reversed(said) if "reply" in data and "solved" in data), None)
    return Written(share.reply, solved=Solved(solved) if solved else None)


def demands(case: CaseRow, share: AssignmentRow) -> tuple[Point, ...]:
    """What the citizen asked for, one by one, for the clerk to tick."""
    shown = _shown(case, share)
    return points(shown["text"] or shown["summary"] or "")


def earlier(session: Session, share: AssignmentRow) -> tuple[str, ...]:
    """The department's latest replies to other cases, newest first."""
    theirs = AssignmentRow.department == share.department, AssignmentRow.case_number != share.case_number
    chosen = select(AssignmentRow.reply).where(
        *theirs, AssignmentRow.replied_at.is_not(None), AssignmentRow.reply != ""
    )
    return tuple(session.scalars(chosen.order_by(AssignmentRow.replied_at.desc()).limit(COMPARED)))


def private(text: str, phone: str, name: str) -> Iterator[Span]:
    """Where the text has what must not be public: anybody's number or card, and the citizen's own name."""
    hidden = [a != b for a, b in zip(text, masked_text(text), strict=True)]
    for is_hidden, run in groupby(range(len(text)), key=lambda n: _within(hidden, n)):
        places = list(run)
        said = text[places[0] : places[-1] + 1]
        if is_hidden and (sum(c.isdigit() for c in said) >= _SHORTEST_PRIVATE or "@" in said):
            yield Span(places[0], places[-1] + 1, said)
    for secret in (phone, "" if name.endswith(_TITLES) else name):
        for match in re.finditer(re.escape(secret), text) if len(secret) > 1 else ():
            yield Span(match.start(), match.end(), match.group())


def _shown(case: CaseRow, share: AssignmentRow) -> dict[str, str | None]:
    return as_seen(case, sight(Confidentiality(case.confidentiality), None, Part(share.part)))


def _within(hidden: list[bool], n: int) -> bool:
    """Hidden, or a single separator between two that are: 138 0000 1111 is one number."""
    return hidden[n] or (0 < n < len(hidden) - 1 and hidden[n - 1] and hidden[n + 1])
