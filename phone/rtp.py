"""The audio of one call on a socket, and the one clock that paces all calls of the process.

Frame n of the clock is due at start + n * 20 ms, whatever happened before, so nothing drifts. After a stall frames are
sent late rather than lost; after a long one the timestamps jump, as they would on a telephone that was cut off.
"""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable

from phone import g711
from phone.heard import Heard, KeysHeard
from phone.loop import Loop, Timer
from phone.packets import FRAME, pack, pack_event, unpack, unpack_event
from phone.sdp import CODECS, Description
from phone.sip import SipError
from phone.voice import Voice, coded_tone

_TICK = 0.02
_CATCH_UP = 25  # frames sent late at most
_STAMP = 35  # SO_TIMESTAMPNS on Linux: the kernel notes when a packet came, however late we look
_TIMESPEC = struct.Struct("@ll")


class Pacer:
    """Calls every stream once per 20 ms. Asleep while there is none."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._streams: dict[Stream, None] = {}
        self._lock = threading.Lock()
        self._start = 0.0
        self._tick = 0
        self._timer: Timer | None = None

    def add(self, stream: Stream) -> None:
        with self._lock:
            self._streams[stream] = None
            if self._timer is None:
                self._start, self._tick = time.monotonic(), 0
                self._timer = self._loop.at(self._start, self._beat)

    def remove(self, stream: Stream) -> None:
        with self._lock:
            self._streams.pop(stream, None)

    def _beat(self) -> None:
        due = int((time.monotonic() - self._start) / _TICK)
        self._tick = max(self._tick, due - _CATCH_UP)
        while self._tick <= due:
            for stream in self._snapshot():
                stream.send_frame(self._tick)
            self._tick += 1
        with self._lock:
            busy = bool(self._streams)
            self._timer = self._loop.at(self._start + self._tick * _TICK, self._beat) if busy else None

    def _snapshot(self) -> list[Stream]:
        with self._lock:
            return list(self._streams)


class Stream:
    """Sends what `voice` says and records into `heard`; both ends change only by `connect`."""

    def __init__(self, loop: Loop, pacer: Pacer, host: str, changed: Callable[[], None]) -> None:
        self.voice = Voice()
        self.heard = Heard()
        self.keys = KeysHeard()
        self._loop, self._pacer, self._changed = loop, pacer, changed
        self._socket = _even_socket(host)
        self.host, self.port = self._socket.getsockname()[:2]
        self._seq, self._base, self._source = random.getrandbits(16), random.getrandbits(32), random.getrandbits(32)
        self._to: tuple[str, int] | None = None
        self._names: dict[int, str] = {}
        self._codec_number = 0
        self._events: int | None = None
        self._sending = self._fresh = False
        self._lock = threading.Lock()
        loop.watch(self._socket, self._readable)

    def connect(self, remote: Description, *, sends: bool) -> None:
        """Who we talk with from now on, in what codec, and whether we may be heard."""
        codec = remote.codec
        with self._lock:
            self.voice.use(codec)
            self._codec_number, self._events = remote.payloads[codec], remote.events
            self._names = {number: name for name, number in remote.payloads.items()} | {v: k for k, v in CODECS.items()}
            self._to = (socket.gethostbyname(remote.host), remote.port) if remote.host else None
            self._fresh = True
            self._sending = sends and remote.port > 0 and self._to is not None and self._to[0] != "0.0.0.0"  # noqa: S104

    def start(self) -> None:
        """Talk (or send silence) from now on, until closed."""
        self._pacer.add(self)

    def close(self) -> None:
        self._pacer.remove(self)
        with self._lock:
            self._sending = False
        self._loop.close(self._socket)

    def say(self, samples: Iterable[int], *, loop: bool = False) -> None:
        """Play this from now on, once or for ever. Coding a long sound takes a while, so it is done before the lock."""
        codec = self.voice.codec
        sound = g711.encode(samples, codec)
        with self._lock:
            self.voice.say(sound, codec, loop=loop)

    def say_tone(self, hz: float, level: float) -> None:
        with self._lock:
            self.voice.say(coded_tone(hz, level, self.voice.codec), self.voice.codec, loop=True)

    def echo(self) -> None:
        with self._lock:
            self.voice.echo()

    def press(self, keys: str) -> None:
        if self._events is None:
            raise SipError("the other side takes no telephone events (RFC 4733)")
        with self._lock:
            self.voice.press(keys)

    def send_frame(self, tick: int) -> None:
        with self._lock:
            before = self.voice.played, self.voice.pressed
            if self._sending and self._to:
                self._send(self._base + tick * FRAME)
            changed = before != (self.voice.played, self.voice.pressed)
        if changed:
            self._changed()

    def _send(self, timestamp: int) -> None:
        frame = self.voice.next_frame()
        if frame.event and self._events is not None:
            number, data = self._events, pack_event(frame.event)
            marker = frame.first_of_key
        elif frame.data:
            number, data, marker = self._codec_number, frame.data, self._fresh
            self._fresh = False
        else:
            return
        packet = pack(number, self._seq, timestamp - frame.back, self._source, data, marker=marker)
        self._seq += 1
        try:
            self._socket.sendto(packet, self._to)  # type: ignore[arg-type]
        except OSError:
            return  # nobody listens there (any more); RTP does not care

    def _readable(self) -> None:
        try:
            data, notes, _, source = self._socket.recvmsg(4096, 64)
        except OSError:
            return
        packet = unpack(data)
        if packet is None or source[:2] != self._to:
            return
        name = self._names.get(packet.payload)
        if name in CODECS:
            self.heard.add(packet, name, _arrival(notes))
            with self._lock:
                self.voice.heard(packet.data, name)
        elif name:
            self._hear_key(packet.timestamp, packet.data)

    def _hear_key(self, timestamp: int, data: bytes) -> None:
        event = unpack_event(data)
        if event and self.keys.add(timestamp, event.key):
            self._changed()


def _even_socket(host: str) -> socket.socket:
    """RTP lives on an even port: the odd one above is where the other side sends its RTCP."""
    while True:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, 0))
        if sock.getsockname()[1] % 2 == 0:
            break
        sock.close()
    sock.setblocking(False)
    with contextlib.suppress(OSError):  # not Linux: the time of reading has to do
        sock.setsockopt(socket.SOL_SOCKET, _STAMP, 1)
    return sock


def _arrival(notes: list[tuple[int, int, bytes]]) -> float:
    """The monotonic time at which the kernel took the packet in."""
    now = time.monotonic()
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == _STAMP and len(data) >= _TIMESPEC.size:
            seconds, nanos = _TIMESPEC.unpack_from(data)
            age = time.time() - (seconds + nanos / 1e9)
            return now - age if 0 <= age < 10 else now
    return now
