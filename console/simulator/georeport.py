"""The simulated department's Open311 server (GeoReport v2, JSON), as far as sending cases to it needs one.

It honours our number (attribute[external_id]): the same case sent twice is one request. With `by_token` it answers like
servers that work in batches: a token first, the number a moment later.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from console.simulator.bad_manners import Asked, Reply, as_json


@dataclass(slots=True)
class Request:
    number: str
    case: str
    form: dict[str, str]
    received: float
    notes: str = ""


class GeoReport:
    """`settles_after` seconds a request is closed with `notes`; None: never."""

    def __init__(self, *, by_token: bool = False, settles_after: float | None = None, notes: str = "") -> None:
        self.requests: dict[str, Request] = {}
        self._by_token, self._settles_after, self._notes = by_token, settles_after, notes
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Reply:
        path = urlsplit(asked.path).path.removesuffix(".json").strip("/").split("/")
        match asked.method, path[-2:]:
            case "POST", [*_, "requests"]:
                return self._take(asked)
            case "GET", ["requests", number]:
                return self._shown(self.requests.get(number))
            case "GET", ["tokens", token]:
                return as_json([{"token": token, "service_request_id": token.removeprefix("t-")}])
            case "GET", [*_, "services"]:
                return as_json(
                    [{"service_code": "any", "service_name": "任何事项", "metadata": False, "type": "realtime"}]
                )
        return as_json([{"code": 404, "description": "no such resource"}], 404)

    def close(self, number: str, notes: str) -> None:
        """Somebody there has settled it."""
        self.requests[number].notes = notes

    def _take(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        case = form.get("attribute[external_id]", "")
        if not form.get("service_code") or not (form.get("address_string") or form.get("lat")):
            return as_json([{"code": 400, "description": "service_code and a location are required"}], 400)
        with self._lock:
            if any(each.case == case for each in self.requests.values()):
                return as_json([{"code": 409, "description": "external_id exists already"}], 409)
            number = str(1000 + len(self.requests))
            self.requests[number] = Request(number, case, form, time.monotonic())
        return as_json([{"token": f"t-{number}"} if self._by_token else {"service_request_id": number}], 201)

    def _shown(self, request: Request | None) -> Reply:
        if request is None:
            return as_json([{"code": 404, "description": "service_request_id not found"}], 404)
        return as_json([self._state(request)])

    def _state(self, request: Request) -> dict[str, Any]:
        waited = time.monotonic() - request.received
        settled = self._settles_after is not None and waited >= self._settles_after
        notes = request.notes or (self._notes if settled else "")
        return {"service_request_id": request.number, "status": "closed" if notes else "open", "status_notes": notes}
