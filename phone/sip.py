"""SIP messages (RFC 3261) as values: parse and serialise. No sockets, no clock, no randomness.

Header names are kept as they came, compact forms are written out; bytes that are not UTF-8 survive a round trip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote

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


@dataclass(frozen=True, slots=True)
class Address:
    """`"市民" <sip:138@host>;tag=x` as in From, To, Contact, Route. Parameters are those of the header."""

    uri: str
    display: str = ""
    params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Address:
        display, uri, rest = _take_apart(text.strip())
        return cls(uri, display, tuple(split_params(rest)[1].items()))

    def __str__(self) -> str:
        shown = '"' + re.sub(r'(["\\])', r"\\\1", self.display) + '" ' if self.display else ""
        return f"{shown}<{self.uri}>{join_params(self.params)}"

    def param(self, name: str) -> str:
        return dict(self.params).get(name, "")

    @property
    def tag(self) -> str:
        return self.param("tag")

    def with_tag(self, tag: str) -> Address:
        return replace(self, params=(*(p for p in self.params if p[0] != "tag"), ("tag", tag)))

    @property
    def user(self) -> str:
        return Uri.parse(self.uri).user


@dataclass(frozen=True, slots=True)
class Uri:
    """`sip:user@host:port;params`. `user` is unescaped; the port is 0 where none is written."""

    user: str
    host: str
    port: int = 0
    params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Uri:
        rest, params = split_params(text.partition("?")[0])
        rest = rest.partition(":")[2] if rest.lower().startswith(("sip:", "sips:", "tel:")) else rest
        user, at, place = rest.rpartition("@")
        if not at and text.lower().startswith("tel:"):
            user, place = place, ""
        host, colon, port = place.rpartition(":")
        if not (colon and port.isascii() and port.isdigit() and int(port) < 65536):
            host, port = place, "0"
        return cls(unquote(user.partition(":")[0]), host, int(port), tuple(params.items()))

    def __str__(self) -> str:
        user = quote(self.user, safe="-_.!~*'()&=+$,/") + "@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"sip:{user}{self.host}{port}{join_params(self.params)}"

    @property
    def loose(self) -> bool:
        return "lr" in dict(self.params)


def _take_apart(text: str) -> tuple[str, str, str]:
    """Display name, URI, and what follows."""
    display = ""
    if quoted := re.match(r'"((?:[^"\\]|\\.)*)"\s*', text, re.DOTALL):
        display, text = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL), text[quoted.end() :]
    before, bracket, after = text.partition("<")
    if bracket:
        uri, _, rest = after.partition(">")
        return display or before.strip(), uri, rest
    uri, semicolon, rest = text.partition(";")
    return display, uri.strip(), semicolon + rest


def split_list(value: str) -> list[str]:
    """`a, "b, c", <d,e>` -> three parts: commas in quotes and angle brackets do not count."""
    return _split(value, ",")


def _split(value: str, mark: str) -> list[str]:
    parts, start, quoted, angle, skip = [], 0, False, False, False
    for i, char in enumerate(value):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = char == "\\", char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            angle = char == "<"
        elif char == mark and not angle:
            parts.append(value[start:i].strip())
            start = i + 1
    return [part for part in [*parts, value[start:].strip()] if part]


def split_params(text: str) -> tuple[str, dict[str, str]]:
    """`x;a=1;b="2"` -> x, {a: 1, b: 2}. Names in lower case; a flag has an empty value."""
    head, semicolon, rest = text.partition(";")
    params: dict[str, str] = {}
    for part in _split(rest, ";") if semicolon else []:
        name, _, value = part.partition("=")
        params.setdefault(name.strip().lower(), value.strip().strip('"'))
    return head.strip(), params


def join_params(params: Iterable[tuple[str, str]]) -> str:
    return "".join(f";{name}={value}" if value else f";{name}" for name, value in params)


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
