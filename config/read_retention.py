"""retention.yaml -> how long things are kept. Nothing is erased unless the city has said so in a file of its own."""

from __future__ import annotations

import re
from types import MappingProxyType

from config.notebook import Notebook
from config.retention import CLASSES, THINGS, Days, Retention
from config.yaml_reader import Value

_DAYS = {"day": 1, "month": 31, "year": 366}  # rather a day too long than one too short
_FOREVER = "forever"


def read_retention(root: Value | None, notes: Notebook) -> Retention:
    if root is None:
        return Retention()
    f = notes.reader.fields(root, known={"classes"}, needed=("classes",))
    classes = notes.reader.fields(f.get("classes"), known=set(CLASSES))
    return Retention(MappingProxyType({name: _class(value, notes) for name, value in classes.items()}))


def _class(value: Value, notes: Notebook) -> Days:
    things = notes.reader.fields(value, known=set(THINGS))
    spans = {name: _span(each, notes) for name, each in things.items() if name in THINGS}
    return MappingProxyType({name: days for name, days in spans.items() if days})


def _span(value: Value, notes: Notebook) -> int:
    """`90 days`, `18 months`, `5 years` as days; 0 for `forever`, and for what cannot be understood."""
    text = notes.reader.text(value)
    found = re.fullmatch("([1-9][0-9]{0,3}) (day|month|year)s?", text)
    if found:
        return int(found[1]) * _DAYS[found[2]]
    if text != _FOREVER:
        notes.problems.add(value.place, "C011", f"'{text}' is not a period such as '5 years' or 'forever'",
                           f"'{text}' 不是保存期限。请写 forever，或 '90 days'、'18 months'、'5 years'。")  # fmt: skip
    return 0
