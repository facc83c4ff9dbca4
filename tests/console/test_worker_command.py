"""The worker as a process: it hears that it is to end, at whatever moment that comes."""

import subprocess
import sys

import pytest

# With a threading.Event in its place this ends within a second: the handler waits for the lock that it interrupted.
TOLD_ALL_THE_TIME = """
import os, signal, threading, time
from console.commands.worker import ToldToStop
stop, end = ToldToStop(), time.monotonic() + 1.5
def tell():
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.0005)
threading.Thread(target=tell, daemon=True).start()
while time.monotonic() < end:
    stop.wait(0.0)
os._exit(0 if stop.is_set() else 1)
"""


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_at_any_moment_hears_it() -> None:
    done = subprocess.run([sys.executable, "-c", TOLD_ALL_THE_TIME], timeout=30, check=False)
    assert done.returncode == 0
