"""SIP messages (RFC 3261) as values: parse and serialise. No sockets, no clock, no randomness.

Header names are kept as they came, compact forms are written out; bytes that are not UTF-8 survive a round trip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from phone.address import Address, join_params, split_list, split_params

COOKIE = "z9hG4bK"  # every branch made by an RFC 3261 element begins so
MAX_DATAGRAM = 65535
_COMPACT = {
    "i": "Call-ID", "m": "Contact", "e": "Content-Encoding", "l": "Content-Length", "c": "Content-Type", "f": "From",
    "s": "Subject", "k": "Supported", "t": "To", "v": "Via", "r": "Refer-To", "x": "Session-Expires",
}  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_PHRASES = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required",
    408: "Request Timeout", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
    486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
    500: "Server Internal Error", 503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}  # fmt: skip


class SipError(ValueError):
    """Not a SIP message, or one that must not be sent. Never quotes the message: it may hold a citizen's number."""


@dataclass(frozen=True, slots=True)
class Message:
    """What requests and responses share: headers in their order, and a body."""

    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first value under this name, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def every(self, name: str) -> list[str]:
        """All values under this name, comma lists taken apart."""
        return [part for key, value in self.headers if key.lower() == name.lower() for part in split_list(value)]

    def with_header(self, name: str, value: str) -> Self:
        """The first header of this name replaced, or added at the end."""
        headers = list(self.headers)
        at = next((i for i, (key, _) in enumerate(headers) if key.lower() == name.lower()), None)
        if at is None:
            headers.append((name, value))
        else:
            headers[at] = (name, value)
        return replace(self, headers=tuple(headers))

    def without(self, name: str) -> Self:
        return replace(self, headers=tuple(h for h in self.headers if h[0].lower() != name.lower()))

    @property
    def call_id(self) -> str:
        return self.header("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        number, _, method = self.header("CSeq").strip().partition(" ")
        return (int(number), method.strip()) if number.isascii() and number.isdigit() else (0, "")

    @property
    def branch(self) -> str:
        via = self.every("Via")
        return split_params(via[0])[1].get("branch", "") if via else ""

    @property
    def from_(self) -> Address:
        return Address.parse(self.header("From"))

    @property
    def to(self) -> Address:
        return Address.parse(self.header("To"))

    @property
    def contact(self) -> str:
        """The URI of the first Contact, or nothing."""
        values = self.every("Contact")
        return Address.parse(values[0]).uri if values else ""


@dataclass(frozen=True, slots=True)
class Request(Message):
    method: str = "OPTIONS"
    uri: str = "sip:localhost"

    @property
    def first_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"


@dataclass(frozen=True, slots=True)
class Response(Message):
    status: int = 200
    phrase: str = "OK"

    @property
    def first_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.phrase}"


def serialise(message: Request | Response) -> bytes:
    """The message on the wire. Refuses line ends in any field: they would inject headers."""
    lines = [message.first_line, *(f"{name}: {value}" for name, value in message.without("Content-Length").headers)]
    if any(char in line for line in lines for char in "\r\n\0"):
        raise SipError("a header or the first line holds a line end")
    lines.append(f"Content-Length: {len(message.body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + message.body


def parse(data: bytes) -> Request | Response:
    """The message in this datagram. Raises SipError for anything else, and nothing else."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        raise SipError("no empty line after the headers")
    first, _, rest = head.decode("utf-8", "surrogateescape").lstrip("\r\n").partition("\r\n")
    headers = tuple(_parse_headers(rest))
    body = _cut(body, Message(headers).header("Content-Length"))
    headers = tuple(h for h in headers if h[0].lower() != "content-length")
    return _response(first, headers, body) if first.startswith("SIP/2.0 ") else _request(first, headers, body)


def _parse_headers(text: str) -> Iterable[tuple[str, str]]:
    unfolded = re.sub(r"\r\n[ \t]+", " ", text)
    for line in unfolded.split("\r\n") if unfolded else []:
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not _TOKEN.fullmatch(name):
            raise SipError("a header line without a name")
        yield _COMPACT.get(name.lower(), name), value.strip(" \t")


def _cut(body: bytes, length: str) -> bytes:
    """Content-Length rules; a datagram shorter than it was cut on the way."""
    if not length:
        return body
    if not (length.isascii() and length.isdigit()) or len(length) > 6 or int(length) > len(body):
        raise SipError("Content-Length does not fit")
    return body[: int(length)]


def _response(first: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Response:
    _, status, *phrase = first.split(" ", 2)
    if not re.fullmatch(r"[1-6][0-9][0-9]", status):
        raise SipError("a response without a status")
    return Response(headers, body, int(status), phrase[0] if phrase else "")


def _request(first: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Request:
    parts = first.split(" ")
    if len(parts) != 3 or parts[2] != "SIP/2.0" or not _TOKEN.fullmatch(parts[0]) or not parts[1]:
        raise SipError("neither a request nor a response")
    return Request(headers, body, parts[0], parts[1])


def answer(request: Request, status: int, *, to_tag: str = "", source: tuple[str, int] | None = None) -> Response:
    """The skeleton of a response (RFC 3261 8.2.6): Via, From, To, Call-ID and CSeq as they came."""
    to = request.header("To")
    if to_tag and not Address.parse(to).tag:
        to = f"{to};tag={to_tag}"
    vias = [("Via", via) for via in request.every("Via")]
    if vias and source:
        vias[0] = ("Via", _with_received(vias[0][1], source))
    routes = [("Record-Route", route) for route in request.every("Record-Route")]
    rest = [
        ("From", request.header("From")),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", request.header("CSeq")),
    ]
    return Response((*vias, *routes, *rest), b"", status, phrase(status))


def _with_received(via: str, source: tuple[str, int]) -> str:
    """RFC 3581: tell the sender where its request came from."""
    head, params = split_params(via)
    if "rport" in params:
        params |= {"rport": str(source[1]), "received": source[0]}
    return head + join_params(params.items())


def phrase(status: int) -> str:
    return _PHRASES.get(status, "Unknown")
