"""The 承办单: the printable order a department gets, as text and as HTML. Pure.

It shows what the privacy level lets this department see; all text is escaped, nothing is fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

TITLE = "12345 政务服务便民热线 承办单"


@dataclass(frozen=True, slots=True)
class Sheet:
    """`lines`: label and text, as printed from top to bottom. `links`: what the reader may do, and where."""

    heading: str
    lines: Sequence[tuple[str, str]]
    links: Sequence[tuple[str, str]] = ()
    note: str = "内容涉及市民个人信息，仅限办理本工单使用，请勿转发、截图外传。"


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


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))
