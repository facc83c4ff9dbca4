"""Lists by cursor: stable while new things come in, newest first."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from cases.refusal import Refusal

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


def page(
    chosen: Select[Any],
    at: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[str],
    cursor: str | None,
    limit: int,
    *,
    oldest_first: bool = False,
) -> Select[Any]:
    """The rows after the cursor, and one more, which tells whether there is a next page."""
    if cursor:
        here, there = tuple_(at, key), tuple_(*_read(cursor))
        chosen = chosen.where(here > there if oldest_first else here < there)
    order = (at.asc(), key.asc()) if oldest_first else (at.desc(), key.desc())
    return chosen.order_by(*order).limit(limit + 1)


def cursor_after(at: datetime, key: str) -> str:
    return base64.urlsafe_b64encode(f"{at.astimezone(UTC).isoformat()}|{key}".encode()).decode().rstrip("=")


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """RFC 8288, beside `next` in the body."""
    if cursor:
        query = urlencode({**request.query_params, "cursor": cursor})
        response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _bar, key = text.partition("|")
        if "\0" in key:
            raise ValueError("no key of ours")
        return datetime.fromisoformat(at).astimezone(UTC), key
    except (binascii.Error, ValueError, OverflowError):
        raise Refusal("cursor 应原样取自上一页的 next", field="cursor") from None
