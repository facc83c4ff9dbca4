"""The knowledge base (知识库): answers to what citizens ask most, each with its owner, its law and its day of review.

More than half of all calls are consultations; an answer read from an entry is the same whoever reads it. An entry past
its day of review is still found, and says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from cases.model import KnowledgeEntry
from cases.refusal import NotFound, Refusal, Stale
from cases.search_words import fold, terms, ways
from config.city import City

FOUND = 50


@dataclass(frozen=True, slots=True)
class Content:
    """What a person writes into an entry. `owner` is the department that answers for it."""

    title: str
    answer: str
    category: str
    owner: str
    review_on: date
    legal_basis: str = ""


def add(session: Session, content: Content, by: str, *, city: City, now: datetime) -> KnowledgeEntry:
    made = KnowledgeEntry(**_checked(content, city), changed_by=by, changed_at=now)
    session.add(made)
    session.flush()
    return made


def change(
    session: Session, key: str, content: Content, by: str, *, version: int | None, city: City, now: datetime
) -> KnowledgeEntry:
    """Raises Stale when somebody else has changed it since."""
    row = find(session, key, lock=True)
    if version is not None and version != row.version:
        raise Stale("您打开之后，别人更新过这个知识条目；请重新打开，核对后再保存")
    for name, value in _checked(content, city).items():
        setattr(row, name, value)
    row.version, row.changed_by, row.changed_at, row.withdrawn = row.version + 1, by, now, False
    return row


def withdraw(session: Session, key: str, by: str, *, now: datetime) -> None:
    """Nobody finds it any more; answers that were read from it still point to it."""
    row = find(session, key, lock=True)
    row.withdrawn, row.version, row.changed_by, row.changed_at = True, row.version + 1, by, now


def find(session: Session, key: str, *, lock: bool = False) -> KnowledgeEntry:
    row = session.get(KnowledgeEntry, key, with_for_update=lock or None)
    if row is None:
        raise NotFound("没有这个知识条目")
    return row


def search(session: Session, typed: str, *, past_review: date | None = None) -> list[KnowledgeEntry]:
    """As typed, in any order of words, spoken or written numbers; in the title first, then what was used most.

    `past_review`: only entries whose day of review lies before this one.
    """
    wanted = terms(typed)
    chosen = select(KnowledgeEntry).where(KnowledgeEntry.withdrawn.is_(False))
    for term in wanted:
        chosen = chosen.where(_says(term))
    if past_review is not None:
        chosen = chosen.where(KnowledgeEntry.review_on < past_review)
    rows = session.scalars(chosen.order_by(KnowledgeEntry.used.desc(), KnowledgeEntry.title).limit(FOUND * 4))
    return sorted(rows, key=lambda row: -sum(term in fold(row.title) for term in wanted))[:FOUND]


def used(session: Session, key: str) -> None:
    """An answer was read from it."""
    mine = KnowledgeEntry.id == key
    counted = update(KnowledgeEntry).where(mine).values(used=KnowledgeEntry.used + 1).returning(KnowledgeEntry.id)
    if session.scalar(counted) is None:
        raise Refusal("没有这个知识条目；不是照条目答复的请不要填 knowledge", field="knowledge")


def unhelpful(session: Session, key: str) -> KnowledgeEntry:
    row = find(session, key, lock=True)
    row.unhelpful += 1
    return row


def _says(term: str) -> ColumnElement[bool]:
    return or_(*(KnowledgeEntry.folded.contains(way, autoescape=True) for way in ways(term)))


def _checked(content: Content, city: City) -> dict[str, object]:
    for name, label in (("title", "标题"), ("answer", "答复内容")):
        if not getattr(content, name).strip():
            raise Refusal(f"请填写{label}", field=name)
    if city.category(content.category) is None:
        raise Refusal("没有这个类别；GET /api/v1/categories 列出全部", field="category")
    if city.department(content.owner) is None:
        raise Refusal("没有这个代码的承办单位；GET /api/v1/departments 列出全部", field="owner")
    return asdict(content) | {"folded": fold(content.title, content.answer, content.legal_basis)}
