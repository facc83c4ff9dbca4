"""What came out of the earpiece, on a time line: kept as coded bytes, asked for as samples.

Within one stream the place of a packet follows its RTP timestamp, so jitter leaves no holes; when a stream begins,
jumps or changes, its place follows the time of arrival. What was lost is silence.
"""

from __future__ import annotations

import threading
from array import array

from phone import g711
from phone.packets import RATE, Packet, ahead

_EARLY = int(0.3 * RATE)  # a timestamp this far ahead of the clock has jumped;
_LATE = RATE  # one this far behind it too, for a sender that stalls catches up within a second
_SMOOTH = 0.05  # weight of the newest packet in the average delay
_KEYS_HELD = 64  # how many presses are remembered to tell repeats from new ones


class Heard:
    """The recording of one call. Written by the loop, read by anyone."""

    def __init__(self) -> None:
        self.started_at: float | None = None  # monotonic time of the first sample
        self.codec = "PCMU"
        self.packets = 0
        self._data = bytearray()
        self._delay = 0.0  # of packets behind their place, in samples: the network's mood since the first one
        self._last: tuple[int, int, int, int] | None = None  # source, seq, timestamp, place of the newest packet
        self._lock = threading.Lock()

    def add(self, packet: Packet, codec: str, arrived: float) -> None:
        with self._lock:
            if self.started_at is None:
                self.started_at, self.codec = arrived, codec
            place = self._place(packet, arrived)
            self._put(place, g711.convert(packet.data, codec, self.codec))
            self.packets += 1

    def _place(self, packet: Packet, arrived: float) -> int:
        """The sample number at which this packet begins."""
        by_clock = round((arrived - (self.started_at or arrived)) * RATE)
        place = by_clock
        if self._last and self._last[0] == packet.source:
            _, seq, timestamp, at = self._last
            by_stamp = at + ahead(packet.timestamp, timestamp)
            if -_EARLY < by_clock - by_stamp < _LATE:
                place = by_stamp
            if ahead(packet.seq, seq, 16) <= 0:
                return place  # late: fills its hole, the newest stays the newest
        self._last = packet.source, packet.seq, packet.timestamp, place
        self._delay += _SMOOTH * (by_clock - place - self._delay)
        return place

    def _put(self, place: int, data: bytes) -> None:
        if place < 0:
            return
        if place > len(self._data):
            self._data.extend(bytes([g711.SILENCE[self.codec]]) * (place - len(self._data)))
        self._data[place : place + len(data)] = data

    def samples(self) -> array[int]:
        """All of it."""
        with self._lock:
            data = bytes(self._data)
        return g711.decode(data, self.codec)

    def between(self, start: float, end: float) -> array[int]:
        """What was heard from one monotonic time to another; silence where nothing came."""
        with self._lock:
            first = round((start - (self.started_at or start)) * RATE - self._delay)
            wanted = max(0, round((end - start) * RATE))
            data = bytes(self._data[max(0, first) : max(0, first + wanted)])
        quiet = bytes([g711.SILENCE[self.codec]])
        data = (quiet * min(wanted, max(0, -first)) + data)[:wanted]
        return g711.decode(data + quiet * (wanted - len(data)), self.codec)


class KeysHeard:
    """Keys pressed at the other side: each press once, however many packets tell of it."""

    def __init__(self) -> None:
        self.keys = ""
        self._seen: list[int] = []

    def add(self, timestamp: int, key: str) -> bool:
        if timestamp in self._seen:
            return False
        self._seen = [*self._seen[-_KEYS_HELD:], timestamp]
        self.keys += key
        return True
