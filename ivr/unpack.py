"""Asterisk and espeak-ng of Debian, unpacked without root: apt downloads, dpkg unpacks, nothing is installed.

apt gets a private state (an empty list of installed packages, so that every library comes along) and keeps this
machine's own proxies, passwords and keys. The tree lies in the user's cache folder, outside the data folder, so that
a second instance or a fresh data folder need not download it again. It has its name only when it is complete.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ivr.apt_sources import Archive, choose_archive, read_sources

Progress = Callable[[str], None]

PACKAGES = ("asterisk", "asterisk-modules", "espeak-ng")
STAMP = "complete.json"
MEGABYTE = 1_000_000


class UnpackProblem(Exception):
    """Asterisk could not be unpacked. The text says what to do."""


def cache_dir() -> Path:
    """`~/.cache/hotline`, or where XDG_CACHE_HOME says."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "hotline"


def unpacked_tree(cache: Path) -> Path | None:
    """The complete tree of an earlier run, if there is one."""
    return next((stamp.parent for stamp in sorted(cache.glob(f"asterisk-*/{STAMP}"))), None)


def unpack(progress: Progress, cache: Path | None = None) -> Path:
    """The tree, downloaded and unpacked now unless it is there already. Two runs at a time make it once."""
    cache = cache or cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / "unpack.lock", progress):
        return unpacked_tree(cache) or _unpack(archive_of_this_machine(), cache, progress)


def archive_of_this_machine(etc: Path = Path("/etc")) -> Archive:
    """The archive apt is configured for. Raises UnpackProblem with what to do."""
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise UnpackProblem(
                f"{program} is not on this machine, so Asterisk cannot be fetched by itself. Install Asterisk 20 or "
                "newer with this system's own packages (then that one is used), or run the hotline on Debian or Ubuntu."
            )
    apt = etc / "apt"
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    texts = {str(path): path.read_text(errors="replace") for path in files if path.is_file()}
    archive = choose_archive(read_sources(texts), _codename(etc / "os-release"))
    if archive is None:
        raise UnpackProblem(
            f"no Debian archive (or Ubuntu with universe) is configured in {apt}/sources.list.d. "
            "Add one, or install Asterisk 20 or newer, then run `hotline asterisk get` again."
        )
    return archive


def _codename(os_release: Path) -> str:
    if not os_release.is_file():
        return ""
    pairs = (line.partition("=")[::2] for line in os_release.read_text().splitlines())
    return {name: value.strip('"') for name, value in pairs}.get("VERSION_CODENAME", "")


@contextmanager
def _only_one(lock: Path, progress: Progress) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another process is getting Asterisk; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unpack(archive: Archive, cache: Path, progress: Progress) -> Path:
    for left_over in cache.glob(".making-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    work = cache / f".making-{os.getpid()}"
    apt = _PrivateApt(work / "apt", archive)
    progress(f"reading the package list of {archive.suite}")
    apt.run("-qq", "update")
    _download(apt, progress)
    tree = work / "tree"
    _extract(apt.debs(), tree, progress)
    stamp = {"suite": archive.suite, "packages": sorted(deb.name for deb in apt.debs())}
    (tree / STAMP).write_text(json.dumps(stamp, indent=1))
    final = cache / f"asterisk-{archive.suite}"
    shutil.rmtree(final, ignore_errors=True)  # without a stamp: the remains of something else
    tree.rename(final)
    shutil.rmtree(work)
    return final


def _download(apt: _PrivateApt, progress: Progress) -> None:
    install = ("-qq", "-y", "--no-install-recommends", "install")
    listed = apt.run("--print-uris", *install, *PACKAGES)
    total = sum(int(line.rsplit(" ", 2)[-2]) for line in listed.splitlines() if line.startswith("'"))
    process = apt.start("--download-only", *install, *PACKAGES)
    while process.poll() is None:
        time.sleep(1)
        progress(f"downloading {apt.downloaded() / MEGABYTE:.0f} of {total / MEGABYTE:.0f} MB")
    apt.check(process.returncode, (process.communicate()[0] or ""))


def _extract(debs: list[Path], tree: Path, progress: Progress) -> None:
    tree.mkdir(parents=True)
    for number, deb in enumerate(debs, 1):
        if number % 20 == 0 or number == len(debs):
            progress(f"unpacking {number} of {len(debs)} packages")
        done = subprocess.run(  # noqa: S603
            ["dpkg-deb", "-x", deb, tree],  # noqa: S607
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise UnpackProblem(f"{deb.name} cannot be unpacked into {tree}: {done.stderr.strip()}")


class _PrivateApt:
    """apt-get with lists, cache and package state of its own."""

    def __init__(self, home: Path, archive: Archive) -> None:
        self.archives = home / "archives"
        (self.archives / "partial").mkdir(parents=True)
        (home / "lists" / "partial").mkdir(parents=True)
        (home / "status").touch()
        (home / "hotline.sources").write_text(archive.to_deb822())
        (home / "apt.conf").write_text(_apt_conf(home))
        self._command = ["apt-get", f"-c={home / 'apt.conf'}"]

    def debs(self) -> list[Path]:
        return sorted(self.archives.glob("*.deb"))

    def downloaded(self) -> int:
        sizes = 0
        for path in (*self.archives.glob("*.deb"), *self.archives.glob("partial/*")):
            try:
                sizes += path.stat().st_size
            except FileNotFoundError:  # moved from partial/ meanwhile: counted at the next look
                continue
        return sizes

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        output = process.communicate()[0]
        self.check(process.returncode, output)
        return output

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        return subprocess.Popen(  # noqa: S603
            [*self._command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )

    @staticmethod
    def check(code: int, output: str) -> None:
        if code == 0:
            return
        errors = [line for line in output.splitlines() if line.startswith(("E:", "W:"))]
        said = "\n  ".join(errors[-6:]) or output[-500:]
        raise UnpackProblem(
            f"apt-get could not fetch Asterisk:\n  {said}\nCheck the network and apt's sources (does `apt-get update` "
            "work?), or install Asterisk 20 or newer yourself; then run `hotline asterisk get` again."
        )


def _apt_conf(home: Path) -> str:
    """Read after the machine's own configuration: its proxies and keys stay, its lists, state and hooks do not."""
    settings = {
        "Dir::State": home,
        "Dir::State::lists": home / "lists",
        "Dir::State::status": home / "status",
        "Dir::Cache": home,
        "Dir::Cache::archives": home / "archives",
        "Dir::Etc::sourcelist": home / "hotline.sources",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
        "APT::Get::List-Cleanup": "false",
        "APT::Update::Error-Mode": "any",  # an archive that cannot be reached is an error, not a warning
        "Debug::NoLocking": "true",
    }
    hooks = (
        "APT::Update::Pre-Invoke",
        "APT::Update::Post-Invoke",
        "APT::Update::Post-Invoke-Success",
        "DPkg::Post-Invoke",
    )
    return "".join(f"#clear {hook};\n" for hook in hooks) + "".join(f'{k} "{v}";\n' for k, v in settings.items())
