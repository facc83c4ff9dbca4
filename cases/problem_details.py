"""Errors as RFC 9457 documents: a Chinese title and detail for people, a stable code for machines.

Nothing the client has sent is repeated in an answer or a log: it may be a citizen's number.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from cases.lifecycle import Impossible
from cases.refusal import Refusal
from cases.tries import TooManyTries

log = logging.getLogger("hotline.api")

MEDIA_TYPE = "application/problem+json"

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "In Chinese, for people"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for machines"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

_TITLES = {
    400: ("bad_request", "请求有误"),
    401: ("unauthenticated", "请先登录"),
    403: ("forbidden", "没有权限"),
    404: ("not_found", "没有找到"),
    409: ("conflict", "与当前状态冲突"),
    412: ("stale_version", "内容已被他人更新"),
    405: ("method_not_allowed", "不支持这种请求方法"),
    406: ("not_acceptable", "无法提供所要的格式"),
    408: ("too_slow", "没有及时收到全部内容"),
    413: ("too_large", "内容过大"),
    415: ("unsupported_media_type", "不支持的内容格式"),
    422: ("invalid", "请求内容有误"),
    429: ("too_many_tries", "尝试次数过多"),
    503: ("busy", "系统繁忙"),
}

_VALIDATION = {
    "missing": "缺少这一项",
    "json_invalid": "不是有效的 JSON",
    "string_too_long": "内容过长，最多 {max_length} 个字符",
    "string_too_short": "不能为空",
    "string_type": "应为文字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "int_parsing": "应为整数",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_attributes_type": "应为 JSON 对象",
    "extra_forbidden": "没有这一项",
    "enum": "只能是：{expected}",
    "literal_error": "只能是：{expected}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "string_pattern_mismatch": "格式不对，或含有不能保存的字符",
}


USUAL = (400, 401, 403, 404, 408, 409, 412, 413, 422, 429, 503)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: these statuses are problem documents."""
    return {each: {"description": _TITLES[each][1], "content": {MEDIA_TYPE: {"schema": SCHEMA}}} for each in statuses}


def problem(
    status: int,
    *,
    code: str = "",
    title: str = "",
    detail: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    usual_code, usual_title = _TITLES.get(status, ("error", "出错了"))
    body: dict[str, Any] = {"type": "about:blank", "title": title or usual_title, "status": status}
    body |= {"code": code or usual_code}
    body |= {"detail": detail} if detail else {}
    body |= {"errors": list(errors)} if errors else {}
    return JSONResponse(body | more, status, dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of this application a problem document."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(Impossible, _impossible)
    app.add_exception_handler(TooManyTries, _too_many)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for away in (OperationalError, InterfaceError, PoolExhausted):
        app.add_exception_handler(away, _database_busy)
    app.add_exception_handler(Exception, _bug)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - told to the type checker
    errors = [{"pointer": f"/{error.field}", "detail": error.detail}] if error.field else []
    return problem(error.status, code=error.code, title=error.title, detail=error.detail, errors=errors)


def _impossible(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Impossible)  # noqa: S101
    possible = [step.value for step in error.possible]
    return problem(409, code="not_possible_now", title="现在不能这样做", detail=str(error), state=error.now.value,
                   possible=possible)  # fmt: skip


def _too_many(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyTries)  # noqa: S101
    detail = f"请 {error.seconds} 秒后再试"
    return problem(429, detail=detail, headers={"Retry-After": str(error.seconds)})


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [{"pointer": _pointer(each["loc"]), "detail": _said(each)} for each in error.errors()]
    detail = "；".join(f"{each['pointer']} {each['detail']}" for each in errors[:5])
    return problem(422, detail=detail, errors=errors)


def _http(_request: Request, error: Exception) -> Response:
    """Also Starlette's own 404 and 405, whose headers (`Allow`) matter."""
    assert isinstance(error, HTTPException)  # noqa: S101
    detail = error.detail if isinstance(error.detail, str) and not error.detail.isascii() else ""
    return problem(error.status_code, detail=detail, headers=error.headers)


def _database_busy(_request: Request, error: Exception) -> Response:
    log.error("the database does not answer: %s", type(getattr(error, "orig", error)).__name__)
    return problem(503, detail="数据库暂时没有响应，请稍后重试", headers={"Retry-After": "2"})


def _bug(request: Request, error: Exception) -> Response:
    """The server logs the stack trace by itself; the client learns nothing of it."""
    route = getattr(request.scope.get("route"), "path", "?")
    log.error("%s %s failed: %s", request.method, route, type(error).__name__)
    return problem(500, code="internal", title="系统内部出错", detail="已记录下来，请稍后重试或联系管理员")


def _pointer(loc: Sequence[Any]) -> str:
    """/summary for a field of the body, ?limit for a query parameter."""
    where, *rest = loc or ("",)
    if where == "body":
        return "/" + "/".join(str(each) for each in rest if not isinstance(each, int))
    return ("?" if where == "query" else "") + "/".join(str(each) for each in rest)


def _said(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    text = _VALIDATION.get(str(error.get("type")), "格式不对")
    try:
        return text.format(**context)
    except (KeyError, IndexError):
        return text
