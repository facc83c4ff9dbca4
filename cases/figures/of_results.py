"""Figures of the result: closed, told, visited, solved, satisfied. Unreachable is never satisfied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cases.figures.facts import CaseFact, Visit
from cases.figures.measure import Rate
from cases.figures.of_calls import cases
from cases.figures.of_departments import reviews, terms
from cases.reasons import Satisfied, Solved

FULLY = frozenset({Satisfied.VERY, Satisfied.YES})
SATISFIED = FULLY | {Satisfied.BASICALLY}


def closed(case: CaseFact) -> datetime | None:
    return case.closed_at


def _final(case: CaseFact) -> datetime | None:
    return case.final_rating.at if case.final_rating else None


def _first(case: CaseFact) -> datetime | None:
    return case.first_rating.at if case.first_rating else None


def content(visit: Visit | None, enough: frozenset[Satisfied] = SATISFIED) -> bool:
    return visit is not None and visit.satisfied in enough


def solution(case: CaseFact) -> Solved | None:
    """What the citizen last said; None if nobody could ask."""
    return next((visit.solved for visit in reversed(case.reached) if visit.solved), None)


def _asked(case: CaseFact) -> datetime | None:
    return next((visit.at for visit in reversed(case.reached) if visit.solved), None)


def once(case: CaseFact) -> bool:
    return not (case.reworks or case.returns)


RATES: tuple[Rate[Any], ...] = (
    Rate(
        "closed",
        "办结率",
        of="到期日在本期的主办任务",
        counts="工单已经办结（含有据办结）",
        over=terms,
        when=lambda t: t.due_at,
        hit=lambda t: t.closed,
    ),
    Rate(
        "told",
        "反馈率",
        of="审核通过的答复",
        counts="已告知市民并有凭证（回访接通、市民查询或短信）",
        over=reviews,
        when=lambda r: r.at if r.approved else None,
        hit=lambda r: r.told_at is not None,
    ),
    Rate(
        "visited",
        "回访率",
        of="已办结的工单",
        counts="回访程序完整：接通，或在不同日期试过三次",
        over=cases,
        when=closed,
        hit=lambda c: c.visited_at is not None,
    ),
    Rate(
        "reached",
        "有效回访率",
        of="已办结的工单",
        counts="回访联系到了市民",
        over=cases,
        when=closed,
        hit=lambda c: bool(c.reached),
    ),
    Rate(
        "satisfied_first",
        "首次满意率",
        of="有首次评价的工单",
        counts="首次评价为非常满意、满意或基本满意",
        over=cases,
        when=_first,
        hit=lambda c: content(c.first_rating),
        leaves_out="没有联系到市民或市民没有评价的工单，绝不算满意",
    ),
    Rate(
        "satisfied",
        "最终满意率",
        of="有评价的工单",
        counts="最后一次评价为非常满意、满意或基本满意",
        over=cases,
        when=_final,
        hit=lambda c: content(c.final_rating),
        leaves_out="没有联系到市民或市民没有评价的工单，绝不算满意",
    ),
    Rate(
        "satisfied_strict",
        "最终满意率（不含基本满意）",
        of="有评价的工单",
        counts="最后一次评价为非常满意或满意",
        over=cases,
        when=_final,
        hit=lambda c: content(c.final_rating, FULLY),
        leaves_out="没有联系到市民或市民没有评价的工单",
    ),
    Rate(
        "satisfied_of_closed",
        "办结工单满意率",
        of="已办结的工单，含没有联系到的",
        counts="最后一次评价为非常满意、满意或基本满意",
        over=cases,
        when=closed,
        hit=lambda c: content(c.final_rating),
    ),
    Rate(
        "solved",
        "解决率",
        of="回访中回答了是否解决的工单",
        counts="市民说“已解决”；部分解决、有据办结不算",
        over=cases,
        when=_asked,
        hit=lambda c: solution(c) is Solved.YES and not c.unresolved,
        leaves_out="没有联系到市民的工单",
    ),
    Rate(
        "solved_partly",
        "部分解决率",
        of="回访中回答了是否解决的工单",
        counts="市民说“部分解决”",
        over=cases,
        when=_asked,
        hit=lambda c: solution(c) is Solved.PARTLY,
        good=False,
    ),
    Rate(
        "closed_unresolved",
        "有据办结率",
        of="已办结的工单",
        counts="未解决但有依据办结",
        over=cases,
        when=closed,
        hit=lambda c: c.unresolved,
        good=False,
    ),
    Rate(
        "once",
        "一次办结率",
        of="已办结的工单",
        counts="没有退单、重办或再次打开",
        over=cases,
        when=closed,
        hit=once,
    ),
)
