"""`hotline worker` as processes of their own, that tests may kill."""

import os
import random
import re
import signal
import subprocess
import sys


class Workers:
    """`hotline worker`, as many as wanted, as processes of their own."""

    def __init__(self, database_url, data_dir) -> None:
        self._environment = os.environ | {
            "HOTLINE_DATA_DIR": str(data_dir),
            "HOTLINE_DATABASE_URL": database_url,
            "HOTLINE_DELIVERY_NETWORKS": "127.0.0.0/8",
            "HOTLINE_DELIVERY_RETRY_SECONDS": "0.02",
            "HOTLINE_DELIVERY_TIMEOUT_SECONDS": "1",
        }
        self._said = data_dir / "workers.log"
        self._log = self._said.open("ab")
        self.processes: list[subprocess.Popen] = []

    def start(self) -> None:
        self.processes.append(self._process())

    def once(self, seconds: float = 100) -> int:
        """`hotline worker --once`, to its end; its exit code."""
        return self._process("--once").wait(seconds)

    def _process(self, *options: str) -> subprocess.Popen:
        code = f"import sys; from console.cli import main; sys.argv = {['hotline', 'worker', *options]}; main()"
        command = [sys.executable, "-c", code]
        return subprocess.Popen(command, env=self._environment, stdout=self._log, stderr=self._log)

    def at_work(self) -> list[subprocess.Popen]:
        """Those that have started, and on SQLite have the file to themselves."""
        said = self._said.read_text()
        return [each for each in self.processes if re.search(rf"-{each.pid}-\w+ is ready", said)]

    def revive(self) -> None:
        """Start again those that ended by themselves (75: silent for too long), as whatever runs a service does."""
        for ended in [each for each in self.processes if each.poll() is not None]:
            self.processes.remove(ended)
            self.start()

    def kill_one(self) -> None:
        self.kill(random.choice(self.processes))

    def kill(self, victim: subprocess.Popen) -> None:
        self.processes.remove(victim)
        victim.kill()
        victim.wait()

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self._log.close()
