"""Which Asterisk to run: the system's own when it is good enough, otherwise the unpacked tree through its own loader.

The unpacked programs come from a newer Debian than the machine may have. They run all the same, without a chroot, when
started through the dynamic loader and the libraries that were unpacked with them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

OLDEST_VERSION = 20
SYSTEM_MODULES = ("/usr/lib/*/asterisk/modules", "/usr/lib/asterisk/modules", "/usr/lib64/asterisk/modules",
                  "/usr/local/lib/asterisk/modules")  # fmt: skip
SYSTEM_SHARES = ("/usr/share/asterisk", "/var/lib/asterisk", "/usr/local/var/lib/asterisk")


@dataclass(frozen=True, slots=True)
class Installation:
    """How to start Asterisk, where its modules are, and its read-only files (documentation, English sounds)."""

    command: tuple[str, ...]
    modules: Path
    share: Path
    version: str

    @property
    def major(self) -> int:
        return major_version(self.version)

    def missing_modules(self, wanted: Iterable[str]) -> list[str]:
        return [name for name in wanted if not (self.modules / name).exists()]


def tree_command(tree: Path, program: str) -> tuple[str, ...]:
    """A program of the unpacked tree, started through the tree's own loader and libraries."""
    loaders = [*tree.glob("usr/lib*/ld-linux-*.so.*"), *tree.glob("usr/lib/*/ld-linux-*.so.*")]
    if not loaders:
        raise FileNotFoundError(f"{tree} holds no dynamic loader; delete it and run `hotline asterisk get` again")
    libraries = _libraries(tree)
    path = f"{libraries}:{libraries / 'asterisk'}"
    return str(loaders[0]), "--library-path", path, str(tree / program)


def tree_installation(tree: Path) -> Installation:
    command = tree_command(tree, "usr/sbin/asterisk")
    modules = _libraries(tree) / "asterisk" / "modules"
    return Installation(command, modules, tree / "usr/share/asterisk", _version(command))


def system_installation(wanted: Sequence[str]) -> Installation | None:
    """The Asterisk on PATH, if it is new enough and has every module that the hotline loads."""
    program = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    if not program:
        return None
    modules = next((p for pattern in SYSTEM_MODULES for p in Path("/").glob(pattern.lstrip("/"))), None)
    share = next((Path(p) for p in SYSTEM_SHARES if (Path(p) / "documentation").is_dir()), None)
    if modules is None or share is None:
        return None
    found = Installation((program,), modules, share, _version((program,)))
    return found if found.major >= OLDEST_VERSION and not found.missing_modules(wanted) else None


def major_version(version: str) -> int:
    match = re.match(r"\d+", version)
    return int(match[0]) if match else 0


def _libraries(tree: Path) -> Path:
    """usr/lib/x86_64-linux-gnu, or what it is called on this kind of machine."""
    return next(tree.glob("usr/lib/*/asterisk")).parent


def _version(command: Sequence[str]) -> str:
    """`22.10.1` out of `Asterisk 22.10.1~dfsg…`."""
    said = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=20).stdout  # noqa: S603
    match = re.search(r"\d+(\.\d+)+", said)
    return match[0] if match else ""
