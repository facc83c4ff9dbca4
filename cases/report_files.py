"""A report as a file: CSV, XLSX or DOCX, all made from the same few tables. Nothing in it can act as a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from docx import Document as new_document
from docx.document import Document as Word

from cases.exports import Cell, csv_file, xlsx_file
from config.codes import Labelled

_ROWS_ON_PAPER = 200  # a printed table that is longer is not read; the spreadsheet has all of it


class Format(Labelled):
    """In which form a report is wanted."""

    JSON = "json", "JSON"
    CSV = "csv", "CSV 表格"
    XLSX = "xlsx", "Excel 表格"
    DOCX = "docx", "Word 文档"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Table:
    """`evidence`: the lists of cases behind the numbers, for spreadsheets; paper says where they are."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    notes: Sequence[str]
    tables: Sequence[Table]


def file_of(report: Report, form: Format) -> bytes:
    make = {Format.CSV: _csv, Format.XLSX: _xlsx, Format.DOCX: _docx}
    return make[form](report)


def _csv(report: Report) -> bytes:
    """One table below the other, each under its title."""
    rows: list[Sequence[Cell]] = [[note] for note in report.notes]
    for table in report.tables:
        rows += [[], [table.title], table.header, *table.rows]
    return csv_file([report.title], rows)


def _xlsx(report: Report) -> bytes:
    return xlsx_file({table.title: (table.header, table.rows) for table in report.tables})


def _docx(report: Report) -> bytes:
    word = new_document()
    word.add_heading(report.title, 0)
    for note in report.notes:
        word.add_paragraph(note)
    for table in report.tables:
        if not table.evidence:
            word.add_heading(table.title, 1)
            _add_table(word, table)
    if any(table.evidence for table in report.tables):
        word.add_paragraph("每个数字所依据的工单，见同一报告的 Excel 或 CSV 表格。")
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def _add_table(word: Word, table: Table) -> None:
    shown = table.rows[:_ROWS_ON_PAPER]
    if not shown:
        word.add_paragraph("（无）")
        return
    made = word.add_table(rows=0, cols=len(table.header), style="Table Grid")
    for row in [table.header, *shown]:
        for cell, value in zip(made.add_row().cells, row, strict=True):
            cell.text = "" if value is None else str(value)
    if len(table.rows) > len(shown):
        word.add_paragraph(f"共 {len(table.rows)} 行，这里列出前 {len(shown)} 行。")
