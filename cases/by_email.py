"""The channel `email`: the printable order, by the city's own mail server. Delivered: accepted by that server.

A mail server cannot be asked to take a message once only, so an e-mail may come twice after a crash; both have the same
Message-ID, by which mail programs show one. The link to sign with works once, whichever of them it is taken from.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from cases.parcel import Parcel
from cases.post import Outcome
from cases.sheet import Sheet, as_html, as_text, sheet_of
from cases.words import Event, Urgency
from config.settings import Settings


def send(parcel: Parcel) -> Outcome:
    settings = parcel.settings
    if not settings.smtp_host:
        return Outcome(0, "没有配置邮件服务器（smtp_host）")
    return hand_over(letter(parcel), settings)


def hand_over(letter: EmailMessage, settings: Settings) -> Outcome:
    """Never raises for anything the mail server can do. Nothing it says is quoted, for it may name people."""
    try:
        _hand_over(letter, settings)
    except smtplib.SMTPRecipientsRefused as refused:
        code = next((code for code, _text in refused.recipients.values()), 550)
        return Outcome(code, f"邮件服务器不接受这个收件地址（SMTP {code}）", final=code >= 500)
    except smtplib.SMTPAuthenticationError as problem:
        return Outcome(problem.smtp_code, "邮件服务器拒绝登录，请检查 smtp_user 和 smtp_password")
    except smtplib.SMTPResponseException as problem:
        return Outcome(problem.smtp_code, f"邮件服务器拒收（SMTP {problem.smtp_code}）")
    except ssl.SSLError:
        return Outcome(0, "与邮件服务器的 TLS 连接失败（证书或协议）")
    except (smtplib.SMTPException, OSError) as problem:
        return Outcome(0, f"连接邮件服务器失败（{type(problem).__name__}）")
    return Outcome(250, receipt="邮件服务器已接收（SMTP 250）")


def letter(parcel: Parcel) -> EmailMessage:
    """The order as text and HTML."""
    case, row = parcel.case, parcel.row
    event, sheet = Event(row.event), _sheet(parcel)
    written = _addressed(parcel.target.email, f"【12345】{event.label} {case.number}（{Urgency(case.urgency).label}）",
                         parcel.settings)  # fmt: skip
    written["Message-ID"] = f"<{row.id}@{_domain(written['From'])}>"
    written["Date"] = format_datetime(row.created_at)
    written.set_content(as_text(sheet))
    written.add_alternative(as_html(sheet), subtype="html")
    return written


def trial(address: str, settings: Settings) -> Outcome:
    """A letter that says nothing but that letters arrive."""
    written = _addressed(address, "【12345】测试邮件", settings)
    written.set_content("这是 12345 热线系统的测试邮件。收到即表示工单可以送达，无需回复。\n")
    return hand_over(written, settings)


def _sheet(parcel: Parcel) -> Sheet:
    page = ("登录网页办理", f"{parcel.settings.link_base}/department")
    signing = ("点此签收（一次有效）", parcel.signing_link)
    links = [signing, page] if parcel.signing_link else [page]
    event = Event(parcel.row.event)
    return sheet_of(parcel.case, parcel.share, parcel.city, event=event, told=parcel.row.body, links=links)


def _hand_over(letter: EmailMessage, settings: Settings) -> None:
    seconds, context = settings.delivery_timeout_seconds, ssl.create_default_context()
    if settings.smtp_tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=seconds, context=context
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=seconds)
    try:
        if settings.smtp_tls == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(letter)
    finally:
        with suppress(smtplib.SMTPException, OSError):  # it is accepted, or it is not, whatever the goodbye is like
            server.quit()


def _addressed(to: str, subject: str, settings: Settings) -> EmailMessage:
    written = EmailMessage()
    written["From"] = settings.smtp_from or settings.smtp_user or f"hotline@{settings.smtp_host}"
    written["To"], written["Subject"] = to, subject
    written["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers, please
    return written


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "hotline.invalid"
