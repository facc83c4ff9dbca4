"""The log: whatever goes wrong wherever, no number and no word of a citizen stands in it."""

from __future__ import annotations

import io
import logging
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from console.say import start_logging
from tests.served import Served

LOG = logging.getLogger("some.library")
SECRET = "王女士说她家水管爆了"


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What the log says, from now on."""
    root, kept = logging.getLogger(), logging.raiseExceptions
    before, level = list(root.handlers), root.level
    root.handlers = []
    start_logging()
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(text := io.StringIO())
    yield text
    root.handlers, root.level, logging.raiseExceptions = before, level, kept


@pytest.mark.parametrize(
    "text",
    [
        "13805712345",
        "来电13805712345，已接听",
        "from +8613805712345.",
        "sip:13805712345@trunk",
        "PJSIP/13805712345",
        "caller=0571-88124490",
        "('13805712345',)",
    ],
)
def test_a_number_in_a_librarys_text_is_cut(told: io.StringIO, text: str) -> None:
    LOG.error("trouble with %s", text)

    assert "trouble with" in told.getvalue()
    assert "12345" not in told.getvalue()
    assert "88124490" not in told.getvalue()


def test_names_of_ours_stay_readable(told: io.StringIO) -> None:
    LOG.error("call 20260302-040000-00c0ffee on 127.0.0.1:33255 took 0.1234567 s")

    assert "20260302-040000-00c0ffee on 127.0.0.1:33255 took 0.1234567 s" in told.getvalue()


def test_an_exception_tells_where_and_what_kind_but_not_what_was_said(told: io.StringIO) -> None:
    def failing() -> None:
        try:
            int(SECRET)
        except ValueError as cause:
            raise KeyError(SECRET) from cause

    try:
        failing()
    except KeyError:
        LOG.exception("it failed")

    assert SECRET not in told.getvalue()
    assert "in failing" in told.getvalue()
    assert "KeyError, because of ValueError" in told.getvalue()


def test_a_line_that_cannot_be_written_is_not_shown_elsewhere(
    told: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python's own habit is to print such a line with all that was in it."""
    told.close()
    LOG.error("trouble with %s", SECRET)

    assert SECRET not in capfd.readouterr().err


@pytest.mark.slow
def test_a_served_hotline_keeps_secrets_out_of_its_log_its_figures_and_others_eyes() -> None:
    password, phone = "pw-li-1234567", "13805712345"
    hotline = Served(Path(tempfile.mkdtemp(prefix="hotline-")), asterisk="off")
    try:
        hotline.start()
        hotline.run("user", "add", "li", "--role", "dispatcher", "--password-stdin", stdin=f"{password}\n")
        api = hotline.api("li", password)
        case = {"kind": "complaint", "category": "city_management", "summary": SECRET, "phone": phone, "text": SECRET}
        answer = api.post("/cases", json=case).json()
        for path in (f"/cases/{answer['number']}", f"/calls/{phone}", f"/cases?phone={phone}&cursor=x", "/calls/..%2f"):
            api.get(path)
        httpx.post(f"{hotline.url}/api/v1/tokens", json={"name": phone, "password": SECRET}, timeout=10)
        httpx.get(f"{hotline.url}/cases/{answer['number']}", params={"code": answer["code"]}, timeout=10)
        shown = "".join(httpx.get(f"{hotline.url}{p}", timeout=10).text for p in ("/metrics", "/health/ready"))
        token = api.headers["Authorization"].split()[1]
    finally:
        hotline.stop()
    log = hotline.log.read_text()
    for secret in (password, phone, SECRET, token, answer["code"], answer["number"]):
        assert secret not in log
        assert secret not in shown
    data = hotline.settings.data_dir
    for path in (data / "hotline.db", data / "spool", *data.glob("hotline.db-*")):
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path
    assert token.encode() not in (data / "hotline.db").read_bytes()
    assert password.encode() not in (data / "hotline.db").read_bytes()
