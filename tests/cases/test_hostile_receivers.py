"""Departments' systems, and whoever sits at their addresses, that want to harm us."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from test_delivery import Desk

from cases import addresses, post
from cases.addresses import BadAddress
from cases.words import Role

SECONDS = 1.0


@contextmanager
def listens(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A listener that treats one connection however it likes; its port."""

    def serve() -> None:
        line, _from = listening.accept()
        with line, suppress(OSError):
            answer(line)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


@contextmanager
def says(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Reads one request and answers whatever it likes."""

    def hear_and_answer(line: socket.socket) -> None:
        line.recv(65536)
        answer(line)

    with listens(hear_and_answer) as port:
        yield port


def posted(answer: Callable[[socket.socket], None]) -> post.Outcome:
    with says(answer) as port:
        target = addresses.parse(f"http://department.example:{port}/hook")
        began = time.monotonic()
        outcome = post.ask(post.Request(target, ip_address("127.0.0.1"), b"{}"), seconds=SECONDS).outcome
        assert time.monotonic() - began < SECONDS + 2
        return outcome


def refusing(headers: bytes) -> Callable[[socket.socket], None]:
    return lambda line: line.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n" + headers + b"\r\n\r\n")


def for_ever(piece: bytes, head: bytes = b"") -> Callable[[socket.socket], None]:
    def answer(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            line.sendall(piece)

    return answer


@pytest.mark.parametrize(
    "value",
    [b"9" * 400, b"9" * 20, b"\xb2", b"-5", b"1e300", b"nan", b"inf", b"Fri, 31 Dec 9999 23:59:59 GMT", b"Thu, 01 Jan"],
)
def test_no_answer_puts_a_delivery_off_for_longer_than_a_day(value):
    outcome = posted(refusing(b"Retry-After: " + value))

    assert outcome.status == 503
    assert 0 <= (outcome.retry_after_seconds or 0) <= 86_400


@pytest.mark.parametrize(
    "answer",
    [
        for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"),
        for_ever(b"X-More: " + b"x" * 1000 + b"\r\n", b"HTTP/1.1 200 OK\r\n"),
        for_ever(b"\0\xff noise" * 100),
        lambda line: line.sendall(b"HTTP/1.1 999999 x\r\n\r\n"),
        lambda line: line.sendall(b"220 mail.example ESMTP\r\n"),
        lambda line: None,
    ],
)
def test_whatever_is_no_answer_is_a_failure_in_time(answer):
    outcome = posted(answer)

    assert not outcome.arrived
    assert outcome.problem


def test_an_endless_body_after_a_good_head_is_not_read():
    endless = for_ever(b"x" * 65536, b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")

    assert posted(endless).arrived


def test_nothing_that_a_receiver_says_is_repeated_to_anybody():
    outcome = posted(lambda line: line.sendall(b"HTTP/1.1 500 SECRET\r\nX-A: SECRET\r\n\r\nSECRET"))

    assert outcome == post.Outcome(500, "HTTP 500", None)


def test_a_redirect_to_our_own_inside_is_not_followed():
    outcome = posted(lambda line: line.sendall(b"HTTP/1.1 307 x\r\nLocation: http://169.254.169.254/\r\n\r\n"))

    assert (outcome.status, outcome.arrived) == (307, False)


def test_a_wild_wait_is_recorded_and_the_delivery_goes_on(sqlite, city, settings, receiver):
    desk = Desk(sqlite, city, settings, receiver)
    receiver.plan = [f"503 Retry-After={'9' * 300}", "ok"]
    number = desk.dispatch()

    waiting = desk.deliver(number)
    assert waiting.state == "waiting"
    assert waiting.due_at - desk.clock() <= timedelta(days=1)
    assert desk.deliver(number).state == "delivered"


@pytest.mark.parametrize(
    "host", ["[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[fec0::1]", "[5f00::1]", "[4000::1]", "[::1%25lo]", "[2001::1]"]
)
def test_ipv6_leads_to_the_public_internet_or_nowhere(host):
    def called() -> object:
        target = addresses.parse(f"https://{host}/")
        return addresses.choose(target, addresses.resolve(target), addresses.Rules())

    with pytest.raises(BadAddress):
        called()


def test_public_ipv6_is_good():
    target = addresses.parse("https://[2400:da00::6666]/")

    assert addresses.choose(target, [ip_address("2400:da00::6666")], addresses.Rules())


def test_a_name_server_that_takes_its_time_holds_up_nobody(small_office, monkeypatch):
    """While the address of one department is looked up, others go on writing: the lock of SQLite is not held."""
    asked, go_on = threading.Event(), threading.Event()

    def slow(_target: object) -> list[object]:
        asked.set()
        go_on.wait(20)
        return []

    monkeypatch.setattr(addresses, "resolve", slow)
    admin, wang = small_office.person("admin", Role.ADMINISTRATOR), small_office.person("wang", Role.OPERATOR)
    url = {"url": "https://slow.example/"}
    setting = threading.Thread(target=lambda: admin.put("/departments/cgj/endpoint", json=url))
    setting.start()
    assert asked.wait(5)
    began = time.monotonic()
    case = wang.post("/cases", json={"kind": "complaint", "category": "environment", "summary": "异味"})
    took = time.monotonic() - began
    go_on.set()
    setting.join()

    assert case.status_code == 201
    assert took < 3
    assert admin.get("/departments/cgj/endpoint").json()["url"] == url["url"]


def test_the_vetted_address_is_called_and_the_name_is_asked_for(tmp_path):
    """The connection goes to the address that was checked; the certificate is asked of, and checked for, the name."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_self_signed(tmp_path, "department.example"))
    context.sni_callback = lambda _line, name, _context: asked.append(name)

    def shake_hands(line: socket.socket) -> None:
        with suppress(ssl.SSLError):
            context.wrap_socket(line, server_side=True)

    with listens(shake_hands) as port:
        target = addresses.parse(f"https://department.example:{port}/hook")
        answer = post.ask(post.Request(target, ip_address("127.0.0.1"), b"{}"), seconds=5)

    assert asked == ["department.example"]
    assert (answer.outcome.status, answer.outcome.arrived) == (0, False), "nobody vouches for this certificate"


def _self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "private.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private
