"""YAML as people write it: every value with its place, every trap by its name, nothing hostile let in.

`yaml.load` is never used: it silently turns `22:00` into 1320, `010` into 8, `on` into True, and keeps the last of
two equal keys. Here a value stays as it is spelt; `config/yaml_reader.py` decides what it may be. Aliases, tags and
several documents are refused, so nothing can grow beyond what is in the file; size and depth are limited before
anything is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from config.problems import Place, Problems

MAX_BYTES = 2_000_000  # a flow of 2,000 nodes has about 200,000
MAX_DEPTH = 24  # the deepest sound file has 7
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What a Chinese keyboard writes for the punctuation YAML needs.
FULL_WIDTH = {"：": ":", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "｛": "{", "｝": "}", "［": "[", "］": "]",
              "【": "[", "】": "]", "＃": "#", "－": "-", "\u3000": " "}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as it is spelt. `plain` means: written without quotes."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    values: tuple[Value, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    key: Scalar
    value: Value


@dataclass(frozen=True, slots=True)
class Fields:
    entries: tuple[Entry, ...]
    place: Place

    def get(self, name: str) -> Value | None:
        return next((e.value for e in self.entries if e.key.text == name), None)


Value = Scalar | Items | Fields


def read(path: Path, problems: Problems, shown: str = "") -> Value | None:
    """The file as values, or None after its problems were noted. `shown` is the name people know the file by."""
    place = Place(shown or str(path))
    try:
        if path.stat().st_size > MAX_BYTES:
            _too_large(place, problems)
            return None
        return parse(path.read_bytes(), place.file, problems)
    except OSError as e:
        problems.add(
            place, "Y001", f"cannot read the file: {e.strerror}", "文件读不出来，请检查它是否存在、是否有权限。"
        )
        return None


def parse(data: bytes, file: str, problems: Problems) -> Value | None:
    """The text as values, or None after its problems were noted."""
    place = Place(file)
    if len(data) > MAX_BYTES:
        _too_large(place, problems)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.add(place, "Y001", "this is not a UTF-8 text", "文件不是 UTF-8 文本，请用编辑器另存为 UTF-8 编码。")
        return None
    if found := re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        line = text.count("\n", 0, found.start()) + 1
        problems.add(Place(file, line), "Y001", "a control character in the text", "文件里有不可见的控制字符，请删去。")
        return None
    return _Builder(text, file, problems).build()


def _too_large(place: Place, problems: Problems) -> None:
    hint = f"文件超过 {MAX_BYTES // 1_000_000} MB，请拆分。"
    problems.add(place, "Y002", f"the file is larger than {MAX_BYTES} bytes", hint)


class _Stop(Exception):
    """The rest of the file cannot be read soundly."""


class _Builder:
    """Builds values from YAML's events with a stack of its own: no recursion, no aliases, no surprises."""

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self.text, self.file, self.problems = text, file, problems
        self.open: list[tuple[Place, bool, list[Value]]] = []
        self.root: Value | None = None

    def build(self) -> Value | None:
        try:
            for event in yaml.parse(self.text, Loader=_LOADER):
                self._take(event)
        except _Stop:
            return None
        except yaml.MarkedYAMLError as e:
            self._syntax(e)
            return None
        except yaml.YAMLError as e:
            self.problems.add(Place(self.file), "Y005", f"this is not YAML: {e}", "文件不是有效的 YAML。")
            return None
        if self.root is None:
            self.problems.add(Place(self.file), "Y010", "the file is empty", "文件是空的。")
        return self.root

    def _place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _take(self, event: yaml.Event) -> None:
        place = self._place(event.start_mark)
        match event:
            case yaml.AliasEvent():
                self._refuse(
                    place,
                    "Y004",
                    "anchors and aliases (& and *) are not used here",
                    "不支持 & 和 * 引用，请把内容完整写出来。",
                )
            case yaml.ScalarEvent():
                self._check_plainness(event, place)
                self._put(Scalar(event.value, not event.style, place))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._check_plainness(event, place)
                if len(self.open) >= MAX_DEPTH:
                    self._refuse(
                        place,
                        "Y003",
                        f"nested deeper than {MAX_DEPTH} levels",
                        f"嵌套超过 {MAX_DEPTH} 层，请检查括号和缩进。",
                    )
                self.open.append((place, isinstance(event, yaml.MappingStartEvent), []))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                place, is_mapping, values = self.open.pop()
                self._put(self._fields(values, place) if is_mapping else Items(tuple(values), place))
            case yaml.DocumentStartEvent() if self.root is not None:
                self._refuse(
                    place, "Y004", "a second document begins here", "一个文件只能有一份内容，请删去多余的 ---。"
                )

    def _check_plainness(self, event: yaml.NodeEvent, place: Place) -> None:
        if event.anchor is not None or getattr(event, "tag", None) not in (None, "!"):
            self._refuse(place, "Y004", "anchors and tags (& and !) are not used here", "不支持 & 和 ! 标记，请删去。")

    def _refuse(self, place: Place, code: str, message: str, hint: str) -> None:
        self.problems.add(place, code, message, hint)
        raise _Stop

    def _put(self, value: Value) -> None:
        if self.open:
            self.open[-1][2].append(value)
        else:
            self.root = value

    def _fields(self, values: list[Value], place: Place) -> Fields:
        entries: dict[str, Entry] = {}
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.problems.add(key.place, "Y010", "a name cannot be a list or a mapping", "冒号左边必须是一个名字。")
            elif first := entries.get(key.text):
                line = first.key.place.line
                self.problems.add(key.place, "Y008", f"'{key.text}' is written twice; first in line {line}",
                                  f"'{key.text}' 写了两遍，第一次在第 {line} 行，请删去一个。")  # fmt: skip
            else:
                full_width(key, self.problems)
                entries[key.text] = Entry(key, value)
        return Fields(tuple(entries.values()), place)

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        """Name the usual causes; the parser's own words help only programmers."""
        mark = error.problem_mark or error.context_mark
        place = self._place(mark) if mark else Place(self.file)
        lines = self.text.splitlines()
        for number in range(place.line, max(0, place.line - 3), -1):
            if number <= len(lines) and self._name_cause(lines[number - 1], number):
                return
        self.problems.add(place, "Y005", f"this is not YAML: {error.problem or error.context}",
                          "这里不符合 YAML 的写法，请检查本行和上一行的冒号、引号、括号和缩进。")  # fmt: skip

    def _name_cause(self, line: str, number: int) -> bool:
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            self.problems.add(Place(self.file, number, indent.index("\t") + 1), "Y006", "a tab is used to indent",
                              "缩进用了 Tab，请改成空格。")  # fmt: skip
            return True
        bare = re.sub(r"#.*|\"[^\"]*\"|'[^']*'", lambda m: " " * len(m[0]), line)
        found = next((m for m in re.finditer("[" + "".join(FULL_WIDTH) + "]", bare) if _may_break(bare, m)), None)
        if found:
            _full_width_at(Place(self.file, number, found.start() + 1), found[0], self.problems)
        return bool(found)


def _may_break(line: str, sign: re.Match[str]) -> bool:
    """Chinese text has commas of its own: they stand for YAML's only where something is listed in brackets."""
    before = line[: sign.start()]
    return sign[0] != "，" or any(before.count(opened) > before.count(closed) for opened, closed in ("[]", "{}"))


def _full_width_at(place: Place, sign: str, problems: Problems) -> None:
    half = FULL_WIDTH[sign].replace(" ", "空格")
    problems.add(place, "Y007", f"'{sign}' is full-width punctuation; YAML needs '{FULL_WIDTH[sign]}'",
                 f"这里用了全角的 {sign} ，请切换到英文输入法，改成半角的 {half}")  # fmt: skip


def full_width(scalar: Scalar, problems: Problems) -> bool:
    """Note a full-width sign in a name, where it was meant to be YAML's own."""
    found = re.search("[" + "".join(FULL_WIDTH) + "]", scalar.text) if scalar.plain else None
    if found:
        place = Place(scalar.place.file, scalar.place.line, scalar.place.column + found.start())
        _full_width_at(place, found[0], problems)
    return bool(found)


TRUTHS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")


def trap(scalar: Scalar) -> str:
    """What other YAML programs would make of a value without quotes, where that differs from what is written; or ""."""
    text = scalar.text
    if not scalar.plain:
        return ""
    if text.lower() in TRUTHS or text in ("y", "Y", "n", "N"):
        return "true" if TRUTHS.get(text.lower(), text in "yY") else "false"
    if text.lower() in ("", "~", "null"):
        return "nothing"
    if _SEXAGESIMAL.fullmatch(text):
        total = 0.0
        for part in text.replace("_", "").lstrip("+-").split(":"):
            total = total * 60 + float(part)
        return f"the number {total:g}"
    if re.fullmatch(r"[-+]?0[0-7_]+", text):
        return f"the octal number {int(text.replace('_', ''), 8)}"
    if re.fullmatch(r"0[0-9]+|0x[0-9a-fA-F_]+|0b[01_]+|[0-9]+_[0-9_]*|[0-9]*\.[0-9]*0|[0-9.]+e[-+]?[0-9]+", text):
        return "another number"
    return ""
