"""A hotline to be measured: Asterisk, our process and the load (telephones) in one process each, all on loopback.

The bare dialplans to compare with are written into the temporary Asterisk's own configuration; no other Asterisk ever
has them.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import our_process
from config.city import load as load_city
from config.settings import Settings
from config.telephones import Account, sip_digest
from ivr.private_asterisk import PrivateAsterisk
from phone import Phone
from tests.house import free_port, tone_file

OPERATORS = tuple(f"op{n}" for n in range(1, 13))
PROMPT_SECONDS = 0.4
PROMPTS = ("welcome", "recording_notice")  # what the shipped flow says before a citizen waits

# 90x: the same prompts, recording and room as the shipped flow; 91x: the same prompts, then the operator's telephone;
# 92x: a bare room; 93x: a room with a recording of each leg.
BARE = """
[from-trunk](+)
exten => _9[0-3]X,1,Goto(bare-${{EXTEN:1:1}},${{EXTEN}},1)

[bare-0]
exten => _X.,1,Answer()
 same => n,Playback({welcome}&{recording_notice})
 same => n,MixMonitor(,r({recordings}/bare-${{UNIQUEID}}.wav))
 same => n,Set(CONFBRIDGE(user,template)=citizen)
 same => n,ConfBridge(${{UNIQUEID}},hotline)

[bare-1]
exten => _X.,1,Answer()
 same => n,Playback({welcome}&{recording_notice})
 same => n,Dial(PJSIP/{operator},20)

[bare-2]
exten => _X.,1,Answer()
 same => n,ConfBridge(${{EXTEN}},hotline,department)

[bare-3]
exten => _X.,1,Answer()
 same => n,MixMonitor(,r({recordings}/bare-${{UNIQUEID}}.wav))
 same => n,ConfBridge(${{EXTEN}},hotline,department)
"""


class OurProcess:
    """Our process from outside: every method of `our_process._Process` can be called by name."""

    def __init__(self, settings: Settings, login: tuple[str, str], captions: bool) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        arguments = (settings, login, OPERATORS, captions, theirs)
        self._process = spawn.Process(target=our_process.serve, args=arguments)
        self._process.start()
        theirs.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            self._pipe.send((name, arguments))
            if not self._pipe.poll(90):
                raise TimeoutError(f"our process did not answer {name}")
            return self._pipe.recv()

        return ask

    def close(self) -> None:
        self._pipe.close()
        self._process.join(15)
        if self._process.is_alive():
            self._process.kill()


class Hotline:
    """`trunk` is the city's telephone network: citizens and departments. `operators` are telephones that sign on."""

    def __init__(self, folder: Path) -> None:
        self.trunk = Phone("trunk", answering="auto")
        self.settings = _settings(folder, self.trunk.port)
        self.trunk.server = self.sip = (self.settings.sip_host, self.settings.sip_port)
        self.asterisk = PrivateAsterisk(self.settings)
        self.department = load_city(self.settings.city_dir).departments[0]

    def start(self) -> None:
        sounds = self._make_prompts()
        self.asterisk.configure([Account(name, sip_digest(name, f"pw-{name}")) for name in OPERATORS])
        bare = BARE.format(operator=OPERATORS[0], recordings=self.settings.recordings_dir, **sounds)
        with (self.asterisk.files.etc / "extensions.conf").open("a", encoding="utf-8") as dialplan:
            dialplan.write(bare)
        self.asterisk.start()

    def _make_prompts(self) -> dict[str, Path]:
        """A short tone for each; the names as the dialplan wants them, without ending."""
        files = {name: self.settings.prompts_dir / "zh-CN" / f"{name}.wav" for name in PROMPTS}
        return {name: tone_file(file, 1500, PROMPT_SECONDS).with_suffix("") for name, file in files.items()}

    def stop(self) -> None:
        self.asterisk.stop()
        self.trunk.close()

    @contextmanager
    def ours(self, *, captions: bool = False) -> Iterator[OurProcess]:
        """Our process answers calls. Without captions nobody listens on their port, and legs are not tapped."""
        process = OurProcess(self.settings, (self.asterisk.ami_user, self.asterisk.ami_secret), captions)
        try:
            process.ready()
            yield process
        finally:
            process.close()

    @contextmanager
    def operators(self, count: int, **options: Any) -> Iterator[list[Phone]]:
        """So many operators with registered telephones."""
        with ExitStack() as stack:
            phones = [Phone(name, server=self.sip, password=f"pw-{name}", **options) for name in OPERATORS[:count]]
            for phone in phones:
                stack.enter_context(phone)
                phone.register()
            yield phones

    def asterisk_cpu(self) -> float:
        return cpu_of(self.asterisk.pid)

    def quiet(self) -> None:
        """Wait until no telephone has a call."""
        for call in self.trunk.calls:
            call.hang_up()
        until(lambda: "PJSIP/" not in self.asterisk.cli("core show channels concise"), "quiet telephones")
        self.trunk.forget_calls()


def cpu_of(pid: int) -> float:
    """CPU seconds of another process, its ended threads included (the kernel's clock of that process)."""
    return time.clock_gettime((~pid << 3) | 2)


def until(is_true: Callable[[], object], what: str, within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within:g} s in vain for {what}")
        time.sleep(0.05)


@contextmanager
def opened() -> Iterator[Hotline]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    hotline = Hotline(folder)
    try:
        hotline.start()
        yield hotline
    finally:
        hotline.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, trunk: int) -> Settings:
    """Ports of its own; those for sound lie below the ephemeral ones. An operator's telephone may ring for long."""
    first = random.randrange(11000, 30000, 2)
    return Settings(
        data_dir=folder, sip_port=free_port(socket.SOCK_DGRAM), ami_port=free_port(), agi_port=free_port(),
        audiosocket_port=free_port(), asterisk_http_port=free_port(), http_port=free_port(),
        rtp_ports=(first, first + 999), sip_trunk=f"sip:127.0.0.1:{trunk}", operator_ring_seconds=600,
    )  # fmt: skip


caller_numbers = (f"138{n:08d}" for n in itertools.count(1))
