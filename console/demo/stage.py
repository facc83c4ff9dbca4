"""A whole hotline of its own for one demonstration: data folder, ports, Asterisk, pages, worker; gone afterwards.

Nothing of a hotline that runs on this machine is touched: no setting of the surroundings is read, no port is fixed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.settings import ROOT, Settings
from console.demo.told import DemoFailed
from ivr.private_asterisk import PrivateAsterisk

START_SECONDS = 60.0
STOP_SECONDS = 15.0
RTP_PORTS = 60  # a handful of legs
_LOG_LINES = 15


class _Alone(Settings):
    """Settings that listen to nobody: neither variables nor a hotline.toml."""

    model_config = SettingsConfigDict(toml_file=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class Stage:
    """`hotline serve` as its own process. A context manager: leaving it ends everything that was started."""

    def __init__(self, folder: Path | None, trunk_port: int, http_port: int = 0, *, keep: bool = False) -> None:
        """Without `folder` a temporary one, removed at the end unless `keep`."""
        self.folder = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="hotline-demo-"))
        self.keeps = keep or folder is not None
        self.settings = _settings(self.folder, trunk_port, http_port)
        self.url = f"http://127.0.0.1:{self.settings.http_port}"
        self.sip = (self.settings.sip_host, self.settings.sip_port)
        self.log = self.folder / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
            self._process.kill()
            self._process.wait()
        asterisk = PrivateAsterisk(self.settings)
        asterisk.stop()
        if not self.keeps:
            for each in (self.folder, asterisk.files.run):  # the socket lies elsewhere when the folder lies deep
                shutil.rmtree(each, ignore_errors=True)

    def start(self) -> None:
        """Returns at once; `wait_ready` waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._borrow_prompts()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own command
                [*_HOTLINE, "serve", "--demo"], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_ready(self) -> None:
        """Until calls are answered and captions are heard."""
        self._until(lambda: self._get("/health/ready").status_code == 200, "答得了电话 (ready for calls)")
        self._until(lambda: "hotline_captions_ok 1" in self._get("/metrics").text, "听得见说话 (captions)")

    def passwords(self) -> dict[str, str]:
        """Of the demonstration's people, by login."""
        read: dict[str, str] = json.loads((self.settings.data_dir / "demo.json").read_text())
        return read

    def command(self, *arguments: str) -> Any:
        """What a `hotline` command of this hotline answers with `--json`."""
        done = subprocess.run(  # noqa: S603  our own command
            [*_HOTLINE, *arguments, "--json"], env=self.environment, cwd=self.folder, capture_output=True, text=True,
            timeout=START_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise DemoFailed(f"hotline {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout)

    @property
    def environment(self) -> dict[str, str]:
        """These settings as variables, and nothing of the surroundings' own."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        own = self.settings.model_dump(exclude_defaults=True, mode="json")
        return others | {f"HOTLINE_{name.upper()}": _as_text(name, value) for name, value in own.items()}

    def check_alive(self) -> None:
        """Raises DemoFailed with the end of its log when the hotline has ended by itself."""
        if self._process and self._process.poll() is not None:
            raise DemoFailed(f"hotline serve 已退出 (ended with code {self._process.returncode})")

    def last_words(self) -> str:
        """The end of the log. Numbers are masked there already."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {line}" for line in lines[-_LOG_LINES:])

    # ---- how
    def _borrow_prompts(self) -> None:
        """Prompts that `make setup` has made need not be made again; what is missing `serve` makes."""
        made = ROOT / "var" / "prompts"
        if made.is_dir() and not self.settings.prompts_dir.exists():
            shutil.copytree(made, self.settings.prompts_dir)

    def _get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=5, trust_env=False)

    def _until(self, is_true: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self.check_alive()
            with contextlib.suppress(httpx.HTTPError):
                if is_true():
                    return
            time.sleep(0.1)
        raise DemoFailed(f"等了 {START_SECONDS:.0f} 秒，热线仍未{what}")


_HOTLINE = [sys.executable, "-m", "console.cli"]


def _settings(folder: Path, trunk_port: int, http_port: int) -> Settings:
    http, ami, agi, audio, asterisk = _free_ports(5, socket.SOCK_STREAM)
    [sip] = _free_ports(1, socket.SOCK_DGRAM)
    return _Alone(
        data_dir=folder / "data", http_port=http_port or http, sip_port=sip, ami_port=ami, agi_port=agi,
        audiosocket_port=audio, asterisk_http_port=asterisk, rtp_ports=_free_range(RTP_PORTS),
        sip_trunk=f"sip:127.0.0.1:{trunk_port}", delivery_networks=("127.0.0.0/8",),
    )  # fmt: skip


def _free_ports(count: int, kind: socket.SocketKind) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket(socket.AF_INET, kind)) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _free_range(count: int) -> tuple[int, int]:
    """Neighbouring UDP ports for the sound, below those the operating system gives out."""
    for _try in range(100):
        first = random.randrange(10_000, 32_000, 100)  # noqa: S311
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            return first, first + count - 1
    raise DemoFailed(f"找不到 {count} 个相邻的空闲 UDP 端口 (no {count} neighbouring UDP ports are free)")


def _as_text(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ("-" if name == "rtp_ports" else ",").join(map(str, value))
    return str(value)
