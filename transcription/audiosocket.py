"""Asterisk's AudioSocket protocol as a pure decoder: bytes in, frames out.

A frame is one byte of kind, two bytes of length (big-endian) and that many bytes. A peer must name itself with a UUID
before it sends sound. Anything else is a `BadFrame`: the peer is not Asterisk, and the connection should be closed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from enum import IntEnum

HEADER_BYTES = 3


class FrameKind(IntEnum):
    HANGUP = 0x00
    UUID = 0x01
    KEY = 0x03  # a DTMF digit: not ours to read
    SOUND = 0x10  # signed 16 bit, 8 kHz, little-endian, mono
    ERROR = 0xFF


class BadFrame(ValueError):
    """The peer does not speak AudioSocket."""


class Decoder:
    """Collects bytes and yields whole frames. `tap` is the peer's UUID once it has told it."""

    def __init__(self) -> None:
        self.tap = ""
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[FrameKind, bytes]]:
        """The frames that are complete now. At most one frame (64 KB) is ever kept back."""
        self._rest += data
        at = 0
        try:
            while (end := self._end_of_frame(at)) is not None:
                frame = self._checked(self._rest[at], bytes(self._rest[at + HEADER_BYTES : end]))
                at = end
                yield frame
        finally:
            del self._rest[:at]

    def _end_of_frame(self, at: int) -> int | None:
        if len(self._rest) - at < HEADER_BYTES:
            return None
        end = at + HEADER_BYTES + int.from_bytes(self._rest[at + 1 : at + HEADER_BYTES], "big")
        # An unknown kind is refused at once: waiting for 64 KB of garbage would only cost memory.
        self._kind(self._rest[at])
        return end if end <= len(self._rest) else None

    def _checked(self, number: int, body: bytes) -> tuple[FrameKind, bytes]:
        kind = self._kind(number)
        if kind is FrameKind.UUID:
            if self.tap or len(body) != 16:
                raise BadFrame("a second or malformed UUID")
            self.tap = str(uuid.UUID(bytes=body))
        elif not self.tap and kind in (FrameKind.SOUND, FrameKind.KEY):
            raise BadFrame("sound before the UUID")
        return kind, body

    @staticmethod
    def _kind(number: int) -> FrameKind:
        try:
            return FrameKind(number)
        except ValueError:
            raise BadFrame(f"unknown kind {number:#04x}") from None
