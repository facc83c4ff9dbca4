"""departments.yaml, places.yaml and directory.yaml -> departments, districts and the merged lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pypinyin import Style, lazy_pinyin

from config.codes import Level
from config.notebook import Notebook
from config.offices import Department, DirectoryLine, District
from config.read_words import one_of, read_word_list
from config.yaml_reader import Fields, Scalar, Value

_DEPARTMENT = {"code", "name", "phone", "aliases", "initials", "duty_phone", "level", "districts", "categories",
               "words", "parent"}  # fmt: skip
_DISTRICT = {"name", "government", "aliases", "streets", "roads", "communities", "landmarks"}
_LINE = {"number", "name", "department", "hours", "note", "parallel"}
LONGEST_NUMBER = 12  # a Chinese number with its area code


def read_departments(root: Value | None, notes: Notebook) -> tuple[Department, ...]:
    """A list under `departments`, or by code: `departments: {police: {name: …, phone: …}}`."""
    value = root.get("departments") if isinstance(root, Fields) else root
    if value is None and root is not None:
        notes.reader.missing(root.place, "departments")
    if isinstance(value, Fields):
        return tuple(_department(e.value, notes, e.key) for e in value.entries)
    return tuple(_department(v, notes) for v in notes.reader.items(value))


def _department(value: Value, notes: Notebook, key: Scalar | None = None) -> Department:
    needed = ("name", "phone") if key else ("code", "name", "phone")
    f = notes.reader.fields(value, known=_DEPARTMENT, needed=needed)
    name, aliases = notes.reader.text(f.get("name")), notes.reader.texts(f.get("aliases"))
    phone = read_number(f.get("phone"), notes)
    if place := f.get("phone"):
        notes.declare("phone", phone, place.place)
    return Department(
        code=notes.code("department", key or f.get("code"), value.place),
        name=name,
        phone=phone,
        aliases=aliases,
        initials=(*notes.reader.texts(f.get("initials")), *(initials(n) for n in (name, *aliases))),
        duty_phone=read_number(f.get("duty_phone"), notes),
        level=one_of(Level, f.get("level"), Level.CITY, notes),
        districts=notes.refer_all("district", f.get("districts")),
        categories=notes.refer_all("category", f.get("categories")),
        words=read_word_list(f.get("words"), notes),
        parent=notes.refer("department", f.get("parent")) if f.get("parent") else "",
    )


def initials(name: str) -> str:
    """The first letters of the pinyin: 城管 -> cg."""
    return "".join(part[:1] for part in lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()


def read_number(value: Value | None, notes: Notebook) -> str:
    """A number a room may call: digits only, within the country, never one that costs extra."""
    if value is None:
        return ""
    number = value.text if isinstance(value, Scalar) else notes.reader.text(value)
    wrong = _wrong_with(number)
    if wrong and isinstance(value, Scalar):
        notes.problems.add(value.place, "C003", f"'{number}' {wrong[0]}", f"电话 '{number}' {wrong[1]}")
    return "" if wrong else number


def _wrong_with(number: str) -> tuple[str, str] | None:
    if not re.fullmatch("[0-9]+", number):
        digits = "".join(c for c in number if c in "0123456789")
        write = f"请写成 '{digits}'。" if digits else "请写号码。"
        return "is not a number of digits only", f"只能有数字，不要空格、横线和分机。{write}"
    if number.startswith("00"):
        return "looks like an international number", "像是国际长途，不能作为承办单位的电话。"
    if re.fullmatch("(160|168)[0-9]{4,7}", number):
        return "looks like a premium-rate number", "像是声讯台等加收费用的号码，不能作为承办单位的电话。"
    if not 3 <= len(number) <= LONGEST_NUMBER:
        return (
            f"has {len(number)} digits, not 3 to {LONGEST_NUMBER}",
            f"有 {len(number)} 位，应为 3 到 {LONGEST_NUMBER} 位。",
        )
    return None


def read_districts(root: Value | None, notes: Notebook) -> tuple[District, ...]:
    value = root.get("districts") if isinstance(root, Fields) else None
    return tuple(_district(v, notes) for v in notes.reader.items(value))


def _district(value: Value, notes: Notebook) -> District:
    f = notes.reader.fields(value, known=_DISTRICT, needed=("name",))
    name = notes.reader.text(f.get("name"))
    notes.declare("district", name, value.place)
    return District(
        name=name,
        government=notes.refer("department", f.get("government")) if f.get("government") else "",
        **{
            part: notes.reader.texts(f.get(part))
            for part in ("aliases", "streets", "roads", "communities", "landmarks")
        },
    )


def read_lines(root: Value | None, notes: Notebook) -> tuple[DirectoryLine, ...]:
    value = root.get("lines") if isinstance(root, Fields) else root
    if value is None and root is not None:
        notes.reader.missing(root.place, "lines")
    return tuple(_lines(notes.reader.items(value), notes))


def _lines(values: Iterable[Value], notes: Notebook) -> Iterable[DirectoryLine]:
    for value in values:
        f = notes.reader.fields(value, known=_LINE, needed=("number", "name"))
        number = read_number(f.get("number"), notes)
        notes.declare("line", number, value.place)
        yield DirectoryLine(
            number=number,
            name=notes.reader.text(f.get("name")),
            department=notes.refer("department", f.get("department")) if f.get("department") else "",
            hours=notes.reader.text(f.get("hours")),
            note=notes.reader.text(f.get("note")),
            parallel=notes.reader.truth(f.get("parallel")),
        )
