"""G.711, the codec of the telephone network: mu-law (PCMU) and A-law (PCMA) by table. Pure.

Recordings are kept in their coded form and turned into samples only when somebody looks at them.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable

SILENCE = {"PCMU": 0xFF, "PCMA": 0xD5}


def _from_ulaw(code: int) -> int:
    code = ~code & 0xFF
    value = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return -value if code & 0x80 else value


def _from_alaw(code: int) -> int:
    code ^= 0x55
    segment, value = (code & 0x70) >> 4, (code & 0x0F) << 4
    value = value + 8 if segment == 0 else value + 0x108 << segment - 1
    return value if code & 0x80 else -value


_DECODED = {"PCMU": [_from_ulaw(code) for code in range(256)], "PCMA": [_from_alaw(code) for code in range(256)]}
_LOW = {name: bytes(value & 0xFF for value in table) for name, table in _DECODED.items()}
_HIGH = {name: bytes(value >> 8 & 0xFF for value in table) for name, table in _DECODED.items()}


def _encoding(codec: str) -> bytes:
    """For every 12-bit-or-so step of the input the nearest code; indexed by (sample + 32768) >> 2."""
    ordered = sorted((value, code) for code, value in enumerate(_DECODED[codec]))
    table, at = bytearray(), 0
    for step in range(16384):
        sample = step * 4 - 32766
        while at + 1 < 256 and abs(ordered[at + 1][0] - sample) <= abs(ordered[at][0] - sample):
            at += 1
        table.append(ordered[at][1])
    return bytes(table)


_CODES = {codec: _encoding(codec) for codec in SILENCE}


def encode(samples: Iterable[int], codec: str) -> bytes:
    """16-bit samples -> one byte each."""
    table = _CODES[codec]
    return bytes(table[(sample + 32768) >> 2] for sample in samples)


def decode(data: bytes | bytearray, codec: str) -> array[int]:
    """One byte each -> 16-bit samples. Two table look-ups over the whole, no loop in Python."""
    wide = bytearray(2 * len(data))
    wide[0::2], wide[1::2] = data.translate(_LOW[codec]), data.translate(_HIGH[codec])
    samples = array("h", bytes(wide))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def convert(data: bytes, old: str, new: str) -> bytes:
    return data if old == new else encode(decode(data, old), new)
