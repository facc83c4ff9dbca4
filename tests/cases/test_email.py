"""Departments that read e-mail: the order arrives whole, hides what it must, and is signed for by one press."""

import asyncio
import re
from datetime import timedelta
from email import message_from_bytes, policy

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select
from test_delivery import Desk

from cases import endpoints
from cases.delivery import Deliveries
from cases.model import AssignmentRow, SigningLink
from cases.words import Channel, Confidentiality, Event
from console.pages import signing

TO = "zhuren@cgj.example.cn"


class OnAnyPort(Controller):
    """The system chooses the port; aiosmtpd wants to know it before it knocks at its own door."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Mailbox:
    """A real mail server. `refuse`: what it answers to the next recipients."""

    def __init__(self) -> None:
        self.letters, self.refuse, self.logins = [], [], []
        self._server = OnAnyPort(self, hostname="127.0.0.1", port=0, authenticator=self._login, auth_require_tls=False)
        self._server.start()
        self.port = self._server.port

    def close(self) -> None:
        self._server.stop()

    def _login(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse:
            return self.refuse.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def mailbox():
    mailbox = Mailbox()
    yield mailbox
    mailbox.close()


def by_email(settings, port: int, **more):
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_tls": "none",
        "smtp_from": "12345 热线 <ho@city.example>",
    }
    return settings.model_copy(update=given | more)


@pytest.fixture
def desk(database, city, settings, receiver, mailbox):
    return _desk(database, city, by_email(settings, mailbox.port), receiver)


def _desk(database, city, settings, receiver) -> Desk:
    desk = Desk(database, city, settings, receiver)
    desk.worker = Deliveries(database, settings, desk.clock, city=city)
    with database.session() as session:
        endpoints.set_endpoint(session, "cgj", None, [], now=desk.clock(), channel=Channel.EMAIL, email=TO)
    return desk


def parts(letter) -> tuple[str, str]:
    return letter.get_body(("plain",)).get_content(), letter.get_body(("html",)).get_content()


def test_the_order_comes_as_text_and_as_html(desk, mailbox):
    number = desk.dispatch(text="坏了三天 <script>alert(1)</script>\n请尽快")

    row = desk.deliver(number)

    assert (row.state, row.channel, row.receipt) == ("delivered", "email", "邮件服务器已接收（SMTP 250）")
    [letter] = mailbox.letters
    text, html = parts(letter)
    assert letter["To"] == TO
    assert number in letter["Subject"]
    assert letter["Message-ID"] == f"<{row.id}@city.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    for needed in (
        number,
        "城市管理局（主办）",
        "投诉 · 城管",
        "路灯不亮",
        "人民路",
        "138****1111",
        "王**",
        "办结期限",
    ):
        assert needed in text, needed
        assert needed in html, needed
    assert "13800001111" not in text + html
    assert "<script>" not in html
    with desk.database.session() as session:
        assert session.scalars(select(AssignmentRow)).one().delivered_at is not None, "送达"


def test_a_confidential_order_does_not_say_who_called(desk, mailbox):
    desk.deliver(desk.dispatch(confidentiality=Confidentiality.CONFIDENTIAL, text="我是王女士，电话 13800001111"))

    text, html = parts(mailbox.letters[0])
    for secret in ("王女士", "13800001111", "138****1111"):
        assert secret not in text + html
    assert "保密件" in text


def test_a_mail_server_that_is_busy_is_asked_again_and_an_unknown_address_is_a_dead_letter(desk, mailbox):
    mailbox.refuse = ["451 later", "550 nobody here"]
    number = desk.dispatch()

    busy = desk.deliver(number)
    assert (busy.state, "451" in busy.last_error) == ("waiting", True)
    assert TO not in busy.last_error
    dead = desk.deliver(number)

    assert (dead.state, dead.alarm_at is not None) == ("dead", True)
    assert mailbox.letters == []


def test_without_a_mail_server_people_are_told(sqlite, city, settings, receiver):
    desk = _desk(sqlite, city, settings, receiver)

    assert "smtp_host" in desk.deliver(desk.dispatch()).last_error


def test_a_mail_server_that_wants_a_login_gets_it(sqlite, city, settings, receiver, mailbox):
    wrong = by_email(settings, mailbox.port, smtp_user="hotline", smtp_password=SecretStr("wrong"))
    desk = _desk(sqlite, city, wrong, receiver)
    number = desk.dispatch()
    assert "smtp_password" in desk.deliver(number).last_error
    right = by_email(settings, mailbox.port, smtp_user="hotline", smtp_password=SecretStr("right"))
    desk.worker = Deliveries(sqlite, right, desk.clock, city=city)

    assert desk.deliver(number).state == "delivered"
    assert mailbox.logins[-1] == (b"hotline", b"right")


def test_a_password_is_never_sent_in_the_clear_when_tls_is_wanted(sqlite, city, settings, receiver, mailbox):
    careful = by_email(
        settings, mailbox.port, smtp_tls="starttls", smtp_user="hotline", smtp_password=SecretStr("right")
    )
    desk = _desk(sqlite, city, careful, receiver)

    assert desk.deliver(desk.dispatch()).state == "waiting", "this server knows no TLS"
    assert mailbox.logins == []


def test_what_georeport_has_no_word_for_goes_by_email(desk):
    with desk.database.session() as session:
        target = endpoints.set_endpoint(session, "cgj", "http://127.0.0.1:9/v2", [], now=desk.clock(),
                                        channel=Channel.OPEN311, email=TO)  # fmt: skip
        assert endpoints.channel_for(target, Event.REMINDER) is Channel.EMAIL
        assert endpoints.channel_for(target, Event.DISPATCHED) is Channel.OPEN311
        target.email = ""
        assert endpoints.channel_for(target, Event.REMINDER) is Channel.PAGE


class Browser:
    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path))

    def post(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("POST", path))

    async def _ask(self, method: str, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hotline") as client:
            return await client.request(method, path)


@pytest.fixture
def browser(desk, city):
    app = FastAPI()
    app.include_router(signing.routes(desk.database, city, desk.clock))
    return Browser(app)


def link_of(letter) -> str:
    return "/sign/" + re.search(r"/sign/([\w-]{43})", parts(letter)[0])[1]


def test_one_press_signs_for_the_department_and_only_once(desk, mailbox, browser):
    number = desk.dispatch()
    desk.deliver(number)
    link = link_of(mailbox.letters[0])

    for _ in range(2):  # a mail filter looks at it first
        shown = browser.get(link)
        assert shown.status_code == 200
        assert "路灯不亮" in shown.text
        assert "13800001111" not in shown.text
    assert _share(desk).signed_at is None
    assert browser.post(link).status_code == 200

    assert (_share(desk).progress, _share(desk).signed_by) == ("signed", "department:cgj")
    for again in (browser.get(link), browser.post(link), browser.get("/sign/" + "x" * 43), browser.get("/sign/%00")):
        assert again.status_code == 404
        assert "路灯" not in again.text


def test_a_link_does_not_live_for_ever_and_its_secret_is_not_kept(desk, mailbox, browser):
    desk.deliver(desk.dispatch())
    link = link_of(mailbox.letters[0])
    with desk.database.session() as session:
        assert link.rpartition("/")[2] not in session.scalars(select(SigningLink)).one().digest

    desk._ahead = timedelta(days=15)

    assert browser.post(link).status_code == 404
    assert _share(desk).signed_at is None


def _share(desk) -> AssignmentRow:
    with desk.database.session() as session:
        return session.scalars(select(AssignmentRow)).one()
