"""The words of a case, as data, API, pages and tests share them. The Chinese label of each stands beside it, once."""

from __future__ import annotations

from config.codes import Kind, Labelled, Part, Urgency

__all__ = [
    "Channel",
    "Confidentiality",
    "Kind",
    "Labelled",
    "Part",
    "Progress",
    "Role",
    "Sending",
    "State",
    "Urgency",
]


class Role(Labelled):
    """What a person may do here."""

    OPERATOR = "operator", "话务员"
    DISPATCHER = "dispatcher", "派单员"
    CLERK = "clerk", "承办单位经办人"
    SUPERVISOR = "supervisor", "督办员"
    ADMINISTRATOR = "administrator", "管理员"


class Confidentiality(Labelled):
    """Who may know who called (保密级别). Above ordinary, no department learns name or number."""

    ORDINARY = "ordinary", "普通"
    CONFIDENTIAL = "confidential", "保密"
    TIP_OFF = "tip_off", "举报"


class State(Labelled):
    """How far a case (工单) has come. The steps between these are in `lifecycle.py`."""

    REGISTERED = "registered", "待受理"
    ACCEPTED = "accepted", "待派单"
    ANSWERED = "answered", "直接答复"
    DISPATCHED = "dispatched", "待签收"
    HANDLING = "handling", "办理中"
    REPLIED = "replied", "待审核"


class Progress(Labelled):
    """How far one department's assignment (承办任务) has come."""

    WAITING = "waiting", "待签收"
    SIGNED = "signed", "办理中"
    REPLIED = "replied", "已答复"


class Channel(Labelled):
    """By which way a department hears of a case."""

    PAGE = "page", "网页"
    WEBHOOK = "webhook", "接口推送"


class Sending(Labelled):
    """How far one delivery (网上转办) has come."""

    WAITING = "waiting", "待发送"
    SENDING = "sending", "发送中"
    DELIVERED = "delivered", "已送达"
    DEAD = "dead", "无法送达"
