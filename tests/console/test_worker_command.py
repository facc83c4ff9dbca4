"""The worker as a process: it ends when it is told to, at whatever moment that comes."""

import subprocess
import sys

import pytest

TOLD_ALL_THE_TIME = """
import os, signal, threading, time
from console.commands.worker import ToldToStop
stop = {stop}
def tell():
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.0003)
threading.Thread(target=tell, daemon=True).start()
for _ in range(1000):
    {forget}
    stop.wait(0.001)
    stop.is_set()
"""


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_at_any_moment_hears_it() -> None:
    script = TOLD_ALL_THE_TIME.format(stop="ToldToStop()", forget="stop._told = False")
    done = subprocess.run([sys.executable, "-c", script], timeout=30, check=False)
    assert done.returncode == 0
