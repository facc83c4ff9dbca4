"""To which addresses a department's URL may lead. Every address a name resolves to must be good, or none is used.

The public internet only, by https and to the usual ports; a private government network, by http and any port too, when
an administrator has written it into the department's list (or into `HOTLINE_DELIVERY_NETWORKS`). Never to the hotline's
own ports on this machine: Asterisk and we ourselves listen there. Pure, but for `resolve`.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from config.settings import Settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# `is_global` says yes to much of IPv6 that leads inside (fec0::/10) or to an IPv4 address written in it (::/96,
# 64:ff9b::/96, 2002::/16): only what is given out to the public is public.
_PUBLIC_IPV6, _TUNNEL = ip_network("2000::/3"), ip_network("2002::/16")
_LONGEST_URL = 2000


class BadAddress(ValueError):
    """This URL must not be called. The message is for the administrator."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` is what the URL says, without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """Refuses what is no plain web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddress("这不是有效的网址") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress("网址应以 https:// 开头，并写明主机名")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc or "%" in parts.netloc:
        raise BadAddress("网址里不能带用户名、密码或 %")
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadAddress("网址过长，或含有空格、中文等字符")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or (80 if parts.scheme == "http" else 443), path)


def networks(texts: Sequence[str]) -> list[Network]:
    try:
        return [ip_network(text, strict=False) for text in texts]
    except ValueError:
        raise BadAddress("允许的网段应写成 CIDR，例如 10.20.0.0/16") from None


@dataclass(frozen=True, slots=True)
class Rules:
    """`allowed`: the private networks that may be called. `public_ports`: what may be called elsewhere. `own_ports`:
    where the hotline itself listens on this machine."""

    allowed: tuple[Network, ...] = ()
    public_ports: tuple[int, ...] = (443, 8443)
    own_ports: frozenset[int] = frozenset()


def rules(settings: Settings, of_department: Sequence[str]) -> Rules:
    """Raises BadAddress for what is no network."""
    allowed = networks([*of_department, *settings.reachable_networks])
    return Rules(tuple(allowed), settings.delivery_ports, settings.own_ports)


def choose(target: Target, addresses: Sequence[Address], rules: Rules) -> Address:
    """The address to call. Raises BadAddress when any of them is bad."""
    if not addresses:
        raise BadAddress("主机名无法解析")
    plain = [_unwrapped(address) for address in addresses]
    if not all(_listed(each, rules) or _public(each) for each in plain):
        raise BadAddress("地址不在公网，也不在允许的网段内；确有需要时，由管理员把网段写入 networks")
    outside = not all(_listed(each, rules) for each in plain)
    if target.scheme == "http" and outside:
        raise BadAddress("公网地址必须使用 https")
    if outside and target.port not in rules.public_ports:
        raise BadAddress(f"公网地址只能用端口 {'、'.join(map(str, rules.public_ports))}（delivery_ports）")
    if target.port in rules.own_ports and any(each.is_loopback for each in plain):
        raise BadAddress("这是热线系统自己的端口")
    return plain[0]


def is_inside(addresses: Sequence[Address], rules: Rules) -> bool:
    """Does every address lie in the listed networks?"""
    return bool(addresses) and all(_listed(_unwrapped(each), rules) for each in addresses)


def vetted(url: str, rules: Rules) -> tuple[Target, Address]:
    """The one way to a department: taken apart, resolved once, every address checked. Raises BadAddress."""
    target = parse(url)
    return target, choose(target, resolve(target), rules)


def resolve(target: Target) -> list[Address]:
    """Every address of the host, as the operating system reads it (octal, decimal and other spellings included)."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ip_address(str(sockaddr[0]).partition("%")[0]) for *_rest, sockaddr in found]


def _listed(address: Address, rules: Rules) -> bool:
    return any(address in network for network in rules.allowed)


def _unwrapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _public(address: Address) -> bool:
    if address.version == 6 and (address not in _PUBLIC_IPV6 or address in _TUNNEL):
        return False
    return address.is_global and not address.is_multicast
