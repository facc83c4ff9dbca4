"""The simulated department: takes signed messages, shows them, and reports as its profile says.

It does the three things every receiver must: check the signature, honour the id (a repeat changes nothing), and answer
at once, before the work. What it reports is signed with the same secret and repeated under the same id until it is
taken.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx

from cases.webhook import HEADERS, is_genuine, signed_headers
from console.simulator.bad_manners import Asked, BadServer, Reply
from console.simulator.georeport import GeoReport
from console.simulator.profile import Act, acts_for

_TRIES = 5
_SECONDS = 10.0


class SimulatedDepartment:
    """Listens at `url`. `received` has every message once, in the order of arrival; `copies` counts them all."""

    def __init__(
        self,
        code: str,
        secret: str,
        *,
        hotline: str = "",
        key: str = "",
        acts: Sequence[Act] = (),
        manners: Callable[[Asked], str] = lambda _asked: "ok",
        georeport: GeoReport | None = None,
        port: int = 0,
        hang_seconds: float = 2.0,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.received: list[dict[str, Any]] = []
        self.copies: dict[str, int] = {}
        self._code, self._secret, self._acts, self._say = code, secret, tuple(acts), say
        self._georeport, self._key = georeport, key
        self._sequence, self._lock, self._over = count(1), threading.Lock(), threading.Event()
        self._hotline = httpx.Client(base_url=f"{hotline}/api/v1", trust_env=False, timeout=_SECONDS)
        self._server = BadServer(self._answer, manners, port=port, hang_seconds=hang_seconds)
        self.url = f"{self._server.address}/" + ("open311/v2" if georeport else "cases")

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._over.set()
        self._server.stop()
        self._hotline.close()

    def listen_here(self) -> httpx.Response:
        """Tell the hotline where this department listens, with the department's own key."""
        where = {"url": self.url, "secret": self._secret}
        return self._hotline.put(f"/departments/{self._code}/endpoint", json=where, headers=self._bearer())

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """The status to answer with."""
        if not is_genuine(body, headers, [self._secret]):
            self._say("一条消息的签名无效，已拒收")
            return 401
        message: dict[str, Any] = json.loads(body)
        with self._lock:
            known = headers["webhook-id"] in self.copies
            self.copies[headers["webhook-id"]] = self.copies.get(headers["webhook-id"], 0) + 1
            if not known:
                self.received.append(message)
        if known:
            self._say(f"重复的消息 {headers['webhook-id']}，不再处理")
        else:
            threading.Thread(target=self._work, args=(message,), daemon=True).start()
        return 204

    def report(self, kind: str, **data: Any) -> httpx.Response | None:
        """Tell the hotline, signed, until it has heard; None when it never did."""
        body = json.dumps(
            {"type": kind, "data": {**data, "sequence": next(self._sequence)}}, ensure_ascii=False
        ).encode()
        message_id, answer = f"rep_{secrets.token_hex(12)}", None
        for _ in range(_TRIES):
            headers = signed_headers(message_id, datetime.now(UTC), body, [self._secret])
            try:
                answer = self._hotline.post(f"/inbound/{self._code}/events", content=body, headers=headers)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 500:
                return answer
            if self._over.wait(1):
                return None
        return answer

    def _answer(self, asked: Asked) -> Reply:
        if asked.method == "OPTIONS":  # CloudEvents' handshake: yes, these messages are wanted
            return Reply(200, {"WebHook-Allowed-Origin": "*"})
        if self._georeport is not None:
            self._say(f"{asked.method} {asked.path.partition('?')[0]}")
            return self._georeport.answer(asked)
        return Reply(self.take(asked.body, {name: asked.headers.get(name, "") for name in HEADERS}))

    def _work(self, message: dict[str, Any]) -> None:
        self._say(readable(self._with_words(message)))
        for act in acts_for(message["type"], self._acts):
            if self._over.wait(act.after):
                return
            self._tell(act, str(message["data"]["number"]))

    def _tell(self, act: Act, number: str) -> None:
        answer = self.report(act.type, number=number, **act.data)
        if answer is None:
            said = "热线没有应答"
        elif answer.is_success:
            said = str(answer.json().get("outcome_label", "热线已收到"))
        else:
            said = f"被拒绝：{answer.json().get('detail', answer.status_code)}"
        self._say(f"工单 {number} 上报 {act.type}：{said}")

    def _with_words(self, message: dict[str, Any]) -> dict[str, Any]:
        """A thin message names the case; what it is about is fetched with the key, if there is one."""
        number = message["data"].get("number")
        if not self._key or number is None or "summary" in message["data"]:
            return message
        try:
            answer = self._hotline.get(f"/cases/{number}", headers=self._bearer())
        except httpx.HTTPError:
            return message
        return {**message, "data": {**answer.json(), **message["data"]}} if answer.is_success else message

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}


def readable(message: dict[str, Any]) -> str:
    """One message on a few lines."""
    data = message["data"]
    if "number" not in data:
        return f"收到 {message['type']}"
    part = {"lead": "主办", "assisting": "协办"}.get(data["part"], data["part"])
    lines = [
        f"收到 {message['type']}：工单 {data['number']}（{part}），{data['due_at'][:16].replace('T', ' ')} 前办结",
        f"  {data['kind']} · {data['category']} · {data['urgency']}{' · 保密' if data['confidential'] else ''}",
    ]
    if "summary" in data:
        who = " ".join(filter(None, (data.get("caller_name"), data.get("phone")))) or "未留姓名"
        lines += [f"  {data['summary']}（{data.get('place') or '未写地点'}）", f"  诉求人：{who}"]
    return "\n".join([*lines, f"  {data['link']}"])
