"""Names and places in SIP headers: `"市民" <sip:138@host:port;lr>;tag=x`, comma lists and parameters. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote


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
