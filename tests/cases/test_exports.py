"""What citizens write must stay text in a spreadsheet."""

import csv
import io
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from cases.deadlines import CITY_TIME
from cases.exports import csv_file, guarded, xlsx_file

DANGEROUS = [
    "=1+1",
    "+8613800001111",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1",
    '=HYPERLINK("http://x")',
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_cell_never_begins_as_a_formula(text):
    [_header, [in_csv]] = csv.reader(io.StringIO(csv_file(["诉求"], [[text]]).decode("utf-8-sig"), newline=""))
    [[_h], [in_xlsx]] = load_workbook(io.BytesIO(xlsx_file({"表": (["诉求"], [[text]])}))).active.iter_rows()

    assert in_csv == f"'{text}", "and nothing of it is lost"
    assert in_xlsx.data_type == "s"
    assert in_xlsx.value.startswith("'")


def test_numbers_stay_numbers_and_moments_readable():
    at = datetime(2026, 3, 9, 9, 30, tzinfo=CITY_TIME)
    row = ["路灯不亮", -3, 91.5, at, None]

    assert csv_file(["甲", "乙", "丙", "丁", "戊"], [row]).decode("utf-8-sig").splitlines()[1] == (
        "路灯不亮,-3,91.5,2026-03-09T09:30:00+08:00,"
    )
    sheet = load_workbook(io.BytesIO(xlsx_file({"本周[一]/二": (["甲"], [row])}))).active
    assert [cell.value for cell in sheet[2]] == ["路灯不亮", -3, 91.5, at.replace(tzinfo=None)]
    assert sheet.title == "本周一二"


def test_what_xml_cannot_hold_is_left_out():
    assert load_workbook(io.BytesIO(xlsx_file({"": (["x"], [["\x0b=1"]])}))).active["A2"].value == "'=1"


@given(st.text())
def test_guarding_only_ever_adds_an_apostrophe(text):
    assert guarded(text) in (text, f"'{text}")
    assert not str(guarded(text)).lstrip().startswith(tuple("=+-@＝＋－＠"))
