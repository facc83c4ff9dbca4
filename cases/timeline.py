"""A case's history in plain words, as the citizen may read it: who has it, until when, and why it takes longer. Pure.

Replies are not repeated here: a citizen reads one when it has been reviewed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cases.fold import Happening
from cases.lifecycle import Step
from cases.reasons import PauseReason, RejectReason
from config.workdays import CITY_TIME

Name = Callable[[str], str]  # a department's code -> what people call it

PLAIN = {
    Step.REGISTER: "已登记",
    Step.ACCEPT: "已受理",
    Step.ANSWER: "已直接答复",
    Step.SIGN: "承办单位已签收",
    Step.REQUEST_RETURN: "承办单位认为不归其办理，正在核对",
    Step.GRANT_RETURN: "正在改派给其他单位",
    Step.DENY_RETURN: "经核对仍由原单位办理，办理期限不变",
    Step.DISPUTE: "承办单位有异议，正在裁定",
    Step.RESUME: "恢复计时",
    Step.REPLY: "承办单位已答复，正在审核",
    Step.SEND_BACK: "答复未通过审核，已退回重办",
    Step.APPROVE: "答复已通过审核，等待回访",
    Step.VISIT_ATTEMPT: "回访未接通",
    Step.CLOSE_UNREACHED: "多次回访未接通，已办结；仍有问题可以要求重办",
    Step.CLOSE_UNRESOLVED: "依据规定未能解决，已办结",
    Step.REOPEN: "重新办理",
    Step.MERGE: "已与同一事项并案办理",
    Step.UNMERGE: "已恢复单独办理",
    Step.CANCEL: "已按诉求人的要求撤回",
    Step.ARCHIVE: "已归档",
}


def plainly(h: Happening, name: Name) -> str | None:
    """One line, or None for what does not concern the citizen."""
    data = h.data
    match h.step:
        case Step.REJECT:
            return f"不予受理：{RejectReason(data['reason']).label}；请通过以下渠道反映：{data['channel']}"
        case Step.DISPATCH:
            return f"已交{_lead(h, name)}办理"
        case Step.SIGN if h.automatic:
            return "承办单位未按时签收，系统已自动签收，办理期限不变"
        case Step.CONTACT:
            return "承办单位已联系诉求人" if data.get("reached") else "承办单位联系诉求人，未能接通"
        case Step.RULE:
            return f"已裁定由{name(data['department'])}办理"
        case Step.PAUSE:
            return f"暂停计时到 {_day(data['until'])}：{PauseReason(data['reason']).label}"
        case Step.GRANT_EXTENSION:
            return f"办理期限延长到 {_day(data['due_at'])}：{data['reason']}"
        case Step.VISIT:
            return "已回访，按诉求人的意见重新办理" if data.get("assignments") else "已回访"
        case _:
            return PLAIN.get(h.step)


def _lead(h: Happening, name: Name) -> str:
    return next(name(each["department"]) for each in h.data["assignments"] if each["part"] == "lead")


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(CITY_TIME):%Y-%m-%d %H:%M}"
