"""Live captions: keeps the recogniser's process alive and hands on what it hears.

Nothing here blocks or raises into the caller, whatever the recogniser does. The listening socket belongs to this
process, so Asterisk can always connect; a worker that dies, hangs or stops is replaced, and `on_restart` tells that the
old taps are gone (ask Asterisk for new ones). This module loads no recogniser itself.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from config.settings import ROOT, Settings
from transcription.caption import Caption
from transcription.understood import Understood

log = logging.getLogger(__name__)

NICENESS = 10
SILENT_SECONDS = 5.0  # without a beat the worker counts as hung
START_SECONDS = 60.0  # a big model takes its time to load
RETRY_SECONDS = (0.2, 0.5, 1, 2, 5, 10)
STEADY_SECONDS = 30.0  # a worker that lived so long was not a failed start
MAX_WAITING_CAPTIONS = 1000
MAX_QUESTION_BYTES = select.PIPE_BUF  # a pipe takes so many whole or not at all


@dataclass(frozen=True, slots=True)
class Health:
    """How the captions are. `detail` is for administrators."""

    ok: bool
    detail: str
    taps: int = 0
    lag_seconds: float = 0.0
    dropped_seconds: float = 0.0  # sound that was not heard, because the machine was too slow
    dropped_captions: int = 0  # changes that the caller was too slow to take
    restarts: int = 0


class Captions:
    """Calls `on_caption` from one thread of its own, in order, for every change of what is being said."""

    def __init__(
        self,
        settings: Settings,
        on_caption: Callable[[Caption], None],
        on_restart: Callable[[], None] = lambda: None,
        on_understood: Callable[[Understood], None] = lambda _understood: None,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        """`port` 0: any free one (tests); `address` tells which."""
        self._model = settings.vosk_model
        self._address = (host, settings.audiosocket_port if port is None else port)
        self._on_caption, self._on_restart, self._on_understood = on_caption, on_restart, on_understood
        self._socket: socket.socket | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue(MAX_WAITING_CAPTIONS)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._beat: dict[str, float] = {}
        self._problem = "not started"
        self._fatal = ""  # what the worker said before it gave up
        self._restarts = self._dropped_captions = 0
        self._dropped_before = 0.0

    def start(self) -> None:
        """Returns at once; `health` tells when captions are there."""
        self._problem = "the recogniser is starting"
        for work in (self._supervise, self._hand_on):
            thread = threading.Thread(target=work, name=f"captions{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopping.set()
        self._kill()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)
        if self._socket:
            self._socket.close()

    def ask(self, tap: str, phrases: Sequence[str]) -> bool:
        """The tap that will connect with this UUID is somebody who answers a question with one of these phrases: they
        are told by `on_understood` instead of captions. False when nobody is there to listen."""
        line = json.dumps({"tap": tap, "phrases": list(phrases)}, ensure_ascii=False).encode() + b"\n"
        worker = self._worker
        if self._problem or worker is None or worker.stdin is None or len(line) > MAX_QUESTION_BYTES:
            return False
        try:
            return os.write(worker.stdin.fileno(), line) == len(line)
        except (OSError, ValueError):  # full, because it hangs; closed, because it died
            return False

    @property
    def address(self) -> tuple[str, int]:
        """Where Asterisk shall connect."""
        return self._address

    @property
    def worker_pid(self) -> int | None:
        return self._worker.pid if self._worker else None

    def health(self) -> Health:
        beat = self._beat
        return Health(
            ok=not self._problem,
            detail=self._problem or "hearing",
            taps=int(beat.get("taps", 0)),
            lag_seconds=beat.get("lag", 0.0),
            dropped_seconds=self._dropped_before + beat.get("dropped", 0.0),
            dropped_captions=self._dropped_captions,
            restarts=self._restarts,
        )

    # -- the worker's life

    def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began, self._fatal = time.monotonic(), ""
            try:
                self._listen()
                self._run_worker()
            except OSError as e:
                self._problem = f"no captions on {self._address[0]}:{self._address[1]}: {e.strerror}"
            except Exception as e:  # whatever it is, the next worker may do better
                self._problem = f"no captions: {type(e).__name__}"
            finally:
                self._kill()
            if self._stopping.is_set():
                return
            failures = 0 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            log.warning("captions: %s", self._problem)
            self._stopping.wait(RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1] if failures else 0)
            self._restarts += 1

    def _listen(self) -> None:
        if self._socket is None:
            self._socket = socket.create_server(self._address, backlog=128)
            host, port = self._socket.getsockname()[:2]
            self._address = (host, port)

    def _run_worker(self) -> None:
        """Until the worker ends or must be ended; says why in `_problem`."""
        assert self._socket is not None  # noqa: S101
        fd = self._socket.fileno()
        command = [sys.executable, "-m", "transcription.caption_worker", str(fd), str(self._model), str(NICENESS)]
        self._worker = worker = subprocess.Popen(  # noqa: S603  # our own module, our own arguments
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[fd],
            start_new_session=True,  # a Ctrl-C in the terminal is for us, not for it
        )
        if self._stopping.is_set():
            return
        assert worker.stdin is not None  # noqa: S101
        os.set_blocking(worker.stdin.fileno(), False)
        with worker:
            try:
                self._read(worker)
            finally:
                worker.kill()

    def _read(self, worker: subprocess.Popen[bytes]) -> None:
        assert worker.stdout is not None  # noqa: S101
        pipe, rest, patience = worker.stdout.fileno(), b"", START_SECONDS
        while not self._stopping.is_set():
            if not select.select([pipe], [], [], patience)[0]:
                self._problem = f"the recogniser has said nothing for {patience:.0f} s and is started again"
                return
            data = os.read(pipe, 1 << 16)
            if not data:
                self._problem = self._fatal or f"the recogniser ended (code {worker.wait()}) and is started again"
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._line(line)
            patience = SILENT_SECONDS

    def _line(self, line: bytes) -> None:
        try:
            value: dict[str, Any] = json.loads(line)
            if "beat" in value:
                self._on_beat(value["beat"])
            elif "fatal" in value:
                self._fatal = str(value["fatal"])
            elif "problem" in value:
                log.warning("captions: %s", value["problem"])
            elif "understood" in value:
                answer = Understood.from_dict(value["understood"])
                self._put(lambda: self._on_understood(answer))
            else:
                self._offer(Caption.from_dict(value))
        except (ValueError, KeyError, TypeError):
            log.warning("captions: the recogniser wrote something that is not a caption")

    def _on_beat(self, beat: dict[str, float]) -> None:
        if self._problem and self._restarts:
            self._put(self._on_restart)
        self._beat, self._problem = beat, ""

    def _kill(self) -> None:
        worker, self._worker = self._worker, None
        self._dropped_before += self._beat.get("dropped", 0.0)
        self._beat = {}
        if worker:
            worker.kill()
            with suppress(subprocess.TimeoutExpired):
                worker.wait(2)

    # -- the way to the caller

    def _offer(self, caption: Caption) -> None:
        self._put(lambda: self._on_caption(caption))

    def _put(self, work: Callable[[], None]) -> None:
        try:
            self._waiting.put_nowait(work)
        except queue.Full:
            self._dropped_captions += 1

    def _hand_on(self) -> None:
        while not self._stopping.is_set():
            try:
                self._waiting.get(timeout=0.5)()
            except queue.Empty:
                continue
            except Exception as e:  # the caller's mistake must not end the captions; its text may hold what was said
                log.error("captions: the receiver of a caption failed with %s", type(e).__name__)
