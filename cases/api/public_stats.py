"""The month's figures for everybody, without a login. Computed once an hour at most: nobody can keep us busy."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from cases import report_facts
from cases.api.report_asked import Month
from cases.api.setting import Setting
from cases.figures import period
from cases.figures.period import Period
from cases.public_figures import public_figures
from cases.refusal import NotFound
from config.workdays import CITY_TIME

KEPT = timedelta(hours=1)
_MONTHS_BACK = 36


def routes(setting: Setting) -> APIRouter:
    router, known = APIRouter(tags=["public"]), Known(setting)

    @router.get("/public/stats", summary="A month's figures, for everybody")
    def stats(month: Month = None) -> dict[str, Any]:
        """公开月报. Of a month that is over; without `month`, the last one. `n` null: too few to be told."""
        return known.of(month)

    return router


class Known:
    """What has been computed already. One computation at a time; whoever comes meanwhile is asked to come again."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._found: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self._busy = threading.Lock()

    def of(self, name: str | None) -> dict[str, Any]:
        now = self._setting.clock()
        month = period.month(name) if name is not None else _last_month(now)
        if month.end > now or month.end < now - timedelta(days=31 * _MONTHS_BACK):
            raise NotFound("只公布已经结束的月份，最多三年以内")
        at, found = self._found.get(month.name, (None, {}))
        return found if at and now - at <= KEPT else self._anew(month, now)

    def _anew(self, month: Period, now: datetime) -> dict[str, Any]:
        if not self._busy.acquire(blocking=False):
            raise HTTPException(503, "正在统计，请稍后再试", {"Retry-After": "2"})
        try:
            found = self._computed(month, now)
        finally:
            self._busy.release()
        self._found[month.name] = (now, found)
        return found

    def _computed(self, month: Period, now: datetime) -> dict[str, Any]:
        with self._setting.database.session() as session:
            found = report_facts.read(session, month, now=now)
        return public_figures(found.facts(self._setting.city), month, self._setting.city)


def _last_month(now: datetime) -> Period:
    before = now.astimezone(CITY_TIME).date().replace(day=1) - timedelta(days=1)
    return period.month(f"{before:%Y-%m}")
