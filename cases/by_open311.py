"""The channel `open311`: a service request at another GeoReport v2 server, and what is read back from it.

Our case number goes along as attribute[external_id] and the delivery's id as Idempotency-Key, so that a request whose
answer was lost makes no second one; "exists already" is good news. An answer may be a token, behind which the other
side's number will be found later: `following.py` asks for it, as work of its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from cases import message, post
from cases.deadlines import rfc3339
from cases.model import Endpoint
from cases.parcel import Parcel
from cases.words import Confidentiality
from config.settings import Settings

LONGEST_DESCRIPTION = 4000  # GeoReport v2
_LONGEST_NUMBER = 200
_EXISTS = re.compile(r"exist|duplicate|already|已存在|重复", re.IGNORECASE)
_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "accept": "application/json"}


def send(parcel: Parcel) -> post.Outcome:
    target = parcel.target
    answer = post.call(
        _url(target, "requests"),
        target.networks,
        parcel.settings,
        body=urlencode(_form(parcel)).encode(),
        headers={**_FORM, "idempotency-key": parcel.row.id},
        answer_bytes=post.LONGEST_ANSWER,
    )
    return _taken(answer)


def trial(target: Endpoint, settings: Settings) -> post.Outcome:
    """Does a GeoReport server answer there? Asks for its services and makes nothing."""
    answer = _ask(target, settings, "services")
    if answer.outcome.arrived and not isinstance(_json(answer.body), list):
        return post.Outcome(0, "答复的不是 GeoReport 的服务列表")
    return answer.outcome


@dataclass(frozen=True, slots=True)
class Found:
    """What the other server says of a case. `problem` is empty when it could be read."""

    problem: str = ""
    number: str = ""
    status: str = ""
    notes: str = ""


def look(target: Endpoint, settings: Settings, *, token: str, number: str) -> Found:
    """By token while its number is not known, then by number."""
    answer = _ask(
        target, settings, f"requests/{quote(number, safe='')}" if number else f"tokens/{quote(token, safe='')}"
    )
    if not answer.outcome.arrived:
        return Found(answer.outcome.problem)
    first = _first(answer.body)
    if first is None:
        return Found("答复的不是 GeoReport 的 JSON")
    status = str(first.get("status") or "").lower()
    return Found("", number or _name(first, "service_request_id"), status, str(first.get("status_notes") or "").strip())


def _form(parcel: Parcel) -> dict[str, str]:
    """What is not open to this department is not in it; GeoReport wants a place, so its lack is said in words."""
    case, options = parcel.case, parcel.target.options
    said = message.words(case, parcel.share)
    text = "\n".join(dict.fromkeys(filter(None, (said["summary"], said["text"]))))
    form = {
        "service_code": str(options.get("service_codes", {}).get(case.category, case.category)),
        "jurisdiction_id": str(options.get("jurisdiction_id") or ""),
        "api_key": str(options.get("api_key") or ""),
        "description": text[:LONGEST_DESCRIPTION],
        "address_string": said["place"] or "地点未写明",
        "attribute[external_id]": case.number,
        "attribute[urgency]": case.urgency,
        "attribute[due_at]": rfc3339(parcel.share.due_at),
    }
    if parcel.target.full_body and case.confidentiality == Confidentiality.ORDINARY:
        form |= {"first_name": said["caller_name"] or "", "phone": said["phone"] or ""}
    return {name: value for name, value in form.items() if value}


def _taken(answer: post.Answer) -> post.Outcome:
    outcome, first = answer.outcome, _first(answer.body) or {}
    number, token = _name(first, "service_request_id"), _name(first, "token")
    known = outcome.status == 409 or (outcome.status in (400, 422) and bool(_EXISTS.search(_said(answer.body))))
    if not (outcome.arrived or known):
        return outcome
    receipt = f"对方工单号 {number}" if number else f"对方受理号 {token}" if token else f"HTTP {outcome.status}"
    return replace(outcome, problem="", known_before=known, receipt=receipt, number=number, token=token)


def _ask(target: Endpoint, settings: Settings, path: str) -> post.Answer:
    query = {name: str(target.options[name]) for name in ("jurisdiction_id", "api_key") if target.options.get(name)}
    return post.call(_url(target, path, urlencode(query)), target.networks, settings, method="GET",
                     headers={"accept": "application/json"}, answer_bytes=post.LONGEST_ANSWER)  # fmt: skip


def _url(target: Endpoint, path: str, query: str = "") -> str:
    return f"{(target.url or '').rstrip('/')}/{path}.json" + (f"?{query}" if query else "")


def _first(body: bytes) -> dict[str, Any] | None:
    """The one request in an answer: GeoReport says a list of one, some servers leave the list away."""
    read = _json(body)
    if isinstance(read, list) and read:
        read = read[0]
    return read if isinstance(read, dict) else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _name(read: dict[str, Any], field: str) -> str:
    value = read.get(field)
    return str(value)[:_LONGEST_NUMBER] if isinstance(value, str | int) and "\0" not in str(value) else ""


def _said(body: bytes) -> str:
    return body[:2000].decode("utf-8", "replace")
