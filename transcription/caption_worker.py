"""The process that hears: Asterisk's AudioSocket connections in, captions and answers as JSON lines out.

Started by `transcription.live.Captions` with a listening socket (so that no connection is refused while a new worker
starts) and niced (calls come first). It dies when its parent does: its standard input ends. A line on its standard
input names the tap of a question and the phrases that answer it; every other tap is captioned. Every line it writes is
one JSON object: a caption, an answer, or a `beat` twice a second which says how it is. One thread reads all sockets;
recognition runs in a few threads (Vosk lets go of Python's lock). Reading never waits for recognition, because a full
socket would hold up Asterisk; sound that cannot be heard in time is dropped and counted.

    python -m transcription.caption_worker LISTENING_FD MODEL_PATH NICENESS
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from transcription.audiosocket import BadFrame, Decoder, FrameKind
from transcription.caption import Caption
from transcription.phrases import in_words
from transcription.recognizer import ModelProblem, Recognizer, SpeechModel, load_model
from transcription.tap import Answering, Backlog, Captioning, Hearing
from transcription.understood import Understood

BEAT_SECONDS = 0.5
READ_SECONDS = 0.1  # sound of several frames is read at once: waking up for each would cost more than hearing it
NAME_SECONDS = 5.0  # a peer must have told its UUID by then
IDLE_SECONDS = 3600.0  # a held or muted telephone may send nothing for long, but not for ever
STUCK_SECONDS = 10.0  # one piece of sound takes milliseconds
MAX_TAPS = 512
MAX_UNWRITTEN = 1 << 20  # of captions that nobody reads
MAX_QUESTIONS = 512  # whose taps have not come


class Worker:
    """All taps, the threads that hear them, and the pipe to the parent."""

    def __init__(self, model: SpeechModel) -> None:
        self.model = model
        self.taps: set[Tap] = set()
        self.pool = ThreadPoolExecutor(os.cpu_count() or 1, "hearing")
        self.dropped_seconds = 0.0
        self._questions: dict[str, list[str]] = {}  # tap -> phrases in words of the model
        self._unread = b""
        self._unwritten = bytearray()
        os.set_blocking(sys.stdout.fileno(), False)

    def read(self) -> None:
        """What the parent says. Its end means that the parent is gone."""
        data = os.read(sys.stdin.fileno(), 1 << 16)
        if not data:
            os._exit(0)
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            question = json.loads(line)
            self._ask(question["tap"], question["phrases"])

    def _ask(self, tap: str, phrases: list[str]) -> None:
        said = (" ".join(in_words(phrase, self.model.knows)) for phrase in phrases)
        self._questions[tap] = [phrase for phrase in said if phrase]
        if len(self._questions[tap]) < len(phrases):
            self.write(json.dumps({"problem": "a question has words that the model does not know"}))
        while len(self._questions) > MAX_QUESTIONS:
            del self._questions[next(iter(self._questions))]

    def hearing(self, tap: str) -> Hearing | None:
        """Answers for a question's tap, captions for any other. None when nothing could be understood."""
        if tap not in self._questions:
            return Captioning(tap, lambda: Recognizer(self.model))
        phrases = self._questions.pop(tap)
        return Answering(tap, lambda: Recognizer(self.model, phrases)) if phrases else None

    def write(self, line: str, *, droppable: bool = False) -> None:
        """Hand a line to the parent without ever waiting for it."""
        if droppable and self._unwritten:
            return
        if len(self._unwritten) > MAX_UNWRITTEN:
            os._exit(4)  # the parent has stopped reading: it will start another
        self._unwritten += line.encode() + b"\n"
        self.flush()

    def flush(self) -> None:
        try:
            while self._unwritten:
                del self._unwritten[: os.write(sys.stdout.fileno(), self._unwritten)]
        except BlockingIOError:
            pass
        except OSError:
            os._exit(0)

    def beat(self) -> None:
        """Say how it is; give up when a piece of sound has been in Vosk for far too long."""
        now = time.monotonic()
        if any(tap.busy_since and now - tap.busy_since > STUCK_SECONDS for tap in self.taps):
            os._exit(3)
        for tap in list(self.taps):
            tap.look_at_the_clock(now)
        lag = max((tap.backlog.seconds for tap in self.taps), default=0.0)
        dropped = self.dropped_seconds + sum(tap.backlog.dropped_seconds for tap in self.taps)
        self.flush()
        self.write(json.dumps({"beat": {"taps": sum(1 for t in self.taps if t.decoder.tap), "lag": round(lag, 2),
                                        "dropped": round(dropped, 2)}}), droppable=True)  # fmt: skip


class Tap(asyncio.Protocol):
    """One AudioSocket connection."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.decoder = Decoder()
        self.backlog = Backlog(time.monotonic())
        self.hearing: Hearing | None = None
        self.busy_since = 0.0
        self._last_sound = self.backlog.began
        self._ended = False
        self._open = False  # is there an utterance that has not been closed?

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a TCP server has no other
        self._transport = transport
        if len(self.worker.taps) >= MAX_TAPS:
            transport.abort()
        else:
            self.worker.taps.add(self)

    def data_received(self, data: bytes) -> None:
        """All sound that came together is put together: we may have been late in reading it."""
        self._transport.pause_reading()
        now = time.monotonic()
        sound = bytearray()
        try:
            for kind, body in self.decoder.feed(data):
                if kind is FrameKind.UUID:
                    self.backlog.began = self._last_sound = now
                    self.hearing = self.worker.hearing(self.decoder.tap)
                elif kind is FrameKind.SOUND:
                    sound += body
                elif kind in (FrameKind.HANGUP, FrameKind.ERROR):
                    self._transport.close()
        except BadFrame:
            self._transport.abort()
        if sound:
            self._last_sound = now
            self.backlog.put(bytes(sound), now)
            self._go_on()

    def read_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def look_at_the_clock(self, now: float) -> None:
        """Twice a second: peers that say nothing, and speakers who have fallen silent."""
        if now - self._last_sound > (IDLE_SECONDS if self.hearing else NAME_SECONDS):
            self._transport.abort()
        elif self._open and not self.busy_since and self.backlog.paused(now):
            self._run(close=True)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._ended = True
        self._go_on()

    def _go_on(self) -> None:
        """The next thing to do, when nothing is being done."""
        if self.busy_since:
            return
        if not self._ended and self.backlog.ready:
            self._run(close=False)
        elif self._ended and self._open:
            self._run(close=True)
        elif self._ended and self in self.worker.taps:
            self.worker.taps.discard(self)
            self.worker.dropped_seconds += self.backlog.dropped_seconds

    def _run(self, *, close: bool) -> None:
        """Hear what waits, in a thread; one at a time for each tap. `close`: nothing will follow it for now."""
        if self.hearing is None:
            return
        self.busy_since = time.monotonic()
        self._open = not close
        sound = self.backlog.take()
        future = asyncio.get_running_loop().run_in_executor(self.worker.pool, _hear, self.hearing, sound, close)
        future.add_done_callback(self._heard)

    def _heard(self, future: asyncio.Future[list[Caption | Understood]]) -> None:
        self.busy_since = 0.0
        if failed := future.exception():  # we could not go on with this speaker; the others are not concerned
            self.worker.write(json.dumps({"problem": f"a tap ended with {type(failed).__name__}"}))
            self._open, self.hearing = False, None
            self._transport.abort()
        else:
            for heard in future.result():
                self.worker.write(heard.to_line(), droppable=not heard.final)
        self._go_on()


def _hear(hearing: Hearing, sound: tuple[float, bool, bytes], close: bool) -> list[Caption | Understood]:
    heard = list(hearing.hear(*sound)) if sound[2] else []
    return [*heard, *hearing.close()] if close else heard


async def _serve(listening: socket.socket, model: SpeechModel) -> None:
    worker = Worker(model)
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), worker.read)
    server = await loop.create_server(lambda: Tap(worker), sock=listening, backlog=128)
    async with server:
        while True:
            worker.beat()
            for _ in range(round(BEAT_SECONDS / READ_SECONDS)):
                await asyncio.sleep(READ_SECONDS)
                for tap in list(worker.taps):
                    tap.read_on()


def main(listening_fd: str, model_path: str, niceness: str) -> None:
    os.nice(int(niceness))
    try:
        model = load_model(Path(model_path))
    except ModelProblem as e:
        print(json.dumps({"fatal": str(e)}), flush=True)
        sys.exit(1)
    asyncio.run(_serve(socket.socket(fileno=int(listening_fd)), model))


if __name__ == "__main__":
    main(*sys.argv[1:])
