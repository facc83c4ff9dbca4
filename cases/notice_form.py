"""A notice as the sheet of paper that people sign: plain HTML with a print style beside it, and plain text.

The page holds no script and no style of its own, because the policy of all pages forbids them. Nothing of who called
stands on it: a printed sheet lies on desks. What was not signed with the notice is not on its sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from cases.deadlines import CITY_TIME
from cases.model import CaseRow, SupervisionRow
from cases.privacy import masked_text
from cases.supervision import FORMS, Level, NoticeState
from config.city import City

STYLE = """
body { font-family: "Songti SC", SimSun, "Noto Serif CJK SC", serif; color: #000; background: #fff;
  max-width: 45rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.8; }
h1 { text-align: center; font-size: 1.6rem; letter-spacing: .2em; margin: 0; }
.number { text-align: center; margin: .5rem 0 1.5rem; }
table { width: 100%; border-collapse: collapse; }
th, td { border: 1px solid #000; padding: .5rem .75rem; text-align: left; vertical-align: top; white-space: pre-line; }
th { width: 7rem; font-weight: bold; }
.blue h1 { color: #0a4d9c; } .yellow h1 { color: #7a5200; } .red h1, .transfer h1 { color: #b3000c; }
.watermark { margin-top: 1.5rem; font-size: .85rem; }
@page { size: A4; margin: 20mm; }
@media print {
  body { margin: 0; padding: 0; max-width: none; } h1 { color: #000 !important; } tr { break-inside: avoid; }
}
"""


def rows(notice: SupervisionRow, case: CaseRow, city: City) -> Sequence[tuple[str, str]]:
    """What stands on the sheet, line by line."""
    department = city.department(notice.department)
    form = FORMS.get(Level(notice.level))
    lines = [
        ("承办单位", department.name if department else notice.department),
        ("工单编号", case.number),
        ("事项", masked_text(case.summary, {case.phone: "***", case.caller_name: "***"})),
        ("督办依据", notice.basis),
        ("事实", notice.facts),
        ("要求", notice.demand),
        (
            "回复期限",
            _day(notice.answer_by) if notice.answer_by else "自送达之日起 " + str(form.answer) if form else "无需回复",
        ),
        ("签发", f"{'、'.join(notice.signatories)}　{_day(notice.issued_at)}" if notice.number else "（尚未签发）"),
    ]
    if notice.answered_at:
        signed = f"\n单位负责人：{notice.answer_signed_by}" if notice.answer_signed_by else ""
        lines.append(("承办单位回复", f"{notice.answer}{signed}\n{_day(notice.answered_at)}"))
    if notice.state == NoticeState.CANCELLED:
        lines.append(("撤销", f"{notice.ended_because}\n{notice.ended_by}　{_day(notice.ended_at)}"))
    return lines


def as_text(notice: SupervisionRow, case: CaseRow, city: City) -> str:
    title = f"{Level(notice.level).label}\n{notice.number or '（未编号）'}\n"
    return title + "".join(f"\n{name}：{value}\n" for name, value in rows(notice, case, city))


def as_html(notice: SupervisionRow, case: CaseRow, city: City, *, style: str, printed_by: str, now: datetime) -> str:
    level = Level(notice.level)
    cells = "".join(
        f"<tr><th scope=row>{escape(n)}</th><td>{escape(v)}</td></tr>\n" for n, v in rows(notice, case, city)
    )
    number = escape(notice.number or "（未编号）")
    foot = f"{escape(city.name)}12345政务服务便民热线　打印：{escape(printed_by)}　{_minute(now)}"
    return (
        f'<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n<title>{level.label} {number}</title>\n'
        f'<link rel="stylesheet" href="{escape(style, quote=True)}">\n</head>\n<body class="{level.value}">\n'
        f'<h1>{level.label}</h1>\n<p class="number">{number}</p>\n<table>\n{cells}</table>\n'
        f'<p class="watermark">{foot}</p>\n</body>\n</html>\n'
    )


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(CITY_TIME):%Y年%m月%d日}" if moment else ""


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(CITY_TIME):%Y-%m-%d %H:%M}"
