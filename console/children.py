"""The worker as a child of `hotline serve`: niced, started again when it dies, gone when its parent is gone.

python -m console.children COMMAND …      runs a hotline command that ends with its parent (Linux: PDEATHSIG)
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading

log = logging.getLogger(__name__)

NICENESS = 10
AGAIN_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1


class Worker:
    """Keeps one `hotline worker` running."""

    def __init__(self, *command: str) -> None:
        self._command = command or ("worker",)
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="worker-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Let it finish what it is doing, for a moment."""
        self._stop.set()
        process = self._process
        if process:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.kill()
        self._thread.join(2)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    def _run(self) -> None:
        while not self._stop.is_set():
            command = [sys.executable, "-m", "console.children", str(os.getpid()), *self._command]
            try:
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
                ended = f"ended (code {self._process.wait()})"
            except OSError as error:  # no memory, no process left: later there may be
                ended = f"could not be started ({error.strerror})"
            if not self._stop.is_set():
                log.warning("the worker %s; it is started again", ended)
                self._stop.wait(AGAIN_SECONDS)


def _main() -> None:
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before we could ask to be told
        return
    os.nice(NICENESS)
    from console.cli import main

    main(command)


if __name__ == "__main__":
    _main()
