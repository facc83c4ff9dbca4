"""What somebody asks a report for: which time, whose figures, in which form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Query, Request, Response

from cases import audit
from cases.actor import Actor
from cases.api.setting import Setting
from cases.audit_chain import Action
from cases.figures import period
from cases.figures.period import Period
from cases.refusal import NotFound, Refusal
from cases.report_files import MEDIA_TYPES, Format, Report, file_of
from config.city import City
from config.workdays import CITY_TIME

Week = Annotated[str | None, Query(max_length=10, description="2026-W10")]
Month = Annotated[str | None, Query(max_length=10, description="2026-03")]
First = Annotated[date | None, Query(alias="from", description="2026-03-01")]
Last = Annotated[date | None, Query(alias="to", description="2026-03-31, included")]
Whose = Annotated[str | None, Query(max_length=200, description="A department's code")]
Form = Annotated[Format, Query(alias="format", description="json, csv, xlsx or docx")]


def asked_period(clock: Callable[[], datetime]) -> Any:
    """A route's declaration: it is asked for a time, in one of three ways; without any, for this month so far."""

    def read(week: Week = None, month: Month = None, first: First = None, last: Last = None) -> Period:
        if sum((week is not None, month is not None, first is not None or last is not None)) > 1:
            raise Refusal("week、month、from 和 to 只能选一种写法", field="week")
        if week is not None:
            return period.week(week)
        if month is not None:
            return period.month(month)
        today = clock().astimezone(CITY_TIME).date()
        return period.days(first or (last or today).replace(day=1), last or today)

    return Depends(read)


def whose(actor: Actor, department: str | None, city: City) -> str:
    """Departments see their own figures, whatever they ask for."""
    if not actor.sees_all:
        if department not in (None, actor.department):
            raise NotFound("没有这个单位的统计，或者它不归您查看")
        return actor.department or ""
    if department and city.department(department) is None:
        raise Refusal("没有这个代码的承办单位；GET /api/v1/departments 列出全部单位", field="department")
    return department or ""


def on_record(who: Any, setting: Setting) -> Any:
    """A route's declaration: `who` may read it, and whoever takes it away as a file is on record."""

    def note(request: Request, form: Form = Format.JSON, actor: Actor = who) -> Actor:
        if form is not Format.JSON:
            with setting.database.session() as session:
                report = request.url.path.rpartition("/reports/")[2]
                audit.note(session, Action.EXPORTED, actor.title, now=setting.clock(), report=report, form=form.value)
        return actor

    return Depends(note)


def file_response(report: Report, form: Format, name: str) -> Response:
    filename = quote(f"{report.title}.{form}")
    headers = {"Content-Disposition": f"attachment; filename=\"{name}.{form}\"; filename*=UTF-8''{filename}"}
    return Response(file_of(report, form), media_type=MEDIA_TYPES[form], headers=headers)


def forms() -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: what a report may come as, besides JSON."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {media.partition(";")[0]: binary for media in MEDIA_TYPES.values()}}}
