"""For citizens over HTTP, without a login: complain; and with number and code: add, rate, not solved, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from cases import by_citizens, citizen_access, supplements
from cases.api.access import address_of
from cases.api.answers import moment
from cases.api.bodies import NO_NUL, Line, Number
from cases.api.idempotency import once
from cases.api.public import NOT_FOUND
from cases.api.setting import Setting
from cases.model import CaseRow
from cases.reasons import Satisfied, Solved
from cases.refusal import NotFound
from cases.return_visit import Answers
from cases.words import Kind, State

Words = Annotated[str, Field(max_length=by_citizens.LONGEST, pattern=NO_NUL)]
Key = Annotated[str | None, Header(alias="Idempotency-Key")]


class Complaint(BaseModel):
    """`text` is enough; what is left out is guessed from it and looked at by a person. Anonymous without phone."""

    model_config = ConfigDict(extra="forbid")
    text: Words
    place: Line = ""
    phone: Number = ""
    name: Annotated[str, Field(max_length=40, pattern=NO_NUL)] = ""
    kind: Kind | None = None
    category: Line = ""
    confidential: bool = False
    accused: Line = ""


class WithCode(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, Field(max_length=40, pattern=NO_NUL, description="查询码")]


class Said(WithCode):
    text: Words


class Rating(WithCode):
    solved: Solved
    satisfied: Satisfied
    contacted: bool | None = None
    true: bool | None = None
    words: Words = ""


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["public"])

    @router.post("/public/cases", status_code=201, summary="Complain on the web")
    def complain(body: Complaint, request: Request, key: Key = None) -> dict[str, Any]:
        """网上投诉. `code` is shown this once: with number and code the citizen asks how far it is."""
        address, now = address_of(request), setting.clock()
        said = by_citizens.Complaint(**body.model_dump())

        def register() -> dict[str, Any]:
            row = by_citizens.complain(session, said, address, city=setting.city, now=now)
            return {"number": row.number, "code": row.code, "registered_at": moment(row.created_at)}

        with setting.database.session() as session:
            return once(session, f"citizen:{address}", key, body.model_dump(mode="json"), now, register)

    @router.post("/public/cases/{number}/supplements", status_code=201, summary="Add to a case")
    def add(number: str, body: Said, request: Request) -> dict[str, Any]:
        return _act(number, body, request, partial(supplements.add, text=body.text, now=setting.clock()))

    @router.post("/public/cases/{number}/rating", summary="Say how it went")
    def rate(number: str, body: Rating, request: Request) -> dict[str, Any]:
        """回访 by oneself, once the department's reply has been reviewed. Not solved or not satisfied: it goes back."""
        said = Answers(body.solved, body.satisfied, body.contacted, body.true, body.words)
        return _act(number, body, request, partial(by_citizens.rate, said=said, city=setting.city, now=setting.clock()))

    @router.post("/public/cases/{number}/not-solved", summary="It is not solved")
    def not_solved(number: str, body: Said, request: Request) -> dict[str, Any]:
        """At the return visit, or within 30 days of closing: the case is taken up again."""
        act = partial(by_citizens.not_solved, words=body.text, city=setting.city, now=setting.clock())
        return _act(number, body, request, act)

    @router.post("/public/cases/{number}/withdrawal", summary="Withdraw a case")
    def withdraw(number: str, body: WithCode, request: Request) -> dict[str, Any]:
        return _act(number, body, request, partial(by_citizens.withdraw, now=setting.clock()))

    def _act(
        number: str, body: WithCode, request: Request, act: Callable[[Session, CaseRow], object]
    ) -> dict[str, Any]:
        """Who has number and code, and then the act in one transaction with the case locked."""
        if not citizen_access.opens(setting.database, number, body.code, address_of(request), now=setting.clock()):
            raise NotFound(NOT_FOUND)
        with setting.database.session() as session:
            row = session.get_one(CaseRow, number, with_for_update=True)
            act(session, row)
            return {"number": row.number, "state": row.state, "state_label": State(row.state).label}

    return router
