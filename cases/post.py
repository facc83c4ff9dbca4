"""One POST to a department's system: to the vetted address, no redirects, no proxies, never longer than allowed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from cases.addresses import Address, Target

_CONNECT_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `status` 0: no answer at all. `problem` is for the administrator and quotes nothing received."""

    status: int
    problem: str = ""
    retry_after_seconds: float | None = None

    @property
    def arrived(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The department wants no more of these."""
        return self.status == 410


def post(target: Target, address: Address, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Outcome:
    """Never raises for anything the other side can do."""
    try:
        return asyncio.run(_within(seconds, target, address, body, headers))
    except TimeoutError:
        return Outcome(0, f"{seconds:g} 秒内没有答复")
    except ssl.SSLError:
        return Outcome(0, "TLS 连接失败（证书或协议）")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        return Outcome(0, f"连接失败（{type(problem).__name__}）")


async def _within(seconds: float, target: Target, address: Address, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """The whole exchange has this long; a receiver that sends one byte a second gains nothing by it."""
    async with asyncio.timeout(seconds):
        return await _post(seconds, target, address, body, headers)


async def _post(seconds: float, target: Target, address: Address, body: bytes, headers: Mapping[str, str]) -> Outcome:
    host = f"[{address}]" if address.version == 6 else str(address)
    url = f"{target.scheme}://{host}:{target.port}{target.path}"
    timeout = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    async with (
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout) as client,
        client.stream(
            "POST",
            url,
            content=body,
            headers={**headers, "host": target.authority, "user-agent": "hotline12345"},
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):
        return _outcome(answer)


def _outcome(answer: httpx.Response) -> Outcome:
    """The body is not read: nothing in it concerns us."""
    if answer.is_success:
        return Outcome(answer.status_code)
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
