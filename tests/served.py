"""A whole hotline for tests: `hotline serve` as its own process, telephones, HTTP. Killed as often as one likes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from config.settings import Settings
from ivr.private_asterisk import PrivateAsterisk
from phone import Phone
from tests.house import OPERATOR, eventually, settings_for

BIN = Path(sys.executable).with_name("hotline")
_shared_prompts: list[Path] = []


class Served:
    """`start`, `kill`, `freeze`; `api` speaks HTTP as an operator or anybody else."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.trunk = Phone("trunk", answering="auto")
        self.settings: Settings = settings_for(folder / "var", self.trunk.port, **settings)
        self.sip = (self.settings.sip_host, self.settings.sip_port)
        self.trunk.server = self.sip
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "serve.log"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of this hotline as variables; nothing of the surroundings' own."""
        mine = {k: v for k, v in os.environ.items() if not k.startswith("HOTLINE_")}
        for name, value in self.settings.model_dump(exclude_defaults=True, mode="json").items():
            text = (
                f"{value[0]}-{value[1]}"
                if name == "rtp_ports"
                else ",".join(value)
                if isinstance(value, list)
                else str(value)
            )
            mine[f"HOTLINE_{name.upper()}"] = text
        return mine

    def run(self, *command: str, stdin: str = "") -> str:
        """A hotline command with this hotline's settings."""
        done = subprocess.run([BIN, *command], input=stdin, env=self.environment, capture_output=True, text=True,
                              cwd=self.folder, timeout=60, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def start(self, within: float = 40.0) -> None:
        self._prompts()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [BIN, "serve"], env=self.environment, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        eventually(self.ready, f"a ready hotline; its log:\n{self.log.read_text()[-2000:]}", within)

    def _prompts(self) -> None:
        """Prompts are made once for all hotlines of a test run."""
        if _shared_prompts and not self.settings.prompts_dir.exists():
            shutil.copytree(_shared_prompts[0], self.settings.prompts_dir)
        elif not _shared_prompts:
            self.run("prompts")
            kept = Path(tempfile.mkdtemp(prefix="prompts-")) / "prompts"
            shutil.copytree(self.settings.prompts_dir, kept)
            _shared_prompts.append(kept)

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"serve ended:\n{self.log.read_text()[-3000:]}"
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """kill -9 of our process alone: Asterisk stays."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
            self.process.kill()
        PrivateAsterisk(self.settings).stop()
        self.trunk.close()

    # ---- HTTP
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.http_port}"

    def api(self, name: str, password: str) -> httpx.Client:
        """A client that is logged in."""
        token = httpx.post(f"{self.url}/api/v1/tokens", json={"name": name, "password": password}, timeout=10)
        assert token.status_code in (200, 201), token.text
        headers = {"Authorization": f"Bearer {token.json()['token']}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=10)

    @contextmanager
    def operator(
        self, name: str, *, ready: bool = True, tone: int | None = OPERATOR
    ) -> Iterator[tuple[Phone, httpx.Client]]:
        """An operator with telephone and login (added when new)."""
        password = f"pw-{name}-12345"
        if name not in self.run("user", "list"):
            self.run("operator", "add", name, "--password-stdin", stdin=password + "\n")

        def up(call: Any) -> None:
            if tone:
                call.play_tone(tone)

        with Phone(name, server=self.sip, password=password, when_up=up) as phone, self.api(name, password) as api:
            register(phone)
            if ready:
                eventually(
                    lambda: api.put("/operators/me", json={"status": "ready"}).status_code == 200, "a ready operator"
                )
            yield phone, api

    def calls_of(self, caller: str) -> list[str]:
        """The calls of this caller that the database knows."""
        from sqlalchemy import select

        from cases.model import CallRow
        from config.database import Database

        with Database(self.settings.database).session() as session:
            return list(session.scalars(select(CallRow.id).where(CallRow.caller == caller)))

    def asterisk(self, command: str) -> str:
        return PrivateAsterisk(self.settings).cli(command)

    def telephones_ports_open(self) -> list[int]:
        """Ports on which a telephone or Asterisk could be spoken to."""
        from ivr.ports import is_free

        ports = (self.settings.ami_port, self.settings.agi_port, self.settings.asterisk_http_port)
        return [port for port in ports if not is_free("127.0.0.1", port)]

    def telephones_in_calls(self) -> list[str]:
        shown = self.asterisk("core show channels concise")
        return [line.split("!")[0] for line in shown.splitlines() if line.startswith("PJSIP/")]


def register(phone: Phone) -> None:
    """A new account needs a moment until Asterisk knows it."""
    from phone import PhoneError

    until = time.monotonic() + 8
    while True:
        try:
            phone.register()
            return
        except PhoneError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@contextmanager
def served(**settings: Any) -> Iterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="hotline-"))
    hotline = Served(folder, **settings)
    try:
        hotline.start()
        yield hotline
    finally:
        hotline.stop()
        shutil.rmtree(folder, ignore_errors=True)
