"""The words of a case, as data, API, pages and tests share them. The Chinese label of each stands beside it, once."""

from __future__ import annotations

from config.codes import Kind, Labelled, Part, Urgency

__all__ = [
    "CallerList",
    "Channel",
    "Confidentiality",
    "Event",
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
    REJECTED = "rejected", "不予受理"
    ANSWERED = "answered", "直接答复"
    DISPATCHED = "dispatched", "待签收"
    RETURN_REQUESTED = "return_requested", "退单待审"
    DISPUTED = "disputed", "争议裁定"
    HANDLING = "handling", "办理中"
    PAUSED = "paused", "暂停计时"
    REPLIED = "replied", "待审核"
    REWORK = "rework", "退回重办"
    RETURN_VISIT = "return_visit", "待回访"
    CLOSED = "closed", "已办结"
    CLOSED_UNRESOLVED = "closed_unresolved", "未解决（有据办结）"
    MERGED = "merged", "已并单"
    CANCELLED = "cancelled", "诉求人撤回"
    ARCHIVED = "archived", "已归档"


class Progress(Labelled):
    """How far one department's assignment (承办任务) has come."""

    WAITING = "waiting", "待签收"
    RETURN_REQUESTED = "return_requested", "退单待审"
    DISPUTED = "disputed", "争议裁定"
    SIGNED = "signed", "办理中"
    PAUSED = "paused", "暂停计时"
    REPLIED = "replied", "已答复"
    REWORK = "rework", "退回重办"
    APPROVED = "approved", "已审核通过"
    WAIVED = "waived", "免予答复"
    RETURNED = "returned", "已退单"
    RECALLED = "recalled", "已撤回"


class CallerList(Labelled):
    """How the telephone treats a caller whom the city has listed."""

    BLOCKED = "blocked", "拦截"
    PRIORITY = "priority", "优先"


class Channel(Labelled):
    """By which way a department hears of a case."""

    PAGE = "page", "网页"
    WEBHOOK = "webhook", "接口推送"
    OPEN311 = "open311", "Open311 接口"
    EMAIL = "email", "电子邮件"


class Sending(Labelled):
    """How far one delivery (网上转办) has come."""

    WAITING = "waiting", "待发送"
    SENDING = "sending", "发送中"
    DELIVERED = "delivered", "已送达"
    DEAD = "dead", "无法送达"


class Event(Labelled):
    """What a department is told of, once it has a case."""

    DISPATCHED = "case.dispatched", "派单"
    UPDATED = "case.updated", "工单更新"
    REMINDER = "case.reminder", "催办"
    SUPERVISED = "case.supervised", "督办"
    SENT_BACK = "case.sent_back", "退回重办"
    RECALLED = "case.recalled", "撤回派单"
    CLOSED = "case.closed", "办结"
