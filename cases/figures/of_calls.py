"""Figures of the front desk: answered calls, contacts that became something, what was settled at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cases.figures.facts import CallFact, CaseFact, Contact, Facts
from cases.figures.measure import Rate
from config.codes import Kind

SOON = timedelta(seconds=15)  # GB/T 33358
CONTACT_LIMIT = timedelta(hours=24)
DISPATCH_LIMIT = {True: timedelta(hours=1), False: timedelta(hours=24)}  # 特急 / the others


def calls(facts: Facts) -> tuple[CallFact, ...]:
    return facts.calls


def contacts(facts: Facts) -> tuple[Contact, ...]:
    return facts.contacts


def cases(facts: Facts) -> tuple[CaseFact, ...]:
    return facts.cases


def needs_department(case: CaseFact) -> datetime | None:
    """When it was accepted, if it then was for departments: neither answered, refused nor joined to another."""
    elsewhere = case.answered_at or case.rejected_at or case.merged_at
    return None if elsewhere and not case.dispatched_at else case.accepted_at


def dispatch_by(case: CaseFact) -> datetime | None:
    return case.accepted_at and case.accepted_at + DISPATCH_LIMIT[case.urgency == "at_once"]


def dispatched_in_time(case: CaseFact) -> bool:
    until = dispatch_by(case)
    return bool(case.dispatched_at and until and case.dispatched_at <= until)


def _settled(contact: Contact) -> bool:
    return bool(contact.settled_at and contact.settled_at <= contact.at + CONTACT_LIMIT)


def _in_hand(case: CaseFact) -> bool:
    """Somebody has it: it was delivered, or a person signed for it."""
    lead = case.lead
    return bool(lead and (lead.delivered_at or (lead.signed_at and not lead.signed_automatically)))


RATES: tuple[Rate[Any], ...] = (
    Rate(
        "connected",
        "接通率",
        of="进入人工排队的来电",
        counts="有人接听",
        over=calls,
        when=lambda c: c.at,
        hit=lambda c: c.answered_at is not None,
    ),
    Rate(
        "connected_soon",
        "15 秒接起率",
        of="进入人工排队的来电",
        counts="排队 15 秒内有人接听",
        over=calls,
        when=lambda c: c.at,
        hit=lambda c: c.answered_at is not None and c.answered_at - c.at <= SOON,
    ),
    Rate(
        "accepted",
        "受理率",
        of="有效诉求：接听或留言的来电，以及非来电登记的工单",
        counts="24 小时内直接答复、受理、并单或有理由不予受理",
        over=contacts,
        when=lambda c: c.at,
        hit=_settled,
        until=lambda c: c.at + CONTACT_LIMIT,
        leaves_out="无人接听也没有留言的来电",
    ),
    Rate(
        "registered",
        "登记率",
        of="有效诉求：接听或留言的来电，以及非来电登记的工单",
        counts="有登记记录并与来电对应",
        over=contacts,
        when=lambda c: c.at,
        hit=lambda c: c.registered_at is not None,
        leaves_out="无人接听也没有留言的来电",
    ),
    Rate(
        "answered_directly",
        "直接办结率",
        of="已受理或直接答复的工单",
        counts="首次联系时直接答复",
        over=cases,
        when=lambda c: c.answered_at or c.accepted_at,
        hit=lambda c: c.answered_at is not None,
        leaves_out="不予受理、并单的工单",
    ),
    Rate(
        "dispatched",
        "交办率",
        of="已受理、需要单位办理的工单",
        counts="已交办且有送达或签收凭证",
        over=cases,
        when=needs_department,
        hit=_in_hand,
        until=dispatch_by,
        leaves_out="直接答复、不予受理、并单的工单",
    ),
    Rate(
        "dispatched_soon",
        "及时交办率",
        of="已受理、需要单位办理的工单",
        counts="特急 1 小时、其他 24 小时内交办",
        over=cases,
        when=needs_department,
        hit=dispatched_in_time,
        until=dispatch_by,
        leaves_out="直接答复、不予受理、并单的工单",
    ),
    Rate(
        "from_knowledge",
        "知识库命中率",
        of="直接答复的咨询",
        counts="按知识库条目答复",
        over=cases,
        when=lambda c: c.answered_at if c.kind is Kind.CONSULTATION else None,
        hit=lambda c: c.by_entry,
    ),
    Rate(
        "merged",
        "多人同诉率",
        of="新登记的工单",
        counts="与他人反映的同一事项并单",
        over=cases,
        when=lambda c: c.registered_at,
        hit=lambda c: c.merged_at is not None,
        good=False,
    ),
)
