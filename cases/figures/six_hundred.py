"""The six hundred percents (六个百分之百). Each lists what keeps it from being one hundred."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cases.figures.facts import CaseFact
from cases.figures.measure import Rate
from cases.figures.of_calls import RATES as OF_CALLS
from cases.figures.of_calls import cases
from cases.figures.of_results import RATES as OF_RESULTS

_GRACE = timedelta(days=1)  # 蓝: the day after what set it off


def triggered(case: CaseFact) -> datetime | None:
    """The first thing that calls for supervision: unsigned past the limit, overdue, sent back to be done again."""
    lead = case.lead
    moments = list(case.reworks)
    if lead and lead.signed_automatically and lead.signed_at:
        moments.append(lead.signed_at)
    moments += [term.due_at for term in lead.terms if not term.in_time] if lead else []
    return min(moments, default=None)


def _supervised(case: CaseFact) -> bool:
    return bool(case.supervised)


def _until(case: CaseFact) -> datetime | None:
    at = triggered(case)
    return at + _GRACE if at else None


_SUPERVISED: Rate[Any] = Rate(
    "supervised",
    "督查率",
    of="触发督办的工单：超时未签收、超期、退回重办",
    counts="有督办记录：已签发，或说明理由不予督办",
    over=cases,
    when=triggered,
    hit=_supervised,
    until=_until,
)

_OTHERS = {rate.code: rate for rate in (*OF_CALLS, *OF_RESULTS)}
SIX: tuple[Rate[Any], ...] = (
    *(_OTHERS[code] for code in ("accepted", "registered", "dispatched")),
    _SUPERVISED,
    *(_OTHERS[code] for code in ("told", "visited")),
)
