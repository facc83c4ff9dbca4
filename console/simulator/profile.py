"""How a department behaves: what it reports after it was told of a case, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WORK_EVENTS = frozenset({"case.dispatched", "case.sent_back"})  # after these there is something to do
GOOD = "接单后当天到现场，更换了损坏的灯泡并测试正常，已电话告知诉求人；如再有问题请拨打本单位值班电话。"
BAD = "已转相关科室处理，请耐心等待。"


class BadScript(ValueError):
    """The message is for whoever wrote the script."""


@dataclass(frozen=True, slots=True)
class Act:
    """One report, `after` seconds after the one before it."""

    after: float
    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


SIGN = Act(1, "case.signed")
PROFILES: dict[str, tuple[Act, ...]] = {
    "listen": (),
    "well": (SIGN, Act(1, "case.progress", {"text": "已派人到现场查看"}), Act(1, "case.replied", {"reply": GOOD})),
    "late": (Act(60, "case.signed"), Act(600, "case.replied", {"reply": GOOD})),
    "badly": (SIGN, Act(1, "case.replied", {"reply": BAD})),
    "never": (Act(0, "case.received"),),
    "return": (Act(1, "case.returned", {"reason": "not_ours", "basis": "三定方案：不属于本单位职责"}),),
    "extend": (SIGN, Act(1, "case.extension_requested", {"amount": 3, "unit": "working_days", "text": "需等材料到货"})),
}
MEANS = {
    "listen": "takes messages and says nothing",
    "well": "signs, reports, replies as it should",
    "late": "signs after a minute, replies after ten more",
    "badly": "replies in words that say nothing",
    "never": "confirms the arrival, then never signs",
    "return": "says it is not its duty",
    "extend": "signs, then asks for more time",
}


def acts_for(event: str, acts: Sequence[Act]) -> Sequence[Act]:
    """What there is to do about this message. Work that was sent back is signed for already."""
    if event not in WORK_EVENTS:
        return ()
    return acts if event == "case.dispatched" else [act for act in acts if act.type == "case.replied"]


def read_script(read: Any) -> tuple[Act, ...]:
    """A script: `[{"after": 1, "type": "case.signed"}, {"after": 5, "type": "case.replied", "data": {"reply": …}}]`."""
    if not isinstance(read, list):
        raise BadScript("a script is a list of {after, type, data}")
    return tuple(_act(place, each) for place, each in enumerate(read, 1))


def _act(place: int, each: Any) -> Act:
    if not isinstance(each, dict) or not isinstance(each.get("type"), str):
        raise BadScript(f"step {place}: {{after, type, data}} is wanted, with a type such as case.signed")
    after, data = each.get("after", 0), each.get("data", {})
    if isinstance(after, bool) or not isinstance(after, int | float) or after < 0 or not isinstance(data, dict):
        raise BadScript(f"step {place}: `after` is a number of seconds, `data` an object")
    return Act(float(after), each["type"], data)
