"""One request to a department's system: to the vetted address, no redirects, no proxies, never longer than allowed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

import certifi
import httpx

from cases import addresses
from cases.addresses import Address, BadAddress, Target
from config.settings import Settings

LONGEST_ANSWER = 65_536
_CONNECT_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `status` 0: no answer at all. `problem` is for the administrator and quotes nothing received.

    `known_before`: they had it already, so it has arrived. `final`: trying again is no use. `receipt`: the proof of
    delivery. `token`, `number`: what an Open311 server calls the case.
    """

    status: int
    problem: str = ""
    retry_after_seconds: float | None = None
    known_before: bool = False
    final: bool = False
    receipt: str = ""
    token: str = ""
    number: str = ""

    @property
    def arrived(self) -> bool:
        return self.known_before or 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The department wants no more of these."""
        return self.status == 410

    @property
    def line_is_down(self) -> bool:
        """This says something about the department's system, not about this one message."""
        return not self.arrived and (self.status in (0, 429) or self.status >= 500)


@dataclass(frozen=True, slots=True)
class Request:
    """`answer_bytes`: how much of the answer's body is wanted; 0: nothing in it concerns us."""

    target: Target
    address: Address
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    method: str = "POST"
    answer_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    outcome: Outcome
    headers: Mapping[str, str]
    body: bytes = b""


def call(
    url: str,
    networks: Sequence[str],
    settings: Settings,
    *,
    method: str = "POST",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    answer_bytes: int = 0,
) -> Answer:
    """Ask a department's system, wherever its URL may lead; a bad address is a failure like another."""
    try:
        target, address = addresses.vetted(url, addresses.rules(settings, networks))
    except BadAddress as problem:
        return _nothing(str(problem))
    request = Request(target, address, body, headers, method, answer_bytes)
    return ask(request, seconds=settings.delivery_timeout_seconds)


def ask(request: Request, *, seconds: float) -> Answer:
    """Never raises for anything the other side can do."""
    try:
        return asyncio.run(_within(seconds, request))
    except TimeoutError:
        return _nothing(f"{seconds:g} 秒内没有答复")
    except ssl.SSLError:
        return _nothing("TLS 连接失败（证书或协议）")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        return _nothing(f"连接失败（{type(problem).__name__}）")


def _nothing(problem: str) -> Answer:
    return Answer(Outcome(0, problem), {})


async def _within(seconds: float, request: Request) -> Answer:
    """The whole exchange has this long; a receiver that sends one byte a second gains nothing by it."""
    async with asyncio.timeout(seconds):
        return await _ask(seconds, request)


async def _ask(seconds: float, request: Request) -> Answer:
    target, address = request.target, request.address
    host = f"[{address}]" if address.version == 6 else str(address)
    timeout = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    async with (
        httpx.AsyncClient(verify=_trust(), trust_env=False, follow_redirects=False, timeout=timeout) as client,
        client.stream(
            request.method,
            f"{target.scheme}://{host}:{target.port}{target.path}",
            content=request.body or None,
            headers={**(request.headers or {}), "host": target.authority, "user-agent": "hotline12345"},
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):
        return Answer(_outcome(answer), answer.headers, await _beginning(answer, request.answer_bytes))


@cache
def _trust() -> ssl.SSLContext:
    """The machine's own certificates, to which a city may have added its own authority, and the public ones. Made once:
    reading them takes 20 ms of CPU, five times as long as the request."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


async def _beginning(answer: httpx.Response, size: int) -> bytes:
    """Raises ValueError for an answer that is longer."""
    body = bytearray()
    if size:
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > size:
                raise ValueError("a longer answer than anybody needs")
    return bytes(body)


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.is_success:
        return Outcome(answer.status_code, receipt=f"HTTP {answer.status_code}")
    problem = f"HTTP {answer.status_code}"
    if answer.is_redirect:
        problem += "（不跟随跳转，请填写最终地址）"
    return Outcome(answer.status_code, problem, _retry_after(answer.headers.get("retry-after", "")))


def _retry_after(value: str) -> float | None:
    """Seconds or an HTTP date, and never more than a day, whatever it says."""
    try:
        if value.isascii() and value.strip().isdigit():
            return min(float(value), _LONGEST_WAIT_SECONDS)
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, wait), _LONGEST_WAIT_SECONDS)
