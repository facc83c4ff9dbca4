"""Find cases by words, place or number: exactly those that contain them, newest first.

Two ways that find the same, each quick where the other is slow. Usual words stand in many cases, so a page of them is
soon filled by comparing the newest few thousand; what does not fill a page from these is rare, and then the index of
pairs names few cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, String, Text, and_, cast, column, func, or_, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from cases.model import CaseRow, CaseWords
from cases.refusal import Refusal
from cases.search_words import pairs, terms, ways
from cases.words import Confidentiality

NEWEST = 4_000  # a few ms; a word that fills no page of 50 from these stands in fewer than 1 case of 80
_LONG = 7  # so many digits are a case's number or its beginning, or a telephone

_NAMED: tuple[Any, ...] = (CaseRow.number, CaseRow.created_at)
_PAIRS = table("case_pairs", column("rowid"), column("case_pairs"))

Paged = Callable[[Select[Any], int], Select[Any]]


def search(
    session: Session, chosen: Select[Any], typed: str, paged: Paged, limit: int, *, phones: bool
) -> list[CaseRow]:
    """Of the `chosen` cases those with all that was typed. `paged` puts a choice in order and cuts it after so many.

    `phones`: a whole telephone number finds its caller's cases too.
    """
    wanted = terms(typed)
    if not any(len(term) > 1 for term in wanted):
        raise Refusal("请至少输入两个相连的字或数字", field="q")
    words = [term for term in wanted if not _is_long(term)]
    for number in wanted:
        if _is_long(number):
            chosen = chosen.where(_numbered(number, phones=phones))
    if not words:
        return list(session.scalars(paged(chosen, limit)))
    return _rows(session, _numbers(session, chosen, words, paged, limit))


def newest_with(session: Session, chosen: Select[Any], words: Sequence[str], limit: int) -> list[CaseRow]:
    """The newest of the `chosen` cases that contain all these words."""

    def paged(some: Select[Any], at_most: int) -> Select[Any]:
        return some.order_by(CaseRow.created_at.desc(), CaseRow.number.desc()).limit(at_most)

    folded = [term for word in words for term in terms(word)]
    return _rows(session, _numbers(session, chosen, folded, paged, limit))


def _numbers(session: Session, chosen: Select[Any], words: Sequence[str], paged: Paged, limit: int) -> list[str]:
    named: Select[Any] = chosen.with_only_columns(*_NAMED, maintain_column_froms=True)
    newest = paged(named, NEWEST).subquery()
    exact = and_(*(_contains(word) for word in words))
    compared = select(newest.c.number).join(CaseWords, CaseWords.case_number == newest.c.number).where(exact)
    order = newest.c.created_at.desc(), newest.c.number.desc()
    found = list(session.scalars(compared.order_by(*order).limit(limit)))
    if len(found) == limit or (session.scalar(select(func.count()).select_from(newest)) or 0) < NEWEST:
        return found
    if indexed := [word for word in words if len(word) > 1]:
        named = named.where(CaseRow.number.in_(select(hits(session, indexed).c.number)))
    if any(len(way) != 2 for word in words for way in ways(word)):  # a pair is found exactly by the index itself
        named = named.join(CaseWords, CaseWords.case_number == CaseRow.number).where(exact)
    return list(session.scalars(paged(named, limit)))


def hits(session: Session, words: Sequence[str]) -> CTE:
    """The numbers of cases with the pairs of all these words: those looked for, and little else."""
    if session.get_bind().dialect.name == "sqlite":
        wanted = " AND ".join(_match(word) for word in words)
        found = select(cast(_PAIRS.c.rowid, String).label("number")).where(_PAIRS.c.case_pairs.op("MATCH")(wanted))
    else:
        indexed = func.case_pairs(CaseWords.words, type_=ARRAY(Text))
        each = [or_(*(indexed.contains(pairs(way)) for way in ways(word))) for word in words]
        found = select(CaseWords.case_number.label("number")).where(and_(*each))
    return found.cte("hits").prefix_with("MATERIALIZED")


def _match(word: str) -> str:
    """FTS5's way of asking. A word is letters and digits only, so nothing in it can end the quotation."""
    each = (" AND ".join(f'"{pair}"' for pair in pairs(way)) for way in ways(word))
    return "(" + ") OR (".join(each) + ")"


def _rows(session: Session, numbers: Sequence[str]) -> list[CaseRow]:
    by_number = {row.number: row for row in session.scalars(select(CaseRow).where(CaseRow.number.in_(numbers)))}
    return [by_number[number] for number in numbers]


def _contains(word: str) -> ColumnElement[bool]:
    return or_(*(CaseWords.words.contains(way, autoescape=True) for way in ways(word)))


def _is_long(term: str) -> bool:
    return term.isascii() and term.isdigit() and len(term) >= _LONG


def _numbered(digits: str, *, phones: bool) -> ColumnElement[bool]:
    case = CaseRow.number.between(digits, digits + "9" * 12)
    return or_(case, called_from(digits)) if phones else case


def called_from(number: str) -> ColumnElement[bool]:
    """Who gave a tip-off is not even confirmed."""
    return and_(CaseRow.phone == number, CaseRow.confidentiality != Confidentiality.TIP_OFF)
