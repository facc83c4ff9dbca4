"""The house rules that a machine can hold: which way imports look, what is pure, which words are used, what leaks.

A floor may use the floors that stand before it in FLOORS, and nothing else of ours.
"""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from config.settings import ROOT

# floor -> what of ours it may import, as beginnings of module names
FLOORS = {
    "config": ("config",),
    "ivr": ("config", "ivr"),
    "agi_scripts": ("config", "ivr", "agi_scripts"),
    "transcription": ("config", "transcription", "ivr.call"),
    "cases": (
        "config", "cases", "ivr.call", "transcription.transcript", "transcription.draft",
        "transcription.place_names", "transcription.spoken_numbers", "transcription.vocabulary",
    ),
    "phone": ("phone",),
    "console": ("config", "ivr", "agi_scripts", "transcription", "cases", "phone", "console"),
}  # fmt: skip
PURE = {
    "config": [
        "city", "codes", "figures", "notebook", "offices", "problems", "reply_words", "rules", "search", "telephones",
        "words", "workdays", "yaml_reader", "yaml_text",
    ],
    "ivr": [
        "actions", "acts", "board", "call", "callbacks", "causes", "distance", "draw", "engine", "events",
        "flow", "hours", "line", "lint", "lint_names", "lint_ways", "live", "outgoing", "room", "schema",
        "session", "spoken_answers", "spoken_words", "walk",
    ],
    "transcription": [
        "categories", "caption", "cues", "draft", "evidence", "guess", "phones", "phrases", "place_names",
        "places", "responsible", "sentences", "spoken_numbers", "summary", "transcript",
        "understood", "vocabulary", "wishes",
    ],
    "cases": [
        "actor", "audit_chain", "breaker", "clock", "conflict", "counting", "deadlines", "exports",
        "figures/definitions", "figures/facts", "figures/from_history", "figures/hot_topics", "figures/measure",
        "figures/of_calls", "figures/of_departments", "figures/of_results", "figures/period",
        "figures/six_hundred", "figures/small_cells", "figures/where", "finding", "fold", "guards", "kept_rule",
        "lifecycle", "perfunctory", "privacy", "promises", "public_figures", "ranking", "reasons", "refusal",
        "report_tables", "return_visit", "search_words", "similar", "standing", "suggestions", "supervision",
        "timeline", "weekly", "wording", "words",
    ],
}  # fmt: skip
NOT_PURE = {"socket", "threading", "os", "time", "sqlalchemy", "fastapi", "subprocess", "random", "secrets", "queue",
            "asyncio", "httpx", "logging", "sys", "shutil", "tempfile", "dbos"}  # fmt: skip
READS_THE_CLOCK = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|monotonic))\s*\(")
VAGUE_NAMES = {"utils", "helpers", "services", "managers", "base", "misc", "common"}
FORBIDDEN_WORDS = {"agent", "agents", "ticket", "tickets", "customer", "customers"}
# Names that others have given: Asterisk's privilege class, SIP's header, the browser's header.
THEIR_WORDS = {"user_agent", "useragent", "USER_AGENT"}


def python_files(folder: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] == folder]


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, with `from a import b` as a.b."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which floor is meant"
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def names(path: Path) -> set[str]:
    """Every name that a file gives: functions, classes, arguments, variables, attributes."""
    found = set()
    for node in ast.walk(tree(path)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                found.add(name)
    return found


def is_of(module: str, beginning: str) -> bool:
    return module == beginning or module.startswith(f"{beginning}.")


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_look_one_way(floor: str) -> None:
    files = python_files(floor)
    assert files, f"no files in {floor}/: has it moved?"
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files
        for module in sorted(imports(path))
        if module.partition(".")[0] in FLOORS and not any(is_of(module, allowed) for allowed in FLOORS[floor])
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_floor_above_looks_up() -> None:
    """The rule that the table must keep, should somebody change the table."""
    order = ["config", "ivr", "agi_scripts", "transcription", "cases", "console"]
    for n, floor in enumerate(order):
        above = set(order[n + 1 :]) | ({"phone"} if floor != "console" else set())
        assert not {allowed.partition(".")[0] for allowed in FLOORS[floor]} & above


@pytest.mark.parametrize("name", [f"{floor}/{name}" for floor, names in PURE.items() for name in names])
def test_what_decides_touches_nothing(name: str) -> None:
    """No clock, no socket, no file, no chance: events in, decisions out."""
    path = ROOT / f"{name}.py"
    assert path.exists(), f"{name}.py is gone: put its new name into PURE"
    used = {module.partition(".")[0] for module in imports(path)} & NOT_PURE
    assert not used, f"{path.relative_to(ROOT)} imports {sorted(used)}"
    clock = READS_THE_CLOCK.search(path.read_text("utf-8"))
    assert clock is None, f"{path.relative_to(ROOT)} calls {clock and clock.group()}: take the moment as an argument"


def test_only_the_database_module_commits() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in python_files(floor)
        if path != ROOT / "config" / "database.py" and re.search(r"\bsession\.commit\(", path.read_text("utf-8"))
    ]
    assert not wrong


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [path for floor in FLOORS for path in python_files(floor)
             if path.stem in VAGUE_NAMES or VAGUE_NAMES & set(path.relative_to(ROOT).parts[:-1])]  # fmt: skip
    assert not [str(path.relative_to(ROOT)) for path in vague]


def test_people_and_cases_are_called_by_their_own_words() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for floor in FLOORS
        for path in python_files(floor)
        for name in sorted(names(path) - THEIR_WORDS)
        if FORBIDDEN_WORDS & set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower()))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_module_says_why_it_is_there() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in python_files(floor)
        if path.read_text("utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert not silent


def test_scripts_that_asterisk_calls_are_short() -> None:
    for path in python_files("agi_scripts"):
        assert len(path.read_text("utf-8").splitlines()) <= 30, path


def test_nothing_tells_of_the_machine_it_was_made_on() -> None:
    """No absolute paths of a machine, and no lock file that would record the address of a registry."""
    # put together from pieces, so that this file does not find itself
    paths = re.compile(
        r"(?<![\w.])/(?:" + "|".join(("work/main", "work/shared", "home/[a-z]", "Users/[a-z]", "root/")) + ")"
    )
    found = []
    for path in tracked():
        if path.stat().st_size > 1_000_000 or path.suffix in (".wav", ".mdl", ".fst", ".int", ".png"):
            continue
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in paths.finditer(text)]
    assert not found, "\n".join(found)
    assert not [path.name for path in tracked() if path.name in ("uv.lock", "poetry.lock", "Pipfile.lock")]


def test_no_address_of_a_registry_or_mirror_is_written_down() -> None:
    known = (
        "pypi|npmjs|npmmirror|pythonhosted|debian[.]org/debian|ubuntu[.]com/ubuntu|aliyun|tsinghua|artifactory|nexus"
    )
    hosts = re.compile(rf"https?://[\w.-]*(?:{known})[\w.-]*")
    found = []
    for path in tracked():
        if path.suffix in (".py", ".toml", ".txt", ".json", ".yaml", ".yml", ".cfg", ".npmrc") or path.name in (
            "Makefile", "run", ".npmrc"):  # fmt: skip
            text = path.read_text("utf-8", errors="replace")
            found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in hosts.finditer(text)]
    assert not found, "\n".join(found)
