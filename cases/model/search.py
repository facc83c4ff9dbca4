"""What is searched in, written whenever a case is: by whoever, in the same transaction.

The words are those that the department which has the case may read (`privacy.masked_text`): nobody can learn by
searching whose number or name a text hides.

Their pairs of characters stand in each database's own index, both made by migration 0006. SQLite: an FTS5 table without
contents, whose row is the case's number as a number. PostgreSQL: a GIN index over what a function makes of the words.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, ForeignKey, event, insert, inspect, select, text, update
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from cases.model.case import CaseRow
from cases.model.columns import Base
from cases.privacy import masked_text
from cases.search_words import fold, pairs

_SEARCHED = ("place", "summary", "text")
_HIDDEN = ("phone", "caller_name")
_ADD = text("INSERT INTO case_pairs (rowid, pairs) VALUES (:row, :pairs)")
_REMOVE = text("INSERT INTO case_pairs (case_pairs, rowid, pairs) VALUES ('delete', :row, :pairs)")


class CaseWords(Base):
    __tablename__ = "case_words"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str]


def searchable(case: Any) -> str:
    """The words of a case, as they are searched in."""
    known = {secret: "*" for name in _HIDDEN if (secret := getattr(case, name))}
    return fold(*(masked_text(getattr(case, name), known) for name in _SEARCHED))


@event.listens_for(CaseRow, "after_insert")
def _add(_mapper: Mapper[CaseRow], connection: Connection, case: CaseRow) -> None:
    words = searchable(case)
    connection.execute(insert(CaseWords).values(case_number=case.number, words=words))
    _change_pairs(connection, case.number, "", words)


@event.listens_for(CaseRow, "after_update")
def _change(_mapper: Mapper[CaseRow], connection: Connection, case: CaseRow) -> None:
    attributes = inspect(case).attrs
    if any(attributes[name].history.has_changes() for name in (*_SEARCHED, *_HIDDEN)):
        words, before = searchable(case), _words(connection, case.number)
        mine = CaseWords.case_number == case.number
        connection.execute(update(CaseWords).where(mine).values(words=words))
        _change_pairs(connection, case.number, before, words)


@event.listens_for(CaseRow, "before_delete")
def _remove(_mapper: Mapper[CaseRow], connection: Connection, case: CaseRow) -> None:
    _change_pairs(connection, case.number, _words(connection, case.number), "")


def _words(connection: Connection, number: str) -> str:
    return connection.scalar(select(CaseWords.words).where(CaseWords.case_number == number)) or ""


def _change_pairs(connection: Connection, number: str, before: str, after: str) -> None:
    """On PostgreSQL the index follows the words by itself."""
    if connection.dialect.name == "sqlite":
        for statement, words in ((_REMOVE, before), (_ADD, after)):
            if words:
                connection.execute(statement, {"row": int(number), "pairs": " ".join(pairs(words))})
