"""What speaks for each department, gathered from the city's data, from rulings and from cases that are alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import akin, conflict
from cases.history import assignments
from cases.lifecycle import GIVEN_UP
from cases.model import AssignmentRow, CaseRow, RulingRow
from cases.similar import Likeness, Matter, Relation, same_matter
from cases.suggestions import Claim, Suggested, Why, suggest
from cases.words import Kind, Part, Progress
from config.city import City
from config.workdays import CITY_TIME
from transcription.draft import Draft, draft

_LOOKED_AT = 30  # rulings of a category, and cases that are alike
_USUAL = 3  # so many cases alike are a habit
_SAME = (Relation.REPEAT, Relation.STILL_OPEN, Relation.SAME_MATTER)


@dataclass(frozen=True, slots=True)
class Help:
    """`excluded`: who is not suggested, and why. `doubts`: what a person should look at before dispatching."""

    suggested: tuple[Suggested, ...]
    excluded: dict[str, str]
    doubts: tuple[str, ...]


def dispatch_help(session: Session, row: CaseRow, city: City, now: datetime) -> Help:
    said = draft(f"{row.place}，{row.summary}。{row.text}", city, now=now)
    doubts = tuple(doubt.reason for doubt in said.needs_review if doubt.field == "departments")
    mine, shares = akin.matter_of(row, city), assignments(session, row.number)
    alike = akin.akin(session, mine, city, but=row.number, limit=_LOOKED_AT)
    claims = [
        *_of_rulings(session, mine, city),
        *_first(session, shares, alike),
        *_dispatched(session, alike),
        *_of_category(row.category, city),
        *_of_words(said),
    ]
    ruled = {claim.department for claim in claims if claim.why is Why.RULED}
    excluded = _gave_back(shares, ruled) | _accused(row, said, city, in_words=bool(doubts))
    return Help(suggest(claims, excluded), excluded, doubts)


def _of_rulings(session: Session, mine: Matter, city: City) -> Iterable[Claim]:
    rulings = select(RulingRow).where(RulingRow.category == mine.category).order_by(RulingRow.at.desc())
    for ruling in session.scalars(rulings.limit(_LOOKED_AT)):
        share = same_matter(mine, akin.matter_of(session.get_one(CaseRow, ruling.case_number), city))
        if share:
            day = ruling.at.astimezone(CITY_TIME)
            reason = f"{day:%Y-%m-%d} 裁定同类事项由其办理：{ruling.text}"
            yield Claim(ruling.department, Why.RULED, reason, share)


def _first(
    session: Session, shares: Sequence[AssignmentRow], alike: Sequence[tuple[CaseRow, Likeness]]
) -> Iterable[Claim]:
    """Who took this case on, or the same matter before."""
    for share in shares:
        if share.part == Part.LEAD and share.signed_at and share.progress not in GIVEN_UP:
            yield Claim(share.department, Why.FIRST, "本工单由其首先签收，首接负责")
    same = {row.number: how for row, how in alike if how.relation in _SAME}
    for lead in _leads(session, same):
        if lead.signed_at and lead.progress not in GIVEN_UP:
            label = same[lead.case_number].relation.label
            yield Claim(lead.department, Why.FIRST, f"{label}：工单 {lead.case_number} 由其办理，首接负责", 0.9)


def _dispatched(session: Session, alike: Sequence[tuple[CaseRow, Likeness]]) -> Iterable[Claim]:
    """Whom cases of this kind went to, and who kept them."""
    leads = _leads(session, [row.number for row, _ in alike])
    kept = [lead.department for lead in leads if lead.progress not in GIVEN_UP]
    total = len({lead.case_number for lead in leads})
    for department in dict.fromkeys(kept):
        count = kept.count(department)
        share = count / total * min(1.0, count / _USUAL)
        yield Claim(department, Why.DISPATCHED, f"{total} 件相似工单中 {count} 件由其主办", share)


def _of_category(code: str, city: City) -> Iterable[Claim]:
    category = city.category(code)
    if category is None:
        return
    for nth, department in enumerate(city.leads(code)):
        yield Claim(department.code, Why.CATEGORY, f"主管{category.name}", 0.5 if nth else 1.0)
    for helping in category.assisting:
        yield Claim(helping, Why.CATEGORY, f"协办{category.name}", 0.6, Part.ASSISTING)


def _of_words(said: Draft) -> Iterable[Claim]:
    for each in said.departments:
        yield Claim(each.department, Why.SAID, each.reason, each.score, each.part)


def _leads(session: Session, numbers: Iterable[str]) -> list[AssignmentRow]:
    chosen = select(AssignmentRow).where(AssignmentRow.case_number.in_(list(numbers)), AssignmentRow.part == Part.LEAD)
    return list(session.scalars(chosen.order_by(AssignmentRow.dispatched_at)))


def _gave_back(shares: Sequence[AssignmentRow], ruled: set[str]) -> dict[str, str]:
    gave = [share.department for share in shares if share.progress == Progress.RETURNED]
    return {code: "已退回本工单" for code in gave if code not in ruled}


def _accused(row: CaseRow, said: Draft, city: City, *, in_words: bool) -> dict[str, str]:
    """Whom the case names as accused; in a tip-off also whom its words seem to accuse."""
    accused = row.accused or (said.lead if row.kind == Kind.TIP_OFF and in_words else "")
    return dict.fromkeys(sorted(conflict.excluded(accused, city)), "被反映的单位或其上级单位，应当回避")
