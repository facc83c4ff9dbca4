"""`hotline demo-department`: a department's own system, as small as one can be. For demonstrations, tests, and to copy.

It does the three things every receiver must: check the signature, honour the id (a repeat changes nothing), and answer
at once, before the work.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click
import httpx

from cases.webhook import is_genuine

_LONGEST_BODY = 100_000


class DemoDepartment:
    """Listens at `url`. `received` has every message once, in the order of arrival."""

    def __init__(
        self,
        secret: str,
        *,
        hotline: str = "",
        key: str = "",
        sign: bool = False,
        reply: str = "",
        port: int = 0,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.received: list[dict[str, Any]] = []
        self._secret, self._sign, self._reply, self._say = secret, sign, reply, say
        self._known: set[str] = set()
        self._lock = threading.Lock()
        headers = {"Authorization": f"Bearer {key}"}
        self._hotline = httpx.Client(base_url=f"{hotline}/api/v1", headers=headers, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/cases"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="demo-department", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._hotline.close()

    def listen_at(self, code: str) -> httpx.Response:
        """Tell the hotline where this department listens, with the department's own key."""
        return self._hotline.put(f"/departments/{code}/endpoint", json={"url": self.url, "secret": self._secret})

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """The status to answer with."""
        if not is_genuine(body, headers, [self._secret]):
            self._say("一条消息的签名无效，已拒收")
            return 401
        with self._lock:
            if headers["webhook-id"] in self._known:
                return 204
            self._known.add(headers["webhook-id"])
            message: dict[str, Any] = json.loads(body)
            self.received.append(message)
        self._say(readable(message))
        threading.Thread(target=self._work, args=(message["data"]["number"],), daemon=True).start()
        return 204

    def _work(self, number: str) -> None:
        if self._sign or self._reply:
            self._step(number, "签收", action="sign")
        if self._reply:
            self._step(number, "答复", action="reply", reply=self._reply)

    def _step(self, number: str, name: str, **body: str) -> None:
        try:
            answer = self._hotline.post(f"/cases/{number}/transitions", json=body)
        except httpx.HTTPError as problem:
            self._say(f"工单 {number} {name}失败：{type(problem).__name__}")
            return
        failed = "" if answer.is_success else f"失败：{answer.json().get('detail', answer.status_code)}"
        self._say(f"工单 {number} 已{name}" if not failed else f"工单 {number} {name}{failed}")


def readable(message: dict[str, Any]) -> str:
    """One case on a few lines."""
    data = message["data"]
    part = {"lead": "主办", "assisting": "协办"}.get(data["part"], data["part"])
    who = "（保密）" if data["confidential"] else f"{data['caller_name'] or '未留姓名'} {data['phone'] or ''}"
    return "\n".join(
        [
            f"收到工单 {data['number']}（{part}），{data['due_at'][:16].replace('T', ' ')} 前办结",
            f"  {data['kind']} · {data['category']} · {data['urgency']} · {data['place'] or '未写地点'}",
            f"  {data['summary']}",
            f"  诉求人：{who}",
            f"  {data['link']}",
        ]
    )


def _handler(department: DemoDepartment) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            if length > _LONGEST_BODY:
                self.send_error(413)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(department.take(self.rfile.read(length), headers))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """What arrives is said by the department itself."""

    return Handler


@click.command("demo-department")
@click.argument("code")
@click.option("--secret", envvar="HOTLINE_DEPARTMENT_SECRET", required=True, help="whsec_…, from `hotline key add`.")
@click.option("--key", envvar="HOTLINE_DEPARTMENT_KEY", default="", help="hk_…, from `hotline key add`.")
@click.option("--hotline", metavar="URL", default="", help="Where the hotline is; by default as hotline.toml says.")
@click.option("--port", default=0, help="Where to listen; by default any free port.")
@click.option("--sign", is_flag=True, help="Sign every case at once (needs --key).")
@click.option("--reply", default="", metavar="TEXT", help="Sign and reply to every case with this (needs --key).")
def demo_department(code: str, secret: str, key: str, hotline: str, port: int, sign: bool, reply: str) -> None:
    """Be the system of department CODE: take its cases by webhook, show them, and sign and reply if told to.

    With a key it first tells the hotline where it listens. The hotline calls addresses inside a machine or a private
    network only when an administrator has allowed them, for instance by HOTLINE_DELIVERY_NETWORKS=127.0.0.0/8.
    """
    from config.settings import Settings

    if (sign or reply) and not key:
        raise click.UsageError("--sign and --reply need --key")
    at = hotline or Settings().link_base
    department = DemoDepartment(secret, hotline=at, key=key, sign=sign, reply=reply, port=port, say=_say)
    department.start()
    _say(f"{code} 在 {department.url} 接收工单（Ctrl-C 结束）")
    if key:
        _announce(department, code)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        department.stop()


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


def _announce(department: DemoDepartment, code: str) -> None:
    try:
        answer = department.listen_at(code)
    except httpx.HTTPError as problem:
        sys.exit(f"the hotline does not answer ({type(problem).__name__}); is `hotline serve` running?")
    if not answer.is_success:
        sys.exit(f"the hotline refuses this address: {answer.json().get('detail', answer.status_code)}")


COMMANDS = {"demo-department": demo_department}
