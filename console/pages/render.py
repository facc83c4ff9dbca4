"""Templates and the built assets. One environment for all pages; everything is escaped."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from console.memory import Caption
from console.pages import times, words

WEB = Path(__file__).resolve().parent.parent / "web"
_LINE_END = re.compile(r"\r\n|\r|\n")
DIST = WEB / "static" / "dist"


@cache
def _manifest(path: Path, _changed_ns: int) -> dict[str, str]:
    names: dict[str, str] = json.loads(path.read_text())
    return names


def asset(name: str) -> str | None:
    """The address of a built file; None while `make setup` has not built it. A rebuild is noticed at once."""
    path = DIST / "manifest.json"
    try:
        built = _manifest(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    return f"/static/{built[name]}" if name in built else None


def marked(caption: Caption) -> Markup:
    """The text with the words that the recogniser was not sure of underlined, in the order in which they came."""
    rest, done = caption.text, Markup()
    for word in caption.unsure:
        before, found, after = rest.partition(word)
        if found and word:
            done += escape(before) + Markup('<u title="识别不确定">{}</u>').format(word)
            rest = after
    return done + escape(rest)


def epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def css_string(text: str) -> str:
    """For use between quotes in a selector. Anything odd in an id must not end the string."""
    return "".join(c for c in text if c.isalnum() or c in "-_.:@")


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        case_no=times.case_no, phone=times.phone, clock=times.clock, duration=times.duration, epoch=epoch,
        marked=marked, css=css_string, number_kind=times.kind_of_number, at=times.told, due_text=times.told_due,
    )  # fmt: skip
    env.globals.update(asset=asset, words=words, moment=times.moment, due=times.due, now=lambda: datetime.now(UTC))
    return env


ENV = _environment()


def html(template: str, **values: Any) -> str:
    return ENV.get_template(template).render(**values)


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(html(template, **values), status)


def partial(target: str, content: str, swap: str = "innerHTML") -> str:
    """A fragment that htmx puts where `target` says. `content` is rendered HTML, already escaped."""
    return f'<hx-partial hx-target="{escape(target)}" hx-swap="{swap}">{content}</hx-partial>'


def message(body: str, event: str = "", event_id: str = "") -> bytes:
    """One server-sent event. Every line gets its own `data:`, so no text can end the event and begin another. A line
    ends at CR and LF only: `splitlines` would also tear JSON at U+2028."""
    head = (f"id: {event_id}\n" if event_id else "") + (f"event: {event}\n" if event else "")
    return (head + "".join(f"data: {line}\n" for line in _LINE_END.split(body)) + "\n").encode()
