"""A private PostgreSQL for the tests: Debian's server, a temporary cluster, a free port on loopback."""

import os
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest


def binaries() -> Path | None:
    """The newest installed server's programs; they need not be on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Cluster:
    """Started as an unprivileged user, because PostgreSQL refuses to run as root."""

    def __init__(self, bin_dir: Path) -> None:
        self._bin = bin_dir
        self._numbers = count(1)
        self._folder = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
        self._user = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        if self._user:
            shutil.chown(self._folder, "nobody")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        self._run("initdb", "-D", "data", "-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.resume()

    def restart(self) -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "-l", "log", "restart")

    def halt(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def resume(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self._folder}"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://hotline@127.0.0.1:{self.port}/{database}"

    def create(self, name: str, like: str = "template1") -> None:
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {like}")

    def new_database(self) -> str:
        """An empty, migrated database of its own."""
        name = f"test{next(self._numbers)}"
        self.create(name, like="template")
        return self.url(name)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [*self._user, str(self._bin / program), *arguments]
        done = subprocess.run(command, cwd=self._folder, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if check and done.returncode:
            pytest.fail(f"{program}: {done.stderr.decode(errors='replace')}")
