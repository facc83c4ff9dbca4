"""Reports over HTTP: rates, the six hundred percents, the ranking, the weekly analysis; as JSON or as a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response

from cases import report_facts, report_tables
from cases.actor import Actor
from cases.api import report_answers as answers
from cases.api.report_asked import Form, Week, Whose, asked_period, file_response, forms, on_record, whose
from cases.api.setting import Setting
from cases.figures import period as periods
from cases.figures.definitions import OF_A_DEPARTMENT, RATES, SIX, SPANS, taken
from cases.figures.facts import Facts
from cases.figures.measure import Excluded, Figure, Rate, measure, measure_each
from cases.figures.period import Period
from cases.ranking import ranking
from cases.refusal import NotFound
from cases.report_files import Format
from cases.weekly import weekly
from cases.words import Role

LEADING = (Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR)


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["reports"])
    leading = setting.access.some(*LEADING)
    taking, period = on_record(leading, setting), asked_period(setting.clock)
    concerned = on_record(setting.access.some(*LEADING, departments=True), setting)

    @router.get("/reports/kpi", summary="All rates of a time, each as n of N", responses=forms())
    def kpi(
        within: Period = period,
        department: Whose = None,
        form: Form = Format.JSON,
        actor: Actor = concerned,
    ) -> Any:
        """A department sees its own. `pending`: their time has not run out; `excluded`: taken out by two persons."""
        of = whose(actor, department, setting.city)
        rates = {code: rate for code, rate in RATES.items() if not of or code in OF_A_DEPARTMENT}
        facts, out = _read(within, setting)
        figures = [_measured(rate, facts, within, out, of) for rate in rates.values()]
        spans = [taken(span, facts, within, out, setting.city.workdays, department=of) for span in SPANS]
        if form is not Format.JSON:
            return file_response(report_tables.kpi_report("统计指标", within, figures, spans), form, "kpi")
        return {
            "period": answers.period(within),
            "department": of or None,
            "items": [answers.figure(each, within, of) for each in figures],
            "spans": [answers.span(each) for each in spans],
            "next": None,
        }

    @router.get("/reports/kpi/{code}/exceptions", summary="The cases that a rate misses", responses=forms())
    def kpi_exceptions(
        code: str,
        within: Period = period,
        department: Whose = None,
        form: Form = Format.JSON,
        actor: Actor = concerned,
    ) -> Any:
        """For a rate of which less is better: the cases that make it what it is."""
        of = whose(actor, department, setting.city)
        return _exceptions(_rate(code, RATES), within, of, form, setting)

    @router.get("/reports/six-hundred", summary="The six hundred percents (六个百分之百)")
    def six_hundred(within: Period = period, _actor: Actor = leading) -> dict[str, Any]:
        facts, out = _read(within, setting)
        figures = [measure(rate, facts, within, out) for rate in SIX.values()]
        return {
            "period": answers.period(within),
            "items": [answers.figure(each, within) for each in figures],
            "next": None,
        }

    @router.get(
        "/reports/six-hundred/{metric}/exceptions",
        summary="What keeps one of them from being one hundred",
        responses=forms(),
    )
    def six_hundred_exceptions(
        metric: str,
        within: Period = period,
        form: Form = Format.JSON,
        _actor: Actor = taking,
    ) -> Any:
        """`accepted` 受理, `registered` 登记, `dispatched` 交办, `supervised` 督查, `told` 反馈, `visited` 回访."""
        return _exceptions(_rate(metric, SIX), within, "", form, setting)

    @router.get("/reports/ranking", summary="Departments compared with their like", responses=forms())
    def rank(
        within: Period = period,
        form: Form = Format.JSON,
        _actor: Actor = taking,
    ) -> Any:
        """By the lower bound of the 95 % interval, so that few cases count little. Too few cases: no place."""
        facts, out = _read(within, setting)
        rules = setting.city.figures
        groups = ranking(facts, within, out, setting.city.departments, rules)
        if form is not Format.JSON:
            report = report_tables.ranking_report(groups, within, rules.weights, rules.smallest_ranked)
            return file_response(report, form, "ranking")
        return answers.ranking(groups, within, rules.weights, rules.smallest_ranked)

    @router.get("/reports/weekly", summary="The weekly analysis (每周综合分析)", responses=forms())
    def analysis(week: Week = None, form: Form = Format.JSON, _actor: Actor = taking) -> Any:
        """何事 何处 何单位, hot topics, each district's problems. Every number has its cases beside it."""
        within = periods.week(week) if week is not None else periods.week_of(setting.clock() - timedelta(weeks=1))
        facts, out = _read(within, setting)
        with setting.database.session() as session:
            history = report_facts.reports(session, within, setting.city)
        found = weekly(facts, within, history, out, setting.city)
        if form is not Format.JSON:
            return file_response(report_tables.weekly_report(found, setting.city), form, f"weekly-{within.name}")
        return answers.weekly(found, setting.city)

    return router


def _read(within: Period, setting: Setting) -> tuple[Facts, Excluded]:
    with setting.database.session() as session:
        found = report_facts.read(session, within, now=setting.clock())
    return found.facts(setting.city), found.excluded


def _measured(rate: Rate[Any], facts: Facts, within: Period, out: Excluded, department: str) -> Figure:
    if not department:
        return measure(rate, facts, within, out)
    nothing = Figure(rate.code, rate.name, good=rate.good)
    return measure_each(rate, facts, within, out).get(department, nothing)


def _exceptions(rate: Rate[Any], within: Period, department: str, form: Format, setting: Setting) -> Any | Response:
    facts, out = _read(within, setting)
    found = _measured(rate, facts, within, out, department)
    if form is not Format.JSON:
        return file_response(report_tables.exceptions_report(found, within), form, f"{rate.code}-exceptions")
    return answers.exceptions(found, within, department)


def _rate(code: str, known: Mapping[str, Rate[Any]]) -> Rate[Any]:
    if code not in known:
        raise NotFound("没有这个指标；可用的有：" + "、".join(f"{r.code}（{r.name}）" for r in known.values()))
    return known[code]
