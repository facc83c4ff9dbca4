"""A mistake in a file that people write: where it is, what is wrong, what to do.

One value, many printers: the terminal, JSON for machines, the administrators' page. `message` is English, for logs and
build servers; `hint` is a whole Chinese sentence for the administrator: it must help somebody who reads nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

MANY_WORDS = 300


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written. Lines and columns count from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """`main.yaml:9:10: F006: no node is named 'operater'; did you mean 'operators'?`, and the hint below it."""
        head = f"{self.file}:{self.line}:{self.column}: {self.code}: {self.message}"
        return f"{head}\n    {self.hint}" if self.hint else head

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Problems:
    """Collects every problem, so that an administrator hears of all of them at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: Place, code: str, message: str, hint: str = "") -> None:
        self._found.append(Problem(place.file, place.line, place.column, code, message, hint))

    def extend(self, problems: Iterable[Problem]) -> None:
        self._found.extend(problems)

    def __iter__(self) -> Iterator[Problem]:
        """In the order of file, line and column; the same problem once."""
        return iter(sorted(set(self._found)))

    def __len__(self) -> int:
        return len(set(self._found))


def shown(path: Path) -> str:
    """The name that people know a file by: below the current folder where possible."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


class Unsound(Exception):
    """Data with problems was asked to be used. Its text lists all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that was probably meant, if one is near enough."""
    known = {w.lower(): w for w in words}
    if len(known) > MANY_WORDS:  # comparing letter by letter would take seconds for a thousand slips
        known = {low: w for low, w in known.items() if low[:1] == word[:1].lower() and abs(len(low) - len(word)) <= 2}
    match = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return known[match[0]] if match else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`; did you mean 'operators'?`, or nothing: the end of a message."""
    guess = nearest(word, words)
    return f"; did you mean '{guess}'?" if guess else ""


def perhaps(word: str, words: Iterable[str]) -> str:
    """The end of a hint: the nearest word, or else the words there are (never more than a screenful)."""
    known = sorted(words)
    if guess := nearest(word, known):
        return f"是不是想写 '{guess}'？"
    listed = "、".join(known[:12])
    return f"可用的有：{listed}{' 等' if len(known) > 12 else ''}。" if known else ""
