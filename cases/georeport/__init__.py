"""Open311 GeoReport v2, to be mounted at /open311/v2: services, requests, reporting; XML and JSON.

Only cases that a person has made public are shown, in the words written for the public. A program with a key may report
and sees what came through it. No token is ever given: a report has its number at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cases.api.idempotency import once
from cases.georeport import answers, reporters, reporting, requests
from cases.georeport.answers import Wrong, answer
from cases.georeport.catalogue import definition, discovery, services
from cases.georeport.documents import Form
from cases.model import Reporter
from config.city import City
from config.database import Database
from config.settings import Settings

_CHANGED = "2026-11-22T00:00:00+08:00"  # when this surface last changed

Number = Annotated[int, Query(ge=1, le=10_000)]
Key = Annotated[str, Query(max_length=100)]


def app(database: Database, city: City, settings: Settings, clock: Callable[[], datetime]) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    answers.install(app)

    @app.get("/discovery.{form}")
    def discover(form: Form) -> Response:
        return answer(form, "discovery", discovery(f"{settings.link_base}/open311/v2", _CHANGED))

    @app.get("/services.{form}")
    def list_services(form: Form) -> Response:
        return answer(form, "services", services(city))

    @app.get("/services/{code}.{form}")
    def one_service(code: str, form: Form) -> Response:
        category = city.category(code)
        if category is None:
            raise Wrong(404, "没有这个 service_code；services.xml 列出全部")
        return answer(form, "service_definition", definition(category))

    @app.get("/requests.{form}")
    def list_requests(
        form: Form,
        service_request_id: str = "",
        service_code: str = "",
        start_date: str = "",
        end_date: str = "",
        status: str = "",
        page: Number = 1,
        page_size: Annotated[int, Query(ge=1, le=requests.MOST)] = requests.MOST,
        extensions: bool = False,
        api_key: Key = "",
    ) -> Response:
        wanted = requests.Wanted(
            _several(service_request_id), _several(service_code), _moment(start_date, "start_date"),
            _moment(end_date, "end_date"), _status(status), page, page_size)  # fmt: skip
        with database.session() as session:
            rows = requests.listed(session, wanted, _known(session, api_key), clock())
            return answer(form, "service_requests", requests.shown(session, rows, city, extensions=extensions))

    @app.get("/requests/{number}.{form}")
    def one_request(number: str, form: Form, extensions: bool = False, api_key: Key = "") -> Response:
        with database.session() as session:
            row = requests.found(session, number, _known(session, api_key))
            return answer(form, "service_requests", requests.shown(session, [row], city, extensions=extensions))

    @app.post("/requests.{form}")
    async def report(
        request: Request, form: Form, key: Annotated[str | None, Header(alias="Idempotency-Key")] = None
    ) -> Response:
        # Form data as it came: attribute[code] is a name of its own.
        sent = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        made = await run_in_threadpool(_report, sent | _asked_for(request), key)
        return answer(form, "service_requests", made, 201)

    def _report(sent: dict[str, str], key: str | None) -> list[dict[str, Any]]:
        with database.session() as session:
            reporter = _known(session, sent.get("api_key", ""))
            if reporter is None:
                raise Wrong(403, "缺少 api_key，或它无效；密钥由 12345 热线的管理员发放")
            content = reporting.read(sent, city)
            register = lambda: reporting.receipt(reporting.register(session, content, reporter, city, clock()))  # noqa: E731
            return [once(session, f"open311:{reporter.name}", key, sent, clock(), register)]

    @app.get("/tokens/{token}.{form}")
    def token(token: str, form: Form) -> Response:  # noqa: ARG001
        raise Wrong(404, "没有这个 token：提交后立即得到 service_request_id")

    return app


def _known(session: Session, key: str) -> Reporter | None:
    """Nobody without a key; a wrong key is refused, so that its owner learns of it."""
    reporter = reporters.of_key(session, key) if key else None
    if key and reporter is None:
        raise Wrong(403, "api_key 无效或已停用")
    return reporter


def _asked_for(request: Request) -> dict[str, str]:
    """GeoReport lets the key and the jurisdiction stand in the address."""
    return {name: request.query_params[name] for name in ("api_key",) if name in request.query_params}


def _several(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.replace("\0", "").split(",") if each.strip())[: requests.MOST]


def _moment(text: str, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a + that nobody escaped
    except ValueError:
        raise Wrong(400, f"{name} 应为带时区的时间，例如 2026-03-09T09:30:00+08:00") from None
    if moment.tzinfo is None:
        raise Wrong(400, f"{name} 缺少时区，例如 2026-03-09T09:30:00+08:00")
    return moment


def _status(text: str) -> str:
    statuses = set(_several(text.lower()))
    if statuses - {"open", "closed"}:
        raise Wrong(400, "status 只能是 open、closed 或两者")
    return statuses.pop() if len(statuses) == 1 else ""
