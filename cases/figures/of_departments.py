"""Figures of the departments: signing, contact, deadlines, returns, what had to be done again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cases.figures.facts import CaseFact, Facts, Return, Review, Sent, Share, Term
from cases.figures.measure import Rate
from cases.figures.of_calls import cases
from cases.similar import REPEATED_WITHIN
from config.codes import Urgency

CONTACT_WITHIN = {Urgency.AT_ONCE: timedelta(minutes=30)}
CONTACT_USUALLY = timedelta(hours=24)
DELIVERED_SOON = timedelta(minutes=5)


def shares(facts: Facts) -> tuple[Share, ...]:
    return facts.shares


def leads(facts: Facts) -> tuple[Share, ...]:
    return facts.leads


def terms(facts: Facts) -> tuple[Term, ...]:
    return facts.terms


def returns(facts: Facts) -> tuple[Return, ...]:
    return facts.returns


def reviews(facts: Facts) -> tuple[Review, ...]:
    return facts.reviews


def sent(facts: Facts) -> tuple[Sent, ...]:
    return facts.sent


def _in_first_time(term: Term) -> bool:
    return term.settled_at is not None and term.settled_at <= term.first_due_at


def _signed_in_time(share: Share) -> bool:
    at = share.signed_at
    return bool(at and not share.signed_automatically and (share.sign_by is None or at <= share.sign_by))


def _contact_by(share: Share) -> Any:
    return share.dispatched_at + CONTACT_WITHIN.get(share.urgency, CONTACT_USUALLY)


def _contacted_in_time(share: Share) -> bool:
    return bool(share.contacted_at and share.contacted_at <= _contact_by(share))


def _delivered_soon(message: Sent) -> bool:
    return bool(message.delivered_at and message.delivered_at <= message.at + DELIVERED_SOON)


def _serious(case: CaseFact) -> bool:
    return any(level in ("yellow", "red", "transfer") for _at, level in case.supervised)


def _dispatched(case: CaseFact) -> Any:
    return case.dispatched_at


RATES: tuple[Rate[Any], ...] = (
    Rate(
        "signed_in_time",
        "按时签收率",
        of="派出的承办任务（主办和协办）",
        counts="由人在签收时限内签收；超时自动签收不算",
        over=shares,
        when=lambda s: s.dispatched_at,
        hit=_signed_in_time,
        until=lambda s: None if s.signed_at else s.sign_by,
    ),
    Rate(
        "responded",
        "响应率",
        of="主办任务",
        counts="24 小时内（特急 30 分钟内）首次联系市民",
        over=leads,
        when=lambda s: s.dispatched_at,
        hit=_contacted_in_time,
        until=_contact_by,
    ),
    Rate(
        "on_time",
        "按时办结率",
        of="到期日在本期的主办任务，不论是否办结",
        counts="审核通过，且在期限（含批准的延期）内提交",
        over=terms,
        when=lambda t: t.due_at,
        hit=lambda t: t.in_time,
        leaves_out="已退单、改派的任务",
    ),
    Rate(
        "on_time_original",
        "原始按时率",
        of="原期限在本期的主办任务，不论是否办结",
        counts="审核通过，且在原期限（不含延期）内提交",
        over=terms,
        when=lambda t: t.first_due_at,
        hit=_in_first_time,
        leaves_out="已退单、改派的任务",
    ),
    Rate(
        "overdue",
        "超期率",
        of="到期日在本期的主办任务",
        counts="没有按时办结：迟办或未办",
        over=terms,
        when=lambda t: t.due_at,
        hit=lambda t: not t.in_time,
        good=False,
    ),
    Rate(
        "overdue_open",
        "超期未结",
        of="到期日在本期的主办任务",
        counts="已过期限，至今没有审核通过的答复",
        over=terms,
        when=lambda t: t.due_at,
        hit=lambda t: t.settled_at is None,
        good=False,
    ),
    Rate(
        "returned",
        "退回率",
        of="派出的主办任务",
        counts="单位申请退单",
        over=cases,
        when=_dispatched,
        hit=lambda c: bool(c.returns),
        good=False,
    ),
    Rate(
        "returns_denied",
        "无效退单率",
        of="已裁定的退单申请",
        counts="申请被驳回",
        over=returns,
        when=lambda r: None if r.denied is None else r.at,
        hit=lambda r: bool(r.denied),
        leaves_out="还没有审核的退单申请",
        good=False,
    ),
    Rate(
        "dispatched_right",
        "首派准确率",
        of="已交办的工单",
        counts="从头到尾只有一个主办单位",
        over=cases,
        when=_dispatched,
        hit=lambda c: c.leads == 1,
    ),
    Rate(
        "extended",
        "延期率",
        of="已交办的工单",
        counts="至少批准过一次延期",
        over=cases,
        when=_dispatched,
        hit=lambda c: bool(c.extensions),
        good=False,
    ),
    Rate(
        "reworked",
        "重办率",
        of="已交办的工单",
        counts="退回重办过",
        over=cases,
        when=_dispatched,
        hit=lambda c: bool(c.reworks),
        good=False,
    ),
    Rate(
        "supervised_seriously",
        "督办率",
        of="已交办的工单",
        counts="发过黄色或以上督办",
        over=cases,
        when=_dispatched,
        hit=_serious,
        good=False,
    ),
    Rate(
        "perfunctory",
        "敷衍率",
        of="审核过的答复",
        counts="因敷衍退回",
        over=reviews,
        when=lambda r: r.at,
        hit=lambda r: r.perfunctory,
        good=False,
    ),
    Rate(
        "delivered_soon",
        "送达率",
        of="向单位系统发出的消息",
        counts="5 分钟内送达",
        over=sent,
        when=lambda s: s.at,
        hit=_delivered_soon,
        until=lambda s: s.at + DELIVERED_SOON,
        leaves_out="单位在网页上查看的工单",
    ),
    Rate(
        "repeated",
        "重复投诉率",
        of="新登记的工单",
        counts=f"同一人同一事项在办结后 {REPEATED_WITHIN.days} 天内再次反映",
        over=cases,
        when=lambda c: c.registered_at,
        hit=lambda c: bool(c.repeat_of),
        good=False,
    ),
)
