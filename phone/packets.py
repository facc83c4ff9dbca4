"""RTP packets (RFC 3550) and telephone events (RFC 4733) as bytes. Pure."""

from __future__ import annotations

import struct
from typing import NamedTuple

FRAME = 160  # samples in 20 ms at 8 kHz
RATE = 8000
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_KEYS = "0123456789*#ABCD"
_VOLUME = 10  # -10 dBm0, as telephones send


class Packet(NamedTuple):
    payload: int
    marker: bool
    seq: int
    timestamp: int
    source: int
    data: bytes


class Event(NamedTuple):
    """One packet of a pressed key: several tell of the same press, under one RTP timestamp."""

    key: str
    end: bool
    duration: int


def pack(payload: int, seq: int, timestamp: int, source: int, data: bytes, *, marker: bool = False) -> bytes:
    kind = payload | (0x80 if marker else 0)
    return _HEADER.pack(0x80, kind, seq & 0xFFFF, timestamp & 0xFFFFFFFF, source) + data


def unpack(data: bytes) -> Packet | None:
    """None for anything that is no RTP: garbage, RTCP, STUN."""
    if len(data) < 12 or data[0] >> 6 != 2 or 192 <= data[1] <= 223:
        return None
    first, kind, seq, timestamp, source = _HEADER.unpack_from(data)
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if first & 0x20 else 0)
    return Packet(kind & 0x7F, bool(kind & 0x80), seq, timestamp, source, data[start:end]) if end >= start else None


def pack_event(event: Event) -> bytes:
    return _EVENT.pack(_KEYS.index(event.key), (0x80 if event.end else 0) | _VOLUME, event.duration & 0xFFFF)


def unpack_event(data: bytes) -> Event | None:
    if len(data) < 4:
        return None
    code, flags, duration = _EVENT.unpack_from(data)
    return Event(_KEYS[code], bool(flags & 0x80), duration) if code < len(_KEYS) else None


def is_key(char: str) -> bool:
    return len(char) == 1 and char in _KEYS


def ahead(new: int, old: int, bits: int = 32) -> int:
    """How far `new` lies after `old` on a counter that wraps; negative when before."""
    half = 1 << bits - 1
    return ((new - old + half) & ((1 << bits) - 1)) - half
