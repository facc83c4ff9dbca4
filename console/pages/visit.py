"""The page behind the link of a return visit (回访): what was done, and a few questions. No login, no JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cases import visit_links
from cases.api.access import address_of
from cases.api.visit_answers import for_citizen
from cases.reasons import Satisfied, Solved
from cases.refusal import NotFound, Refusal
from cases.return_visit import Answers
from cases.tries import TooManyTries
from config.city import City
from config.database import Database
from console.pages.ports import Ports, Refused
from console.pages.render import page

LONGEST = 2000
_TRUTH = {"yes": True, "no": False}


class VisitsInDatabase:
    """What stands behind links, and the answers given by them."""

    def __init__(self, database: Database, city: City, now: Callable[[], datetime]) -> None:
        self._database, self._city, self._now = database, city, now

    def asked(self, secret: str, address: str) -> dict[str, Any]:
        """Raises NotFound for whatever is no live link, TooManyTries for who tries too many."""
        now = self._now()
        with visit_links.limited(self._database, address, now) as session:
            visit, about = visit_links.opened(session, secret, now=now)
            return for_citizen(session, visit, about, self._city)

    def answer(self, secret: str, address: str, said: Answers) -> None:
        """Once. Raises Refused for an answer that says nothing."""
        now = self._now()
        with visit_links.limited(self._database, address, now) as session:
            try:
                visit_links.answer(session, secret, said, city=self._city, now=now)
            except NotFound:
                raise
            except Refusal as refusal:
                raise Refused(refusal.field, refusal.detail) from None


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/visits/{secret}")
    def asked(request: Request, secret: str) -> Response:
        return _shown(ports, request, secret)

    @router.post("/visits/{secret}")
    async def say(request: Request, secret: str) -> Response:
        form = await request.form()
        sent = {name: value.replace("\0", "")[:LONGEST] for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(_say, ports, request, secret, sent)

    return router


def _shown(
    ports: Ports, request: Request, secret: str, sent: Mapping[str, str] | None = None, refused: Refused | None = None
) -> Response:
    try:
        about = ports.visits.asked(secret, address_of(request))
    except (NotFound, TooManyTries) as gone:
        return _gone(gone)
    status = 422 if refused else 200
    return page("visit.html", status, asked=about, secret=secret, sent=sent or {}, refused=refused, longest=LONGEST)


def _say(ports: Ports, request: Request, secret: str, sent: Mapping[str, str]) -> Response:
    try:
        ports.visits.answer(secret, address_of(request), _answers(sent))
    except (NotFound, TooManyTries) as gone:
        return _gone(gone)
    except Refused as why:
        return _shown(ports, request, secret, sent, why)
    return page(
        "visited.html",
        title="感谢您的评价",
        text="您的回答已经记下。没有解决或不满意的，会退回承办单位重新办理，不会自动关闭。",
    )


def _answers(sent: Mapping[str, str]) -> Answers:
    """What is none of the choices was not said."""
    solved, satisfied = sent.get("solved", ""), sent.get("satisfied", "")
    return Answers(
        Solved(solved) if solved in set(Solved) else None,
        Satisfied(satisfied) if satisfied in set(Satisfied) else None,
        _TRUTH.get(sent.get("contacted", "")),
        _TRUTH.get(sent.get("true", "")),
        sent.get("words", "").strip(),
    )


def _gone(why: Exception) -> Response:
    if isinstance(why, TooManyTries):
        return page("visited.html", 429, title="请稍后再试", text="打开的次数过多，请几分钟后再试，或拨 12345。")
    return page("visited.html", 404, title="链接不能使用", text=visit_links.GONE)
