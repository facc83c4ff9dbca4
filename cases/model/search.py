"""What is searched in and listed by, written whenever a case is: by whoever, in the same transaction.

The words are those that the department which has the case may read (`privacy.masked_text`): nobody can learn by
searching whose number or name a text hides.

Their pairs of characters stand in each database's own index, both made by migration 0006. SQLite: an FTS5 table without
contents, whose row is the case's number as a number. PostgreSQL: a GIN index over what a function makes of the words.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    delete,
    event,
    exists,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from cases.lifecycle import GIVEN_UP
from cases.model.case import AssignmentRow, CaseRow
from cases.model.columns import Base, one_of
from cases.privacy import masked_text
from cases.search_words import fold, pairs
from cases.words import State

_SEARCHED = ("place", "summary", "text")
_HIDDEN = ("phone", "caller_name")
_ADD = text("INSERT INTO case_pairs (rowid, pairs) VALUES (:row, :pairs)")
_REMOVE = text("INSERT INTO case_pairs (case_pairs, rowid, pairs) VALUES ('delete', :row, :pairs)")


class CaseWords(Base):
    __tablename__ = "case_words"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str]


class CaseShare(Base):
    """Which departments have a case: one row, however often it came back to them. Their lists walk along it.

    `created_at` and `state` are the case's.
    """

    __tablename__ = "case_shares"
    __table_args__ = (
        one_of("state", State),
        Index("ix_case_shares_created_at", "department", "created_at", "case_number"),
        Index("ix_case_shares_state", "department", "state", "created_at", "case_number"),
    )

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number", ondelete="CASCADE"), primary_key=True)
    department: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    state: Mapped[str]


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


@event.listens_for(CaseRow, "after_update")
def _follow(_mapper: Mapper[CaseRow], connection: Connection, case: CaseRow) -> None:
    if inspect(case).attrs.state.history.has_changes():
        theirs = update(CaseShare).where(CaseShare.case_number == case.number)
        connection.execute(theirs.values(state=case.state))


@event.listens_for(CaseRow, "before_delete")
def _remove(_mapper: Mapper[CaseRow], connection: Connection, case: CaseRow) -> None:
    _change_pairs(connection, case.number, _words(connection, case.number), "")


@event.listens_for(AssignmentRow, "after_insert")
@event.listens_for(AssignmentRow, "after_update")
def _share(_mapper: Mapper[AssignmentRow], connection: Connection, given: AssignmentRow) -> None:
    """Whose case it is, as `case.find` has it: not theirs who gave it back."""
    if not inspect(given).attrs.progress.history.has_changes():
        return
    whose = AssignmentRow.case_number == given.case_number, AssignmentRow.department == given.department
    mine = CaseShare.case_number == given.case_number, CaseShare.department == given.department
    if not connection.scalar(select(exists().where(*whose, AssignmentRow.progress.not_in(GIVEN_UP)))):
        connection.execute(delete(CaseShare).where(*mine))
    elif not connection.scalar(select(exists().where(*mine))):
        share = select(CaseRow.number, literal(given.department), CaseRow.created_at, CaseRow.state)
        share = share.where(CaseRow.number == given.case_number)
        connection.execute(insert(CaseShare).from_select(["case_number", "department", "created_at", "state"], share))


def _words(connection: Connection, number: str) -> str:
    return connection.scalar(select(CaseWords.words).where(CaseWords.case_number == number)) or ""


def _change_pairs(connection: Connection, number: str, before: str, after: str) -> None:
    """On PostgreSQL the index follows the words by itself."""
    if connection.dialect.name == "sqlite":
        for statement, words in ((_REMOVE, before), (_ADD, after)):
            if words:
                connection.execute(statement, {"row": int(number), "pairs": " ".join(pairs(words))})
