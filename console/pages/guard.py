"""What every answer and every request must satisfy: a strict content policy, and no writing from other sites.

The policy has no nonce and nothing unsafe: no script, style or address outside our own files is ever run or fetched.
Writing is allowed when the browser says it comes from our own page. Requests with a bearer token carry no cookie, so
they cannot be forged by another site and are let through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
SAFE = {"GET", "HEAD", "OPTIONS"}
COOKIE_PATHS = ("/desk", "/login", "/logout", "/cases", "/department", "/supervision", "/admin")
REFUSAL = "请求来源不可信，请回到话务台重试。"


def same_origin(headers: Headers, public_url: str) -> bool:
    """Does the browser vouch that our own page sent this? Neither header: no browser, or one that hides it."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site:
        return site == "same-origin"
    if not origin:
        return False
    try:
        return urlsplit(origin).netloc in {headers.get("host", ""), urlsplit(public_url).netloc} - {""}
    except ValueError:  # no address at all
        return False


def must_be_ours(method: str, path: str, headers: Headers) -> bool:
    """A request that changes something and that a cookie could carry."""
    if method in SAFE:
        return False
    by_page = any(path == p or path.startswith(p + "/") for p in COOKIE_PATHS)
    return by_page or ("cookie" in headers and "authorization" not in headers)


class Guard:
    """ASGI, not a BaseHTTPMiddleware: that one would hold back the event streams."""

    def __init__(self, app: ASGIApp, public_url: str = "") -> None:
        self.app, self.public_url = app, public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        answer = _with_headers(send)
        if must_be_ours(scope["method"], scope["path"], headers) and not same_origin(headers, self.public_url):
            return await PlainTextResponse(REFUSAL, 403)(scope, receive, answer)
        return await self.app(scope, receive, answer)


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            extra = {
                "content-security-policy": POLICY,
                "x-content-type-options": "nosniff",
                "referrer-policy": "same-origin",
                "cache-control": "no-store",
            }
            message["headers"] = [
                *message["headers"],
                *((k.encode(), v.encode()) for k, v in extra.items() if k.encode() not in present),
            ]
        await send(message)

    return answer


def install(app: FastAPI, public_url: str = "") -> None:
    """Puts the guard around the whole application."""
    app.add_middleware(Guard, public_url=public_url)


def secure(request: Request, public_url: str) -> bool:
    """Are cookies to be marked Secure? Told by the public address, for behind a proxy we only see plain HTTP."""
    return (urlsplit(public_url).scheme or request.url.scheme) == "https"
