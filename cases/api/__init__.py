"""The case half's HTTP API, to be mounted at /api/v1. `problem_details.install(app)` makes its errors readable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from fastapi import APIRouter

from cases.api import (
    assignments,
    attachments,
    audit,
    by_citizens,
    call_list,
    callers,
    calls,
    case_list,
    cases,
    catalogues,
    deadlines,
    deliveries,
    departments,
    exclusions,
    inbound,
    instructions,
    knowledge,
    public,
    public_stats,
    publications,
    replies,
    reports,
    retention,
    return_visits,
    reveals,
    similar,
    supervision,
    tokens,
)
from cases.api.setting import Setting, _nothing
from cases.problem_details import USUAL, documented
from config.city import City
from config.database import Database
from config.settings import Settings
from ivr.call import CallEvent


def router(
    database: Database,
    city: City,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    live_events: Callable[[str], Sequence[CallEvent]] = _nothing,
) -> APIRouter:
    setting = Setting(database, city, settings, clock, live_events)
    all_routes = APIRouter(responses=documented(*USUAL))
    for one in (
        tokens,
        case_list,
        similar,
        cases,
        assignments,
        deadlines,
        departments,
        deliveries,
        call_list,
        calls,
        inbound,
        publications,
        callers,
        by_citizens,
        attachments,
        catalogues,
        knowledge,
        reports,
        exclusions,
        public_stats,
        public,
        reveals,
        audit,
        retention,
        supervision,
        instructions,
        replies,
        return_visits,
    ):
        all_routes.include_router(one.routes(setting))
    return all_routes
