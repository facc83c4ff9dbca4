"""Where the files of one private Asterisk lie.

Everything of an instance is below its data folder, with one exception: the control socket, whose path must stay shorter
than 108 bytes, moves into a short private folder when the data folder lies deep.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LONGEST_SOCKET_PATH = 107


@dataclass(frozen=True)
class AsteriskFiles:
    """Paths of one instance. `home` is `asterisk` in the data folder."""

    home: Path

    @property
    def etc(self) -> Path:
        return self.home / "etc"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def messages(self) -> Path:
        """Warnings and errors of Asterisk."""
        return self.log / "messages.log"

    @property
    def console(self) -> Path:
        """What Asterisk prints when it starts."""
        return self.log / "console.log"

    @property
    def spool(self) -> Path:
        return self.home / "spool"

    @property
    def state(self) -> Path:
        """Asterisk's own database: registrations survive a restart."""
        return self.home / "state"

    @property
    def share(self) -> Path:
        """Links to the read-only files of the installation, and to our prompts."""
        return self.home / "share"

    @property
    def music(self) -> Path:
        """Every sound file in here is music on hold."""
        return self.home / "music"

    @property
    def secret(self) -> Path:
        return self.home / "ami-secret"

    @cached_property
    def run(self) -> Path:
        near = self.home / "run"
        if len(os.fsencode(near / "asterisk.ctl")) <= LONGEST_SOCKET_PATH:
            return near
        short = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"hotline-{os.getuid()}-{short}"

    @property
    def control(self) -> Path:
        return self.run / "asterisk.ctl"

    @property
    def pid(self) -> Path:
        return self.run / "asterisk.pid"

    def make_folders(self) -> None:
        """All folders, for this user only. Refuses a short run folder in /tmp that somebody else has put there."""
        own = (self.home, self.etc, self.log, self.spool, self.state, self.state / "keys", self.share, self.music)
        for folder in (*own, self.run):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.run.is_symlink() or self.run.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.run} belongs to somebody else; remove it or set XDG_RUNTIME_DIR")
        self.run.chmod(0o700)

    def ami_secret(self) -> str:
        """Made once per data folder, readable by this user only."""
        if not self.secret.exists():
            write_private(self.secret, secrets.token_urlsafe(24))
        return self.secret.read_text()


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    Path(name).replace(path)
