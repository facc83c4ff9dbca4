"""HOTLINE_ASTERISK=off: pages and cases work on a machine without any telephone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
import pytest

from tests.served import Served


@pytest.mark.slow
def test_pages_and_cases_work_without_a_telephone() -> None:
    hotline = Served(Path(tempfile.mkdtemp(prefix="hotline-")), asterisk="off")
    try:
        hotline.start()
        hotline.run("user", "add", "li", "--role", "dispatcher", "--password-stdin", stdin="pw-li-1234567\n")
        api = hotline.api("li", "pw-li-1234567")
        case = api.post("/cases", headers={"Idempotency-Key": "one"}, json={
            "kind": "complaint", "category": "city_management", "urgency": "ordinary", "summary": "占道经营",
        })  # fmt: skip
        assert case.status_code == 201, case.text
        assert api.get("/rooms").json()["items"] == []
        assert httpx.get(f"{hotline.url}/").status_code == 200
        assert not hotline.telephones_ports_open()
    finally:
        hotline.stop()
