"""What the three say. The voices are those that the mini model never learned; the words are among those it knows."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.call import Role

CALLER = "13805712345"
CALLER_NAME = "王先生"
DEPARTMENT = "street_lighting"
REPLY = "已更换灯泡，路灯恢复照明，感谢您的监督。"
VOICES = {Role.CITIZEN: "+m4", Role.OPERATOR: "+f4", Role.DEPARTMENT: "+quincy"}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. `words` must stand in its caption and in the transcript, or the demonstration has failed."""

    who: Role
    text: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """`alone`: citizen and operator; `together`: with the department; `ending`: what the citizen hangs up after."""

    alone: tuple[Line, ...]
    together: tuple[Line, ...]
    ending: tuple[Line, ...]
    pause: float = 0.0  # seconds between acts, so that people can watch

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.alone, *self.together, *self.ending)


_COMPLAINT = Line(
    Role.CITIZEN, "您好，我要投诉，人民路附近的路灯坏了，已经三天了。", ("人民路", "路灯", "坏了", "三天")
)
_NUMBER = Line(Role.CITIZEN, "我的电话是幺三八零五七幺二三四五。", ("我的电话",))
_DANGER = Line(Role.CITIZEN, "晚上很危险，请你们尽快处理。", ("尽快处理",))
_PROMISE = Line(Role.DEPARTMENT, "您好，路灯管理处，我们马上派人，预计两个小时内修好。", ("马上派人", "修好"))
_THANKS = Line(Role.CITIZEN, "好的，谢谢您，再见。", ("谢谢",))

FULL = Script(
    alone=(
        Line(Role.OPERATOR, "您好，请问要反映什么问题？", ("什么问题",)),
        _COMPLAINT,
        Line(Role.OPERATOR, "请问您的电话号码是多少？", ("电话号码",)),
        _NUMBER,
        _DANGER,
        Line(Role.OPERATOR, "请稍等，我帮您联系路灯管理处。", ("请稍等",)),
    ),
    together=(_PROMISE, Line(Role.OPERATOR, "我们会尽快处理，给您答复。", ("答复",))),
    ending=(_THANKS,),
    pause=2.0,
)
FAST = Script(
    alone=(_COMPLAINT, Line(Role.OPERATOR, "请稍等。", ("请稍等",))),
    together=(Line(Role.DEPARTMENT, "我们马上派人，预计两个小时内修好。", ("马上派人", "修好")),),
    ending=(_THANKS,),
)
