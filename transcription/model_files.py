"""A model as files: what is in it, and how one gets onto this machine. Addresses come from administrators only."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_BYTES = 20 << 30
REPORT_BYTES = 50 << 20


class NotInstalled(Exception):
    """The archive could not be fetched or unpacked; the message says what to do."""


def describe(path: Path) -> dict[str, Any]:
    """Facts for people. `words` is None when the list is hidden inside the graph."""
    from transcription.recognizer import sample_rate

    files = [f for f in path.rglob("*") if f.is_file()]
    known = words(path)
    graph = "grammars" if (path / "graph" / "HCLr.fst").is_file() else "fixed"
    size = sum(f.stat().st_size for f in files)
    return {"path": str(path), "megabytes": round(size / 1e6, 1), "files": len(files),
            "words": len(known) if known else None, "sample_rate": sample_rate(path), "graph": graph}  # fmt: skip


def words(path: Path) -> frozenset[str] | None:
    """Every word that a model knows. None when the list is hidden inside the graph."""
    names = path / "graph" / "words.txt"
    if not names.is_file():
        return None
    with names.open(encoding="utf-8") as lines:
        return frozenset(line.split()[0] for line in lines if not line.startswith(("<", "#", "[")) and line.split())


def install(source: str, models: Path, sha256: str = "", say: Callable[[str], None] = lambda _text: None) -> Path:
    """Unpack an archive (a path, or an http(s) address) into `models`; returns the model's folder."""
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".unpacking-") as temporary:
        here = Path(temporary)
        archive = _fetch(source, here / "archive", say) if source.startswith(("http://", "https://")) else Path(source)
        if not archive.is_file():
            raise NotInstalled(f"{source}: no such file; give the archive of a Vosk model")
        if sha256 and _sha256(archive) != sha256.lower():
            raise NotInstalled(f"{source}: the checksum is not the one given; do not use this file")
        say("unpacking")
        unpacked = here / "unpacked"
        _unpack(archive, unpacked, source)
        return _move(_model_in(unpacked, source), models, _name(source))


def _fetch(address: str, to: Path, say: Callable[[str], None]) -> Path:
    import httpx

    done, reported = 0, 0
    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=60) as response, to.open("wb") as file:
            response.raise_for_status()
            for block in response.iter_bytes():
                file.write(block)
                done += len(block)
                if done > MAX_BYTES:
                    raise NotInstalled(f"{address}: more than {MAX_BYTES >> 30} GB; this is no speech model")
                if done - reported >= REPORT_BYTES:
                    reported = done
                    say(f"{done >> 20} MB")
    except httpx.HTTPError as e:
        raise NotInstalled(f"{address}: cannot be fetched ({type(e).__name__}); is the address right?") from e
    return to


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(archive: Path, to: Path, source: str) -> None:
    """Nothing may land outside `to`, whatever the archive says."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as z:
                if sum(entry.file_size for entry in z.infolist()) > MAX_BYTES:
                    raise NotInstalled(f"{source}: unpacks to more than {MAX_BYTES >> 30} GB; this is no speech model")
                z.extractall(to)  # noqa: S202  # zipfile drops leading slashes and '..'
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as t:
                t.extractall(to, filter="data")
        else:
            raise NotInstalled(f"{source}: neither a .zip nor a .tar archive; give the archive of a Vosk model")
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as e:
        raise NotInstalled(f"{source}: the archive is broken ({type(e).__name__}); fetch it again") from e


def _model_in(folder: Path, source: str) -> Path:
    found = sorted((p.parent.parent for p in folder.rglob("am/final.mdl")), key=lambda p: len(p.parts))
    if not found:
        raise NotInstalled(f"{source}: no Vosk model inside (am/final.mdl is missing)")
    return found[0]


def _name(source: str) -> str:
    """`vosk-model-small` of any path or address that ends with vosk-model-small.zip or .tar.gz."""
    name = source.rstrip("/").rpartition("/")[2].partition("?")[0]
    for ending in (".gz", ".xz", ".bz2", ".tgz", ".zip", ".tar"):
        name = name.removesuffix(ending)
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name).lstrip(".") or "model"


def _move(unpacked: Path, models: Path, name: str) -> Path:
    target = models / name
    if target.exists():
        raise NotInstalled(f"{target}: is already there; remove it first, or use it as it is")
    return Path(shutil.move(unpacked, target))
