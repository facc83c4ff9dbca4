"""Making a case public (公开): a person writes what everybody may read; nothing becomes public by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from cases.model import CaseRow, Publication
from cases.refusal import Conflict, Refusal
from cases.words import Confidentiality

LONGEST = 4000  # GeoReport v2: a description


def publish(
    session: Session, row: CaseRow, *, summary: str, place: str, answer: str, by: str, now: datetime
) -> Publication:
    """Once more: what stood there is replaced. Raises Conflict for a case whose citizen is protected."""
    if row.confidentiality != Confidentiality.ORDINARY:
        raise Conflict("保密和举报件不能公开")
    if not summary.strip():
        raise Refusal("请写明公开的诉求摘要；不要写出当事人的姓名、电话和住址", field="summary")
    made = Publication(
        case_number=row.number,
        summary=summary.strip(),
        place=place.strip(),
        answer=answer.strip(),
        published_by=by,
        published_at=now,
    )
    return session.merge(made)


def withdraw(session: Session, row: CaseRow) -> None:
    found = session.get(Publication, row.number)
    if found is not None:
        session.delete(found)
