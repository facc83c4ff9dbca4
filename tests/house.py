"""A telephone house for tests: a real private Asterisk, the real exchange and scripts, a trunk and telephones.

Prompts are short tones of their own pitch, so that a test hears which one is played.
"""

from __future__ import annotations

import math
import shutil
import socket
import tempfile
import time
import wave
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from config.settings import Settings
from config.telephones import Account, sip_digest
from console.telephony import Telephony
from ivr.board import Operator, Participant, Room
from ivr.call import Role
from ivr.ear import Listen
from ivr.flow import Flows
from ivr.load import open_flows
from ivr.private_asterisk import PrivateAsterisk
from ivr.reception import Answer, Desk
from ivr.session import Facts
from phone import Phone

CITIZEN, OPERATOR, DEPARTMENT, SECOND = 440, 620, 880, 1200
PROMPTS = {"welcome": 1500, "recording_notice": 1700, "goodbye": 1900, "leave_message": 2100, "position": 2300,
           "apology": 2500, "operators_busy": 2700, "survey_rate": 2900, "beep": 1000}  # fmt: skip
DEPARTMENTS = {"water": ("市水务局", "87031001"), "urban_management": ("市城市管理局", "87031002")}
PEOPLE = {"op1": Role.OPERATOR, "op2": Role.OPERATOR, "op3": Role.OPERATOR, "sup1": Role.SUPERVISOR}


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


_next_rtp = [10100]


def settings_for(folder: Path, trunk_port: int, **more: object) -> Settings:
    """Settings of an instance on ports of its own. RTP stays below the ephemeral ports."""
    _next_rtp[0] += 200
    first = _next_rtp[0] + (hash(str(folder)) % 80) * 200
    return Settings(
        data_dir=folder, sip_port=free_port(socket.SOCK_DGRAM), ami_port=free_port(), agi_port=free_port(),
        audiosocket_port=free_port(), asterisk_http_port=free_port(), http_port=free_port(),
        rtp_ports=(first, first + 199), sip_trunk=f"sip:127.0.0.1:{trunk_port}", **more,
    )  # type: ignore[arg-type]  # fmt: skip


def tone_file(path: Path, hz: int, seconds: float = 0.4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = array("h", (int(9000 * math.sin(2 * math.pi * hz * n / 8000)) for n in range(int(8000 * seconds))))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(samples.tobytes())
    return path


class Directory:
    def department(self, code: str) -> tuple[str, str] | None:
        return DEPARTMENTS.get(code)

    def person(self, name: str) -> Role | None:
        return PEOPLE.get(name)


class House:
    """One Asterisk with its exchange. `trunk` is the city's telephone network: citizens and departments."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.trunk = Phone("trunk", answering="auto")
        self.settings = settings_for(folder, self.trunk.port, **settings)
        self.sip = (self.settings.sip_host, self.settings.sip_port)
        self.trunk.server = self.sip
        self.accounts = [Account(name, sip_digest(name, f"pw-{name}")) for name in PEOPLE]
        self.asterisk = PrivateAsterisk(self.settings)
        self.flows = lambda: open_flows(self.settings.flows_dir, self.settings.city_dir)
        self.facts: Callable[[str], Facts] = lambda caller: Facts(caller=caller)
        self.ask: Callable[..., Answer] = lambda *_: ("not_found", {})
        self.listen: Listen = lambda _tap, _phrases: False
        self.telephony: Telephony | None = None
        self.loaded: Flows | None = None
        self.operators: list[Operator] = []

    def start(self) -> None:
        for prompt, hz in PROMPTS.items():
            tone_file(self.settings.prompts_dir / "zh-CN" / f"{prompt}.wav", hz)
        self.asterisk.configure(self.accounts)
        self.asterisk.start()
        self.open()

    def open(self) -> None:
        """Start our own process's part; Asterisk may be running."""
        self.loaded = self.loaded or self.flows()
        desk = Desk(
            flows=lambda: self.loaded, sounds=self._sounds, facts=lambda caller: self.facts(caller),
            ask=lambda *asked: self.ask(*asked), recordings_dir=self.settings.recordings_dir,
            clock=lambda: datetime.now(UTC), listen=lambda *asked: self.listen(*asked),
        )  # type: ignore[arg-type, return-value]  # fmt: skip
        login = (self.asterisk.ami_user, self.asterisk.ami_secret)
        self.telephony = Telephony(self.settings, login, Directory(), desk, operators=self.operators)
        self.telephony.start()
        eventually(lambda: self.telephony.ami.connected, "a connection to Asterisk")

    def _sounds(self, _flows: Flows, language: str, prompt: str, _values: object) -> list[Path]:
        path = self.settings.prompts_dir / language / f"{prompt}.wav"
        return [path] if path.exists() else []

    def close(self) -> None:
        if self.telephony:
            known = self.exchange.board().operators  # a restart sends nobody home
            self.operators = [Operator(o.name, o.status, o.since, reason=o.reason) for o in known]
            self.telephony.stop()
            self.telephony = None

    def stop(self) -> None:
        self.close()
        self.asterisk.stop()
        self.trunk.close()

    # ---- what tests do
    @property
    def exchange(self):  # type: ignore[no-untyped-def]
        return self.telephony.exchange

    @contextmanager
    def operator(
        self, name: str, *, ready: bool = True, tone: int = OPERATOR, answering: object = "manual"
    ) -> Iterator[Phone]:
        """An operator with a telephone that is registered, and ready to take calls."""
        with Phone(name, server=self.sip, password=f"pw-{name}", answering=answering,
                   when_up=lambda call: call.play_tone(tone)) as phone:  # type: ignore[arg-type]  # fmt: skip
            phone.register()
            if ready:
                self.exchange.set_operator(name, "ready")
            try:
                yield phone
            finally:
                self.exchange.set_operator(name, "away")

    def citizen(self, number: str = "13805712345", tone: int = CITIZEN):  # type: ignore[no-untyped-def]
        """A citizen calls 12345 over the trunk."""
        return self.trunk.call("12345", caller_id=number, when_up=lambda call: call.play_tone(tone))

    def room(self) -> Room | None:
        rooms = self.exchange.board().rooms
        return rooms[-1] if rooms else None

    def participant(self, name: str) -> Participant | None:
        room = self.room()
        return next((p for p in reversed(room.participants) if p.name == name), None) if room else None

    def channels(self) -> list[str]:
        """The telephones that Asterisk has a call with."""
        shown = self.asterisk.cli("core show channels concise")
        return [line.split("!")[0] for line in shown.splitlines() if line.startswith("PJSIP/")]


def eventually(is_true: Callable[[], object], what: str, within: float = 5.0) -> None:
    """Wait for something to become true; say what was waited for when it does not."""
    until = time.monotonic() + within
    while not is_true():
        if time.monotonic() > until:
            raise AssertionError(f"waited {within:g} s in vain for {what}")
        time.sleep(0.02)


@contextmanager
def opened_house(**settings: object) -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="house-"))
    house = House(folder, **settings)
    try:
        house.start()
        yield house
    finally:
        house.stop()
        shutil.rmtree(folder, ignore_errors=True)
