"""Everything that a version of the call flows consists of, read once from the folders that administrators edit.

What a folder leaves out comes from the house (`ivr/load.py`); it is written into the version, too, so that a later
release of the hotline cannot change what an old version says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from config.problems import Problems
from config.read_holidays import holiday_files
from config.yaml_reader import Fields, read
from ivr.flow import SYSTEM_PROMPTS, Flows
from ivr.load import CALENDARS, SHIPPED_FLOWS, load_flows
from ivr.prompts import RECORDED_KINDS
from ivr.versions import FLOWS


def version_files(flows_dir: Path, city_dir: Path) -> dict[str, bytes]:
    """Name below the version's folder -> content. Raises OSError."""
    files = dict(_texts(flows_dir, city_dir)) | dict(_recordings(flows_dir))
    flows = load_flows(flows_dir, city_dir, Problems())
    for language in flows.prompts:
        name = f"{FLOWS}/prompts/{language}.yaml"
        files[name] = files.get(name, b"") + _system_prompts(flows, language, _own(flows_dir, "prompts"))
    return files


def _texts(flows_dir: Path, city_dir: Path) -> Iterator[tuple[str, bytes]]:
    for path in holiday_files(city_dir):
        yield f"holidays/{path.name}", path.read_bytes()
    for path in (*flows_dir.glob("*.yaml"), _own(flows_dir, CALENDARS)):
        yield f"{FLOWS}/{path.name}", path.read_bytes()
    for source in (_own(flows_dir, "prompts"), flows_dir / "tests"):
        for path in source.glob("*.yaml"):
            yield f"{FLOWS}/{source.name}/{path.name}", path.read_bytes()


def _recordings(flows_dir: Path) -> Iterator[tuple[str, bytes]]:
    for path in (flows_dir / "prompts" / "recorded").rglob("*"):
        if path.suffix in RECORDED_KINDS and path.is_file():
            yield f"{FLOWS}/{path.relative_to(flows_dir)}", path.read_bytes()


def _own(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).exists() else SHIPPED_FLOWS / name


def _system_prompts(flows: Flows, language: str, folder: Path) -> bytes:
    """More lines for a catalogue: what must be sayable whatever happens, where the city has not said it."""
    path = folder / f"{language}.yaml"
    root = read(path, Problems(), "") if path.exists() else None
    said = {entry.key.text for entry in root.entries} if isinstance(root, Fields) else set()
    catalogue = flows.prompts[language]
    missing = [name for name in SYSTEM_PROMPTS if name not in said and name in catalogue]
    lines = [f"{name}: {json.dumps(catalogue[name].text, ensure_ascii=False)}" for name in missing]
    return ("\n" + "\n".join(lines) + "\n").encode() if lines else b""
