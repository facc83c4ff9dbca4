"""Tables for spreadsheets: CSV and XLSX that no cell of can act as a formula.

A citizen may write `=HYPERLINK(…)` into a complaint. A spreadsheet runs a cell that begins with =, +, -, @, a tab or a
line break, also after blanks and in full-width characters; such text is kept readable behind an apostrophe. Numbers are
written as numbers and need no guard.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

Cell = str | int | float | bool | date | datetime | None

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST_CELL = 32_766  # Excel's own limit, less the apostrophe
_LONGEST_TITLE = 31


def guarded(value: Cell) -> Cell:
    """The value as a cell may hold it: text that would start a formula begins with an apostrophe."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(_STARTS) or value.lstrip().startswith(_STARTS) else value


def csv_file(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180 in UTF-8; the mark at its beginning lets Excel read the Chinese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([guarded(name) for name in header])
    writer.writerows([[guarded(_written(value)) for value in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def xlsx_file(sheets: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    """One sheet for each title: its header and its rows."""
    book = Workbook(write_only=True)
    for title, (header, rows) in sheets.items():
        sheet = book.create_sheet(_title(title))
        sheet.append([guarded(_fitting(name)) for name in header])
        for row in rows:
            sheet.append([guarded(_fitting(_zoneless(value))) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _written(value: Cell) -> Cell:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _zoneless(value: Cell) -> Cell:
    """A spreadsheet knows no time zones: the moment as it is given, in the city's time."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _fitting(value: Cell) -> Cell:
    """Characters that XML cannot hold are left out, and what is longer than a cell (with its apostrophe) is cut."""
    return ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST_CELL] if isinstance(value, str) else value


def _title(title: str) -> str:
    return "".join(c for c in title if c not in r"\/*?:[]")[:_LONGEST_TITLE] or "1"
