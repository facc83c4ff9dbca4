"""What citizens see and do: ask about a case, complain, add, rate, say that it is not solved. Without JavaScript."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cases.api.access import address_of
from cases.by_citizens import LONGEST
from cases.reasons import Satisfied, Solved
from cases.words import Kind
from console.pages.login import local_path
from console.pages.ports import CaseView, Ports, Refused
from console.pages.render import page

NOT_FOUND = "没有找到这个工单。请核对工单号和查询码，或拨 12345。"
LENGTHS = {"text": LONGEST, "place": 200, "phone": 40, "name": 40, "category": 64, "kind": 64}
ACTS = ("supplements", "rating", "not-solved", "withdrawal")
DONE = {
    "supplements": "已补充",
    "rating": "已评价，谢谢您",
    "not-solved": "已转回办理，不会自动关闭",
    "withdrawal": "已撤回",
}


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def start() -> Response:
        return page("citizen.html", no="", error="", city=ports.city.name)

    @router.get("/cases")
    def find(no: str = "", code: str = "") -> Response:
        """The form's way to the address of the case."""
        plain = "".join(c for c in no if c.isalnum() or c == "-")
        if not plain:
            return page("citizen.html", 404, no=no, error=NOT_FOUND, city=ports.city.name)
        return RedirectResponse(_address(plain, code), 303)

    @router.get("/cases/{no}")
    def progress(request: Request, no: str, code: str = "", done: str = "") -> Response:
        return _progress(ports, request, no, code, done=DONE.get(done, ""))

    @router.post("/cases/{no}/{act}")
    async def act(request: Request, no: str, act: str) -> Response:
        sent = _sent(await request.form())
        return await run_in_threadpool(_act, ports, request, no, act, sent)

    @router.get("/report")
    def report() -> Response:
        return _form(ports, {})

    @router.post("/report")
    async def register(request: Request) -> Response:
        sent = _sent(await request.form())
        try:
            made = await run_in_threadpool(ports.citizens.complain, sent, address_of(request))
        except Refused as refused:
            return _form(ports, sent, refused)
        return page("reported.html", 201, no=made.no, code=made.code)

    return router


def _progress(
    ports: Ports,
    request: Request,
    no: str,
    code: str,
    *,
    done: str = "",
    refused: Refused | None = None,
    text: str = "",
) -> Response:
    """An unknown number and a wrong code look alike, so that nobody can try numbers out; nor codes, for long."""
    try:
        case = ports.cases.for_citizen(no, code, address_of(request))
    except Refused as too_many:
        return page("citizen.html", 429, no=no, error=str(too_many), city=ports.city.name)
    if case is None:
        return page("citizen.html", 404, no=no, error=NOT_FOUND, city=ports.city.name)
    return page(
        "progress.html",
        409 if refused else 200,
        case=case,
        code=code.strip(),
        done=done,
        refused=refused,
        text=text,
        acts=_possible(case),
        solved=list(Solved),
        satisfied=list(Satisfied),
    )


def _possible(case: CaseView) -> tuple[str, ...]:
    """What the page offers; whether it can be done is decided when it is."""
    if case.visit:
        return ("rating", "not-solved", "supplements")
    return ("supplements", "withdrawal") if case.open else ("not-solved",)


def _act(ports: Ports, request: Request, no: str, act: str, sent: dict[str, str]) -> Response:
    code = sent.get("code", "")
    if act not in ACTS:
        return page("citizen.html", 404, no=no, error=NOT_FOUND, city=ports.city.name)
    try:
        known = ports.citizens.act(no, code, address_of(request), act, sent)
    except Refused as why:
        refused = why
        return _progress(ports, request, no, code, refused=refused, text=sent.get("text", ""))
    if not known:
        return page("citizen.html", 404, no=no, error=NOT_FOUND, city=ports.city.name)
    return RedirectResponse(_address(no, code, f"&done={act}"), 303)


def _form(ports: Ports, sent: dict[str, str], refused: Refused | None = None) -> Response:
    return page(
        "report.html",
        422 if refused else 200,
        sent=sent,
        refused=refused,
        kinds=list(Kind),
        categories=ports.city.categories,
        lengths=LENGTHS,
    )


def _sent(form: Any) -> dict[str, str]:
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    return {name: text.replace("\0", "").strip()[: LENGTHS.get(name, 200)] for name, text in texts.items()}


def _address(no: str, code: str, more: str = "") -> str:
    return local_path(f"/cases/{no}?code={code.strip()[:20]}{more}") or "/"
