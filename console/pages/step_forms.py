"""What each step of a case asks of the person who takes it: one table, from which the forms are drawn. Pure.

The names are those of the API's `POST /cases/{no}/transitions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cases.lifecycle import Step
from cases.reasons import PauseReason, RejectReason, ReturnReason, Satisfied, SendBackReason, Solved, Way
from config.codes import Labelled

Shape = Literal["line", "text", "choice", "several", "moment", "number", "departments", "department"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a step's form. `options`: value and label of what can be chosen."""

    name: str
    label: str
    shape: Shape = "line"
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True
    hint: str = ""


def _of(words: type[Labelled]) -> tuple[tuple[str, str], ...]:
    return tuple((word.value, word.label) for word in words)


YES_NO = (("true", "是"), ("false", "否"))
WAY = Ask("way", "方式", "choice", _of(Way))
WHY = Ask("reason", "理由", "text")
UNITS = (("working_days", "个工作日"), ("calendar_days", "个自然日"), ("hours", "小时"))
OBJECTION = (
    Ask("reason", "退单理由", "choice", _of(ReturnReason)),
    Ask("basis", "依据", "text", hint="写明职责分工的文件和条款"),
    Ask("suggested", "建议改派", "department", required=False),
)

FORMS: dict[Step, tuple[Ask, ...]] = {
    Step.ACCEPT: (),
    Step.REJECT: (
        Ask("reason", "不予受理的理由", "choice", _of(RejectReason)),
        Ask("channel", "已告知诉求人的渠道", hint="例如：向市劳动仲裁委申请仲裁"),
        Ask("way", "告知方式", "choice", _of(Way)),
    ),
    Step.ANSWER: (Ask("answer", "答复内容", "text"),),
    Step.DISPATCH: (
        Ask("lead", "主办单位", "department"),
        Ask("assisting", "协办单位", "departments", required=False, hint="几个单位用顿号分开"),
    ),
    Step.SIGN: (),
    Step.CONTACT: (WAY, Ask("reached", "联系上了吗", "choice", YES_NO)),
    Step.REQUEST_RETURN: OBJECTION,
    Step.DISPUTE: OBJECTION,
    Step.GRANT_RETURN: (WHY,),
    Step.DENY_RETURN: (WHY,),
    Step.RULE: (
        Ask("text", "裁定内容", "text", hint="裁定会成为以后派单的先例"),
        Ask("department", "由哪个单位承办", "department"),
    ),
    Step.PAUSE: (
        Ask("reason", "暂停原因", "choice", _of(PauseReason)),
        Ask("until", "暂停到", "moment", hint="到时自动恢复计时"),
    ),
    Step.RESUME: (),
    Step.REQUEST_EXTENSION: (
        Ask("amount", "延长", "number"),
        Ask("unit", "单位", "choice", UNITS),
        Ask("reason", "理由", "text", hint="批准后由热线把新的期限和理由告诉诉求人"),
    ),
    Step.GRANT_EXTENSION: (WHY,),
    Step.DENY_EXTENSION: (WHY,),
    Step.REPLY: (
        Ask("true", "诉求是否属实", "choice", YES_NO),
        Ask("solved", "是否解决", "choice", _of(Solved)),
        Ask("reply", "公开答复内容", "text", hint="诉求人会看到：查明的情况、采取的措施、完成的日期；不写个人信息"),
        Ask("internal", "内部说明", "text", required=False, hint="只有热线看得到"),
    ),
    Step.WAIVE: (WHY,),
    Step.SEND_BACK: (
        Ask("reasons", "退回原因", "several", _of(SendBackReason)),
        Ask("text", "具体要求", "text"),
    ),
    Step.APPROVE: (),
    Step.VISIT: (
        Ask("solved", "问题解决了吗", "choice", _of(Solved)),
        Ask("satisfied", "对办理满意吗", "choice", _of(Satisfied)),
        Ask("contacted", "承办单位联系过您吗", "choice", YES_NO, required=False),
        Ask("true", "答复与实际相符吗", "choice", YES_NO, required=False),
        WAY,
    ),
    Step.VISIT_ATTEMPT: (WAY,),
    Step.CLOSE_UNREACHED: (),
    Step.CLOSE_UNRESOLVED: (
        Ask("basis", "依据的规定", "text"),
        Ask("way", "向诉求人解释的方式", "choice", _of(Way)),
    ),
    Step.REOPEN: (WHY,),
    Step.CANCEL: (Ask("way", "诉求人以什么方式提出", "choice", _of(Way)),),
}

# Which button is the usual next step; the others stand below it.
USUAL = (Step.SIGN, Step.DISPATCH, Step.REPLY, Step.APPROVE, Step.VISIT, Step.ACCEPT, Step.RESUME)


def offered(possible: Iterable[str]) -> list[Step]:
    """The steps that a person takes by a form, the usual one first."""
    steps = [step for step in Step if step.value in set(possible) and step in FORMS]
    return sorted(steps, key=lambda step: USUAL.index(step) if step in USUAL else len(USUAL))
