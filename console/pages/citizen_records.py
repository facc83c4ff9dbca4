"""What citizens do by page, in the database: the same acts as `/api/v1/public/cases` allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cases import by_citizens, citizen_access, supplements
from cases.lifecycle import Impossible
from cases.model import CaseRow
from cases.reasons import Satisfied, Solved
from cases.refusal import Refusal
from cases.return_visit import Answers
from cases.tries import TooManyTries
from cases.words import Kind
from config.city import City
from config.database import Database
from console.pages.ports import Refused

TOO_MANY = "次数过多，请一小时后再试，或拨 12345。"


@dataclass(frozen=True, slots=True)
class Registered:
    no: str
    code: str


class CitizensInDatabase:
    def __init__(self, database: Database, city: City, now: Callable[[], datetime]) -> None:
        self._database, self._city, self._now = database, city, now

    def complain(self, sent: Mapping[str, str], client: str) -> Registered:
        """Raises Refused with the field that is wrong; nothing is registered then."""
        kind = sent.get("kind", "")
        said = by_citizens.Complaint(
            text=sent.get("text", ""),
            place=sent.get("place", ""),
            phone=sent.get("phone", ""),
            name=sent.get("name", ""),
            kind=Kind(kind) if kind in set(Kind) else None,
            category=sent.get("category", ""),
            confidential=bool(sent.get("confidential")),
        )
        try:
            with self._database.session() as session:
                row = by_citizens.complain(session, said, client, city=self._city, now=self._now())
                return Registered(row.number, row.code)
        except Refusal as refusal:
            raise Refused(refusal.field, refusal.detail) from None
        except TooManyTries:
            raise Refused("text", TOO_MANY) from None

    def act(self, no: str, code: str, client: str, what: str, sent: Mapping[str, str]) -> bool:
        """False when number and code do not belong together. Raises Refused for what cannot be done now."""
        try:
            if not citizen_access.opens(self._database, no, code, client, now=self._now()):
                return False
            with self._database.session() as session:
                row = session.get_one(CaseRow, no, with_for_update=True)
                self._take(session, row, what, sent)
        except Refusal as refusal:
            raise Refused(what, refusal.detail) from None
        except Impossible as impossible:
            raise Refused(what, impossible.because or "这个工单现在不能这样做；有事请拨 12345。") from None
        except TooManyTries:
            raise Refused(what, TOO_MANY) from None
        return True

    def _take(self, session: Session, row: CaseRow, what: str, sent: Mapping[str, str]) -> None:
        now, city, text = self._now(), self._city, sent.get("text", "")
        match what:
            case "supplements":
                supplements.add(session, row, text, now=now)
            case "rating":
                by_citizens.rate(session, row, _answers(sent), city=city, now=now)
            case "not-solved":
                by_citizens.not_solved(session, row, text, city=city, now=now)
            case "withdrawal":
                by_citizens.withdraw(session, row, now=now)


def _answers(sent: Mapping[str, str]) -> Answers:
    solved, satisfied = sent.get("solved", ""), sent.get("satisfied", "")
    if solved not in set(Solved) or satisfied not in set(Satisfied):
        raise Refusal("请选择是否解决、是否满意")
    return Answers(Solved(solved), Satisfied(satisfied), words=sent.get("text", ""))
