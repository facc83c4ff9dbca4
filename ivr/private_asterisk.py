"""One Asterisk of our own: gotten, configured, started, found again, stopped.

It runs as whoever runs the hotline (no root is needed, and as root nothing is gained by a second user: it serves the
same data folder), in a session of its own, so that it outlives a killed hotline and the calls in it go on. The next
hotline with the same data folder adopts it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from config.settings import Settings
from config.telephones import Account
from ivr.asterisk_config import (
    ACCOUNT_FILES,
    AMI_USER,
    link_share,
    render,
    template_values,
    wanted_modules,
)
from ivr.asterisk_files import AsteriskFiles, write_private
from ivr.hold_music import write_hold_music
from ivr.installation import Installation, system_installation, tree_installation
from ivr.ports import ports_in_use
from ivr.unpack import cache_dir, unpack, unpacked_tree

BOOT_SECONDS = 60
STOP_SECONDS = 10


class AsteriskProblem(Exception):
    """Asterisk could not be started or spoken to. The text says what to do."""


class PrivateAsterisk:
    """The Asterisk of one data folder. Any number of these objects may speak of the same one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.files = AsteriskFiles(settings.data_dir / "asterisk")
        self._child: subprocess.Popen[bytes] | None = None
        self._installation: Installation | None = None

    @property
    def ami_user(self) -> str:
        return AMI_USER

    @property
    def ami_secret(self) -> str:
        return self.files.ami_secret()

    @property
    def log_path(self) -> Path:
        return self.files.messages

    def installed(self) -> Installation | None:
        """The Asterisk that would be run, if there is one on this machine already."""
        if self._installation is None:
            tree = unpacked_tree(cache_dir())
            self._installation = system_installation(wanted_modules()) or (tree_installation(tree) if tree else None)
        return self._installation

    def ensure_unpacked(self, progress: Callable[[str], None] = lambda _text: None) -> Installation:
        """The system's own Asterisk or the unpacked one; downloads it when there is neither."""
        if not self.installed():
            self._installation = tree_installation(unpack(progress))
        installation = self.installed()
        assert installation  # noqa: S101  (unpack() returned)
        return installation

    def configure(self, accounts: Sequence[Account] | None = None) -> None:
        """Write every file Asterisk reads; None keeps the accounts that are there. Changes nothing that runs."""
        installation = self.ensure_unpacked()
        self.files.make_folders()
        (self.settings.recordings_dir / "fallback").mkdir(parents=True, exist_ok=True, mode=0o700)
        link_share(self.files, installation, self.settings.prompts_dir)
        if not any(self.files.music.iterdir()):
            write_hold_music(self.files.music / "hold.wav")
        values = template_values(self.settings, self.files, installation, accounts or ())
        for name, text in render(values).items():
            if accounts is not None or name not in ACCOUNT_FILES or not (self.files.etc / name).exists():
                write_private(self.files.etc / name, text)

    def reload_telephones(self, accounts: Sequence[Account] | None = None) -> None:
        """Make new, changed and removed operators known while calls go on."""
        self.configure(accounts)
        self.cli("module reload res_pjsip.so")
        self.cli("queue reload members")

    @property
    def pid(self) -> int | None:
        """The process of this data folder's Asterisk, however it was started; None when it does not run."""
        if self._child and self._child.poll() is None:
            return self._child.pid
        try:
            pid = int(self.files.pid.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return pid if os.fsencode(self.files.etc / "asterisk.conf") in command.split(b"\0") else None

    @property
    def running(self) -> bool:
        return self.pid is not None

    def adopt_or_start(self, accounts: Sequence[Account] | None = None) -> bool:
        """Make it run with these telephones. True when one that was running already has been taken over."""
        if self.running and self._answers():
            self.reload_telephones(accounts)
            return True
        self.stop()
        self.configure(accounts)
        self.start()
        return False

    def start(self) -> None:
        """Start what was configured, and return when it takes calls. Raises AsteriskProblem with what to do."""
        if taken := ports_in_use(self.settings):
            raise AsteriskProblem("\n".join(taken))
        self.files.control.unlink(missing_ok=True)
        boot_log = self.files.messages.stat().st_size if self.files.messages.exists() else 0
        with self.files.console.open("wb") as console:
            self._child = subprocess.Popen(  # noqa: S603
                [*self._command(), "-f"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,  # recordings are nobody else's
                cwd=self.files.home,
            )
        self._wait_until_booted(boot_log)
        if missing := self.missing_modules():
            self.stop()
            raise AsteriskProblem(
                f"Asterisk started without {', '.join(missing)}: see {self.files.messages}. "
                "Delete the unpacked Asterisk in the cache folder and run `hotline asterisk get` again."
            )

    def _wait_until_booted(self, boot_log: int) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and self._child and self._child.poll() is None:
            if self.files.control.exists() and "fully booted" in self._try_cli("core waitfullybooted"):
                return
            time.sleep(0.05)
        self.stop()
        raise AsteriskProblem(f"Asterisk did not start:\n{self._last_words(boot_log)}\nAll of it: {self.files.log}")

    def _last_words(self, since: int) -> str:
        texts = (
            self.files.console.read_bytes(),
            self.files.messages.read_bytes()[since:] if self.log_path.exists() else b"",
        )
        return "\n".join(b"".join(texts).decode(errors="replace").splitlines()[-8:])

    def missing_modules(self) -> list[str]:
        """Modules of modules.conf that are not running. Asterisk starts without them and only logs it."""
        shown = self.cli("module show").splitlines()
        running = {line.split()[0] for line in shown if line.strip() and "Not Running" not in line}
        return [name for name in wanted_modules() if name not in running]

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End it and the calls in it (telephones get a BYE). Does nothing when it does not run."""
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.running:
            os.kill(pid, signal.SIGKILL)
        if self._child:
            self._child.wait()

    def cli(self, command: str) -> str:
        """Run a command of Asterisk's console and return what it prints."""
        done = subprocess.run(  # noqa: S603
            [*self._command(), "-rx", command], capture_output=True, text=True, errors="replace", timeout=30
        )
        if done.returncode:
            raise AsteriskProblem(
                f"Asterisk does not answer (`{command}`): {done.stderr.strip() or done.stdout.strip()}"
            )
        return done.stdout

    def _try_cli(self, command: str) -> str:
        try:
            return self.cli(command)
        except (AsteriskProblem, subprocess.TimeoutExpired):
            return ""

    def _answers(self) -> bool:
        return "fully booted" in self._try_cli("core waitfullybooted")

    def _command(self) -> tuple[str, ...]:
        return *self.ensure_unpacked().command, "-C", str(self.files.etc / "asterisk.conf")
