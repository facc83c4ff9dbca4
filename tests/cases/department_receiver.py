"""A department's system for tests: a real HTTP server that can be told to behave badly."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook


class Receiver:
    """Honours the webhook id. `plan` says how the n-th request (from 1) is treated; after the plan all is well."""

    def __init__(self, *plan: str) -> None:
        self.plan = list(plan)
        self.secret = ""
        self.allows = ""  # whose messages it agrees to, asked by OPTIONS
        self.requests: list[dict] = []
        self.effects: dict[str, dict] = {}
        self.order: list[str] = []
        self.choose: Callable[[int], str] = lambda n: self.plan[n - 1] if n <= len(self.plan) else "ok"
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._handle(self)

            def do_OPTIONS(self) -> None:
                self.send_response(200 if receiver.allows else 405)
                self.send_header("WebHook-Allowed-Origin", receiver.allows)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def copies(self) -> Counter:
        return Counter(r["id"] for r in self.requests)

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        headers = {k.lower(): v for k, v in request.headers.items()}
        if self.secret:
            Webhook(self.secret).verify(body, headers)
        with self._lock:
            self.requests.append({"id": headers["webhook-id"], "path": request.path, "headers": headers})
            how = self.choose(len(self.requests))
        self._answer(request, how, headers["webhook-id"], json.loads(body))

    def _answer(self, request: BaseHTTPRequestHandler, how: str, message_id: str, message: dict) -> None:
        if how in ("ok", "effect then drop", "effect then hang"):
            with self._lock:
                if message_id not in self.effects:
                    self.effects[message_id] = message
                    self.order.append(message_id)
        if how in ("drop", "effect then drop"):
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        if how in ("hang", "effect then hang"):
            time.sleep(2)
            return
        if how == "trickle":
            self._trickle(request)
            return
        status = 200 if how == "ok" else int(how.split()[0])
        request.send_response(status)
        for header in how.split()[1:]:
            request.send_header(*header.split("=", 1))
        request.send_header("Content-Length", "0")
        request.end_headers()

    @staticmethod
    def _trickle(request: BaseHTTPRequestHandler) -> None:
        """One byte of the answer's head every 50 ms: a read timeout never fires."""
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 100:
                request.wfile.write(bytes([byte]))
                request.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass
