"""Who is asking: the session cookie of a page, or the bearer token of a programme."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cases import problem_details
from console.hub import Viewer
from console.pages.guard import secure
from console.pages.ports import Ports, SignedIn
from console.pages.render import html, message

log = logging.getLogger(__name__)

STAFF = frozenset({"operator", "dispatcher", "supervisor", "administrator"})
CHECK_SECONDS = 60.0
FRESH_SECONDS = 10.0
STALE_SECONDS = 600.0
KNOWN_KEPT = 2000
Messages = AsyncGenerator[bytes, None]


class Closed(Exception):
    """Not signed in, or not allowed here. `answer` is what the browser gets."""

    def __init__(self, status: int, next_path: str = "") -> None:
        super().__init__(str(status))
        self.status, self.next_path = status, next_path


class Door:
    """Looks at the cookie or the token of a request. Who was let in a moment ago is not looked up again, and while the
    database cannot be reached, whoever was in lately stays in: a desk must survive that."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._known: OrderedDict[tuple[str, str], tuple[Viewer, float]] = OrderedDict()

    def anyone(self, request: Request) -> Viewer:
        viewer = self._viewer(*self._token(request))
        if viewer is None:
            raise Closed(401, request.url.path)
        return viewer

    def staff(self, request: Request) -> Viewer:
        """Operators and those who lead them; a department's clerk has no business at the desk."""
        viewer = self.anyone(request)
        if viewer.role not in STAFF:
            raise Closed(403)
        return viewer

    def cookie_name(self, request: Request) -> str:
        return "__Host-hotline" if secure(request, self._ports.public_url) else "hotline"

    def let_in(self, request: Request, response: Response, signed_in: SignedIn) -> None:
        response.set_cookie(
            self.cookie_name(request),
            signed_in.token,
            expires=signed_in.expires_at,
            httponly=True,
            samesite="strict",
            secure=secure(request, self._ports.public_url),
        )

    def let_out(self, request: Request, response: Response) -> None:
        token, kind = self._token(request)
        self._known.pop((token, kind), None)
        self._ports.people.sign_out(token)
        response.delete_cookie(
            self.cookie_name(request),
            httponly=True,
            samesite="strict",
            secure=secure(request, self._ports.public_url),
        )

    async def while_signed_in(self, request: Request, messages: Messages) -> Messages:
        """Passes a stream on until its listener is signed out or the session expires; looked at once a minute."""
        token, checked = self._token(request), time.monotonic()
        async with contextlib.aclosing(messages) as stream:
            async for part in stream:
                if time.monotonic() - checked > CHECK_SECONDS:
                    checked = time.monotonic()
                    if await asyncio.to_thread(self._viewer, *token) is None:
                        yield message("", "signed-out")
                        return
                yield part

    def _viewer(self, token: str, kind: str) -> Viewer | None:
        known, since = self._known.get((token, kind), (None, -STALE_SECONDS))
        age = time.monotonic() - since
        if known and age < FRESH_SECONDS:
            return known
        try:
            viewer = self._ports.people.viewer(token, kind)
        except Exception:
            if known is None or age > STALE_SECONDS:
                raise
            log.warning("sessions cannot be looked up; the desk goes on with those known")
            return known
        self._remember((token, kind), viewer)
        return viewer

    def _remember(self, key: tuple[str, str], viewer: Viewer | None) -> None:
        self._known.pop(key, None)
        if viewer:
            self._known[key] = viewer, time.monotonic()
        while len(self._known) > KNOWN_KEPT:
            self._known.popitem(last=False)

    def _token(self, request: Request) -> tuple[str, str]:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return token.strip(), "api"
        return request.cookies.get(self.cookie_name(request), ""), "page"


async def closed(request: Request, problem: Exception) -> Response:
    """A page sends to the sign-in page; a fragment says so in its place; a programme gets a problem document."""
    status = problem.status if isinstance(problem, Closed) else 500
    if request.url.path.startswith("/api/"):
        return problem_details.problem(status, headers={"WWW-Authenticate": "Bearer"} if status == 401 else None)
    if request.headers.get("hx-request"):
        text = html("desk/_closed.html", status=status)
        return HTMLResponse(text, status, headers={"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"})
    if status == 401 and request.method == "GET":
        return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
    return HTMLResponse(html("closed.html", status=status), status)
