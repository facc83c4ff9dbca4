"""A department's system for tests: it checks signatures with somebody else's code, and behaves as badly as planned."""

import json
from collections import Counter
from collections.abc import Callable

from standardwebhooks.webhooks import Webhook

from console.simulator.bad_manners import Asked, BadServer, Reply


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
        self._server = BadServer(self._take, self._manners)
        self.url = f"{self._server.address}/hook"
        self._server.start()

    def close(self) -> None:
        self._server.stop()

    @property
    def copies(self) -> Counter:
        return Counter(r["id"] for r in self.requests)

    def _manners(self, asked: Asked) -> str:
        if asked.method == "OPTIONS":
            return f"200 WebHook-Allowed-Origin={self.allows}" if self.allows else "405"
        if self.secret:
            Webhook(self.secret).verify(asked.body, dict(asked.headers))
        seen = {"path": asked.path, "headers": asked.headers, "body": asked.body}
        self.requests.append({"id": asked.headers["webhook-id"], **seen})
        return self.choose(len(self.requests))

    def _take(self, asked: Asked) -> Reply:
        message_id = asked.headers["webhook-id"]
        if message_id not in self.effects:
            self.effects[message_id] = json.loads(asked.body)
            self.order.append(message_id)
        return Reply(200)
