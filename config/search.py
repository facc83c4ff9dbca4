"""Find a department as people type: a part of its name, pinyin initials, or its number."""

from __future__ import annotations

from collections.abc import Iterable

from config.offices import Department


def search(departments: Iterable[Department], words: str) -> list[Department]:
    """Best first; the order of the file among equals. Nothing typed finds everything."""
    wanted = words.strip().lower()
    ranked = [(_rank(d, wanted), d) for d in departments]
    return [d for rank, d in sorted(((r, d) for r, d in ranked if r is not None), key=lambda pair: pair[0])]


def _rank(department: Department, wanted: str) -> int | None:
    """0 is best. The whole of something, then its beginning, then a part of it."""
    numbers = [n for n in (department.phone, department.duty_phone) if n]
    fields = [f.lower() for f in (department.code, *department.names, *department.initials, *numbers)]
    if wanted in fields:
        return 0
    if any(f.startswith(wanted) for f in fields):
        return 1
    return 2 if any(wanted in f for f in fields) else None
