"""The 承办单: the printable order a department gets, as text and as HTML. No clock, no database, no network.

It shows what the privacy level lets this department see; all text is escaped, nothing is fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from cases import message
from cases.deadlines import CITY_TIME
from cases.model import AssignmentRow, CaseRow
from cases.words import Confidentiality, Event, Kind, Part, Urgency
from config.city import City

TITLE = "12345 政务服务便民热线 承办单"


@dataclass(frozen=True, slots=True)
class Sheet:
    """`lines`: label and text, as printed from top to bottom. `links`: what the reader may do, and where."""

    heading: str
    lines: Sequence[tuple[str, str]]
    links: Sequence[tuple[str, str]] = ()
    note: str = "内容涉及市民个人信息，仅限办理本工单使用，请勿转发、截图外传。"


def sheet_of(
    case: CaseRow,
    share: AssignmentRow,
    city: City | None,
    *,
    event: Event = Event.DISPATCHED,
    told: Mapping[str, Any] | None = None,
    links: Sequence[tuple[str, str]] = (),
) -> Sheet:
    """One department's order. `told`: what the event itself says, such as a supervision notice's demand."""
    said, secrecy = message.words(case, share), Confidentiality(case.confidentiality)
    category = city.category(case.category) if city else None
    department = city.department(share.department) if city else None
    lines = [
        ("工单号", case.number),
        ("事项", event.label),
        *[("说明", str(told[name])) for name in ("title", "text", "reason") if told and told.get(name)],
        ("承办单位", f"{department.name if department else share.department}（{Part(share.part).label}）"),
        ("诉求类型", f"{Kind(case.kind).label} · {category.name if category else case.category}"),
        ("紧急程度", Urgency(case.urgency).label),
        ("派单时间", _time(share.dispatched_at)),
        ("办结期限", _time(share.due_at)),
        ("地点", said["place"] or "未写"),
        ("诉求摘要", said["summary"] or ""),
        ("诉求内容", said["text"] or "（见摘要）"),
        ("诉求人", " ".join(filter(None, (said["caller_name"], said["phone"]))) or "未留姓名"),
    ]
    if secrecy is not Confidentiality.ORDINARY:
        lines.append(("保密要求", f"{secrecy.label}件，不得向任何人透露诉求人信息"))
    return Sheet(f"{event.label} {case.number}", lines, links)


def as_text(sheet: Sheet) -> str:
    rows = [TITLE, sheet.heading, "", *(f"{label}：{text}" for label, text in sheet.lines), ""]
    rows += [f"{label}：{url}" for label, url in sheet.links]
    return "\n".join([*rows, "", sheet.note, ""])


def as_html(sheet: Sheet) -> str:
    rows = "".join(f"<tr><th>{escape(label)}</th><td>{_lines(text)}</td></tr>" for label, text in sheet.lines)
    links = "".join(f'<p><a href="{escape(url)}">{escape(label)}</a></p>' for label, url in sheet.links)
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{TITLE}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{TITLE}</h1><h2>{escape(sheet.heading)}</h2><table>{rows}</table>{links}"
        f"<p>{escape(sheet.note)}</p></body></html>"
    )


_STYLE = (
    "body{font:16px/1.6 serif;max-width:46em;margin:2em auto}h1{font-size:1.4em;text-align:center}h2{font-size:1.1em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #000;padding:.4em .6em;text-align:left;"
    "vertical-align:top}th{width:7em;white-space:nowrap}@media print{a{color:inherit}}"
)


def _time(at: datetime) -> str:
    return f"{at.astimezone(CITY_TIME):%Y-%m-%d %H:%M}"


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))
