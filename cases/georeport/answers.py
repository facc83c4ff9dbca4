"""What goes wrong at GeoReport's door: its own list of errors, in the form that was asked for."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cases.georeport.documents import Document, Form, written
from cases.refusal import Refusal


class Wrong(Exception):
    """400 something is missing or invalid, 403 the api_key, 404 there is no such thing."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status, self.description = status, description


def answer(form: Form, name: str, document: Document, status: int = 200) -> Response:
    return Response(written(form, name, document), status, media_type=form.media_type)


def install(app: FastAPI) -> None:
    app.add_exception_handler(Wrong, lambda request, error: _wrong(request, error))
    app.add_exception_handler(Refusal, lambda request, error: _refused(request, error))
    app.add_exception_handler(RequestValidationError, lambda request, error: _invalid(request, error))
    app.add_exception_handler(HTTPException, lambda request, error: _http(request, error))
    for away in (OperationalError, InterfaceError, PoolExhausted):
        app.add_exception_handler(away, lambda request, _error: _errors(request, 503, "数据库暂时没有响应，请稍后重试"))


def _errors(request: Request, status: int, description: str) -> Response:
    form = Form.JSON if request.url.path.endswith(".json") else Form.XML
    return answer(form, "errors", [{"code": status, "description": description}], status)


def _wrong(request: Request, error: Any) -> Response:
    return _errors(request, error.status, error.description)


def _refused(request: Request, error: Any) -> Response:
    return _errors(request, 404 if error.status == 404 else 400, error.detail)


def _invalid(request: Request, error: Any) -> Response:
    names = "、".join(dict.fromkeys(str(each["loc"][-1]) for each in error.errors()))
    return _errors(request, 400, f"这些参数无效或缺少：{names}")


def _http(request: Request, error: Any) -> Response:
    known = {404: "没有这个地址", 405: "不支持这种请求方法", 408: "没有及时收到全部内容", 413: "内容过大"}
    response = _errors(request, error.status_code, known.get(error.status_code, "请求有误"))
    response.headers.update(error.headers or {})
    return response
