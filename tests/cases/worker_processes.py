"""`hotline worker` as processes of their own, that tests may kill."""

import os
import random
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
        self._log = (data_dir / "workers.log").open("ab")
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

    def kill_one(self) -> None:
        victim = self.processes.pop(random.randrange(len(self.processes)))
        victim.kill()
        victim.wait()

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self._log.close()
