"""Typed readers over `config/yaml_text.py`: each takes a value as what it should be, or notes what is wrong with it.

problems = Problems()
root = read(path, problems, shown="departments.yaml")
reader = Reader(problems)
for entry in reader.fields(root, known={"departments"}, needed=("departments",)): ...
"""

from __future__ import annotations

import re
from typing import TypeVar

from config.problems import Place, Problems, did_you_mean, perhaps
from config.yaml_text import TRUTHS, Entry, Fields, Items, Scalar, Value, full_width, parse, read, trap

__all__ = ["Entry", "Fields", "Items", "Reader", "Scalar", "Value", "parse", "read"]

N = TypeVar("N", int, float)


class Reader:
    """Takes values as what they should be. A wrong one is noted and replaced by an empty one, so reading goes on."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def fields(
        self, value: Value | None, *, known: set[str] | None = None, needed: tuple[str, ...] = ()
    ) -> dict[str, Value]:
        """A mapping. With `known`, other names are refused, with the nearest one suggested."""
        if value is None:
            return {}
        if not isinstance(value, Fields):
            self._not_a(value, "a mapping of names to values", "这里需要若干行 '名称: 值'")
            return {}
        for entry in value.entries:
            if known is not None and entry.key.text not in known:
                name = entry.key.text
                self.problems.add(entry.key.place, "Y011", f"no field is named '{name}'{did_you_mean(name, known)}",
                                  f"没有名为 '{name}' 的字段。{perhaps(name, known)}")  # fmt: skip
        for name in needed:
            if value.get(name) is None:
                self.missing(value.place, name)
        return {e.key.text: e.value for e in value.entries}

    def missing(self, place: Place, name: str) -> None:
        self.problems.add(place, "Y012", f"'{name}' is missing", f"缺少 '{name}'，请补上。")

    def items(self, value: Value | None, *, or_one: bool = False) -> tuple[Value, ...]:
        """A list; with `or_one` a single value counts as a list of one."""
        if isinstance(value, Items):
            return value.values
        if value is None:
            return ()
        if or_one and isinstance(value, Scalar):
            return (value,)
        self._not_a(value, "a list", "这里需要一个列表，例如 [甲, 乙]")
        return ()

    def text(self, value: Value | None) -> str:
        """Words for people, or a number that is kept as it is spelt, such as a telephone number."""
        if value is None:
            return ""
        if not isinstance(value, Scalar):
            self._not_a(value, "a text", "这里需要一段文字")
            return ""
        if meant := trap(value):
            self._trapped(value, meant)
        return value.text

    def name(self, value: Value | None) -> str:
        """A text that names something: full-width punctuation in it is a slip of the keyboard."""
        text = self.text(value)
        if isinstance(value, Scalar):
            full_width(value, self.problems)
        return text

    def texts(self, value: Value | None, *, or_one: bool = True) -> tuple[str, ...]:
        return tuple(self.text(v) for v in self.items(value, or_one=or_one))

    def names(self, value: Value | None, *, or_one: bool = True) -> tuple[str, ...]:
        return tuple(self.name(v) for v in self.items(value, or_one=or_one))

    def integer(self, value: Value | None, low: int = 0, high: int = 1_000_000_000, default: int | None = None) -> int:
        """A whole number, `default` where nothing (or nothing sound) is written; without default, `low`."""
        stand_in = low if default is None else default
        if value is None:
            return stand_in
        if not isinstance(value, Scalar) or not value.plain:
            self._not_a(value, "a whole number without quotes", "这里需要一个不带引号的整数")
        elif re.fullmatch(r"-?(0|[1-9][0-9]{0,11})", value.text):
            return self._within(value, int(value.text), low, high)
        elif meant := trap(value):
            self._trapped(value, meant)
        else:
            self._not_a(value, "a whole number", "这里需要一个整数，只写数字，不带单位，例如 60")
        return stand_in

    def number(self, value: Value | None, low: float = 0.0, high: float = 1e9, default: float | None = None) -> float:
        """A number that may have a fraction."""
        if value is None and default is not None:
            return default
        if isinstance(value, Scalar) and value.plain and re.fullmatch(r"-?[0-9]{1,12}\.[0-9]{1,6}", value.text):
            return self._within(value, float(value.text), low, high)
        return float(self.integer(value, int(low), int(high)))

    def _within(self, value: Scalar, number: N, low: N, high: N) -> N:
        if low <= number <= high:
            return number
        self.problems.add(value.place, "Y013", f"{number} is not between {low} and {high}",
                          f"{number} 超出范围，请写 {low} 到 {high} 之间的数。")  # fmt: skip
        return low

    def truth(self, value: Value | None, default: bool = False) -> bool:
        if value is None:
            return default
        if isinstance(value, Scalar) and value.plain and value.text.lower() in TRUTHS:
            return TRUTHS[value.text.lower()]
        self._not_a(value, "yes or no, without quotes", "这里请写 yes 或 no，不带引号")
        return False

    def choice(self, value: Value | None, words: tuple[str, ...]) -> str:
        """One word of a closed list; `words[0]` stands in for a wrong one. `on` and `no` are words here, not traps."""
        if value is None:
            return words[0]
        if not isinstance(value, Scalar):
            self._not_a(value, "one of " + ", ".join(words), "这里请写其中之一：" + "、".join(words))
            return words[0]
        if value.text in words:
            return value.text
        if not full_width(value, self.problems):
            self.problems.add(value.place, "Y013", f"'{value.text}' is not one of {', '.join(words)}"
                              f"{did_you_mean(value.text, words)}",
                              f"不能写 '{value.text}'。{perhaps(value.text, words)}")  # fmt: skip
        return words[0]

    def clock(self, value: Value | None) -> int:
        """A time of day such as "08:30", in quotes, as minutes since midnight; "24:00" is the end of the day."""
        text = self.text(value)
        found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00", text)
        if value is not None and not found and isinstance(value, Scalar):
            self._not_a(value, 'a time such as "08:30"', '这里需要一个时刻，例如 "08:30"')
        hour, _, minute = text.partition(":")
        return int(hour) * 60 + int(minute) if found else 0

    def _not_a(self, value: Value, wanted: str, hint: str) -> None:
        if isinstance(value, Scalar) and full_width(value, self.problems):
            return
        found = (
            "a list" if isinstance(value, Items) else "a mapping" if isinstance(value, Fields) else f"'{value.text}'"
        )
        self.problems.add(value.place, "Y010", f"{found} stands where {wanted} is needed", hint + "。")

    def _trapped(self, value: Scalar, meant: str) -> None:
        if value.text in ("", "~", "null", "Null", "NULL"):
            self.problems.add(value.place, "Y010", "a value is missing here", "这里没有写值，请补上。")
            return
        said = f"'{value.text}' without quotes means {meant} to YAML"
        self.problems.add(
            value.place,
            "Y009",
            f'{said}; write "{value.text}" or a plain number',
            f'不带引号的 {value.text} 会被 YAML 误读；如果是文字请写成 "{value.text}"，如果是数字请写普通整数。',
        )
