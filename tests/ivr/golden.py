"""Golden files: a flow (or several files, each after `=== NAME`), a line of dashes, the exact words of the check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "bad_flows"
RULE = "----------\n"


@dataclass(frozen=True)
class Golden:
    code: str
    files: dict[str, str]
    expected: str

    def write_files(self, folder: Path) -> None:
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


def read_golden(path: Path) -> Golden:
    given, _rule, expected = path.read_text(encoding="utf-8").partition(RULE)
    if not given.startswith("=== "):
        return Golden(path.stem, {"main.yaml": given}, expected)
    parts = (part.partition("\n") for part in given.removeprefix("=== ").split("\n=== "))
    return Golden(path.stem, {name.strip(): text + "\n" for name, _newline, text in parts}, expected)


def all_golden() -> list[Golden]:
    return [read_golden(path) for path in sorted(FOLDER.glob("*.txt"))]
