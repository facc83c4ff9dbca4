"""What reading the city's files leaves to be checked at the end: names declared, and names referred to."""

from __future__ import annotations

from config.problems import Place, Problems, did_you_mean, perhaps
from config.yaml_reader import Reader, Scalar, Value

# what is declared -> what an administrator calls it
_CALLED = {"department": "单位", "category": "类别", "district": "区", "phone": "电话", "line": "热线号码"}


class Notebook:
    """One per reading. `lenient` files (the shipped ones beside a city's own) may refer to what is not there."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.reader = Reader(problems)
        self._declared: dict[str, dict[str, Place]] = {what: {} for what in _CALLED}
        self._referred: list[tuple[str, str, Place]] = []

    def declare(self, what: str, name: str, place: Place) -> None:
        """Note that this name exists; a second one of the same kind is a problem."""
        if not name:
            return
        if first := self._declared[what].get(name):
            here = first.file == place.file
            where = f"line {first.line}" if here else f"{first.file}:{first.line}"
            self.problems.add(place, "C004" if what == "phone" else "C002",
                              f"{what} '{name}' is used twice; first in {where}",
                              f"{_CALLED[what]} '{name}' 用了两次，第一次在"
                              f"{'' if here else first.file + ' '}第 {first.line} 行，请改掉一个。")  # fmt: skip
            return
        self._declared[what][name] = place

    def known(self, what: str) -> set[str]:
        return set(self._declared[what])

    def refer(self, what: str, value: Value | None) -> str:
        """The name that stands here, to be looked for when everything is read."""
        name = self.reader.name(value)
        if name and value is not None:
            self._referred.append((what, name, value.place))
        return name

    def refer_all(self, what: str, value: Value | None) -> tuple[str, ...]:
        return tuple(self.refer(what, v) for v in self.reader.items(value, or_one=True))

    def code(self, what: str, value: Value | None, place: Place) -> str:
        """A code: letters, digits, `_` and `-`, because it stands in addresses and file names."""
        name = self.reader.name(value)
        at = value.place if isinstance(value, Scalar) else place
        if name and not (name.isascii() and name.replace("_", "").replace("-", "").isalnum()):
            self.problems.add(at, "C001", f"the code '{name}' has other signs than letters, digits, _ and -",
                              f"代码 '{name}' 只能用英文字母、数字、下划线和连字符，例如 police。")  # fmt: skip
        self.declare(what, name, at)
        return name

    def check(self, lenient: set[str], unlisted: set[str]) -> None:
        """Every name that is referred to must exist, except in lenient files, and of what the city lists nowhere."""
        for what, name, place in self._referred:
            known = self._declared[what]
            if name not in known and place.file not in lenient and what not in unlisted:
                self.problems.add(place, "C005", f"no {what} is named '{name}'{did_you_mean(name, known)}",
                                  f"没有代码为 '{name}' 的{_CALLED[what]}。{perhaps(name, known)}")  # fmt: skip
