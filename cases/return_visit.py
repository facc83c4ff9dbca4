"""Return visits (回访): when to try again, who may call, what to say, what the citizen's answers mean. Pure.

Rules of this file:
1. Whoever was not reached is not satisfied, not solved, not anything: there are tries, and there are answers.
2. Three tries, on two days at least, each at another time of day; line trouble of ours is no try.
3. No department asks how its own work was. Under a mayor's instruction the supervisors ask, and never whoever took it.
4. The automatic call asks only; what a key did not say stays unsaid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from cases.fold import ENOUGH_TRIES
from cases.reasons import Satisfied, Solved
from cases.words import Labelled
from config.workdays import CITY_TIME

_APART = timedelta(hours=2)
_SLOTS = (time(10), time(15), time(19))  # one for each time of day
FIRST_SLOT = _SLOTS[0]
_OPENS, _CLOSES = time(9), time(20, 30)


class VisitState(Labelled):
    WAITING = "waiting", "待回访"
    ANSWERED = "answered", "已回访"
    UNREACHED = "unreached", "三次未接通"
    DROPPED = "dropped", "不再需要"  # the case went another way in the meantime


class Outcome(Labelled):
    """What came of one try."""

    REACHED = "reached", "已接通"
    NO_ANSWER = "no_answer", "无人接听"
    BUSY = "busy", "占线"
    REFUSED = "refused", "不愿接受回访"
    WRONG_NUMBER = "wrong_number", "号码有误"
    LATER = "later", "请另约时间"
    FAILED = "failed", "线路故障"

    @property
    def counts(self) -> bool:
        """Is it one of the three tries? Not when the citizen was there, nor when the trouble was ours."""
        return self in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.REFUSED, Outcome.WRONG_NUMBER)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the citizen said. None: was not asked, or did not say."""

    solved: Solved | None = None
    satisfied: Satisfied | None = None
    contacted: bool | None = None
    true: bool | None = None
    words: str = ""

    @property
    def empty(self) -> bool:
        """Nothing by which the matter could be settled."""
        return self.solved is None and self.satisfied is None

    @property
    def unhappy(self) -> bool:
        return self.solved is Solved.NO or self.satisfied is Satisfied.NO

    def for_history(self) -> dict[str, Any]:
        """Without the citizen's own words: those never stand in a case's history."""
        said = {"solved": self.solved, "satisfied": self.satisfied, "contacted": self.contacted, "true": self.true}
        return {name: value for name, value in said.items() if value is not None}


def first_try(now: datetime) -> datetime:
    """As soon as people may be called."""
    local = now.astimezone(CITY_TIME)
    if local.time() > _CLOSES:
        return datetime.combine(local.date() + timedelta(days=1), _SLOTS[0], CITY_TIME)
    return max(now, datetime.combine(local.date(), _OPENS, CITY_TIME))


def next_try(tries: Sequence[datetime], now: datetime) -> datetime:
    """The next slot at a time of day that was not tried yet; the last try is on another day than the first."""
    used, local = {_time_of_day(each) for each in tries}, now.astimezone(CITY_TIME)
    days = {each.astimezone(CITY_TIME).date() for each in tries}
    elsewhere = len(tries) >= ENOUGH_TRIES - 1 and len(days) == 1
    fresh = [slot for slot in _SLOTS if slot not in used] or list(_SLOTS)
    for ahead in range(3):
        day = local.date() + timedelta(days=ahead)
        for slot in fresh:
            at = datetime.combine(day, slot, CITY_TIME)
            if at >= now + _APART and not (elsewhere and day in days):
                return at
    raise AssertionError("three days ahead there is always a slot")


def enough(tries: Sequence[datetime]) -> bool:
    return len(tries) >= ENOUGH_TRIES and len({each.astimezone(CITY_TIME).date() for each in tries}) > 1


def _time_of_day(at: datetime) -> time:
    local = at.astimezone(CITY_TIME).time()
    return _SLOTS[0] if local < time(12) else _SLOTS[1] if local < time(18) else _SLOTS[2]


def read_call(choices: Mapping[str, str], facts: Mapping[str, Any]) -> Answers:
    """What the citizen answered in a call of the flow `return_visit`: the exits taken at its questions, by their names
    (`solved`, `satisfied`, `contacted`, `true`: 1 yes, 2 no, 3 in part), and what the flow noted. Anything else says
    nothing."""
    note = str(facts.get("note", ""))
    noted = Satisfied.NO if "不满意" in note else Satisfied.YES if "满意" in note else None
    return Answers(
        solved=_SOLVED.get(choices.get("solved", "")),
        satisfied=_SATISFIED.get(choices.get("satisfied", "")) or noted,
        contacted=_TRUTH.get(choices.get("contacted", "")),
        true=_TRUTH.get(choices.get("true", "")),
    )


_SOLVED = {"1": Solved.YES, "2": Solved.NO, "3": Solved.PARTLY}
_SATISFIED = {"1": Satisfied.YES, "2": Satisfied.NO}
_TRUTH = {"1": True, "2": False}


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask. `field`: where the answer goes; `choices`: its words."""

    field: str
    text: str
    choices: tuple[tuple[str, str], ...] = ()


def script(*, city: str, summary: str, department: str, reply: str, said_on: datetime) -> str:
    """What the caller says first; then come the questions, in their order."""
    day = said_on.astimezone(CITY_TIME)
    answer = f"{department}答复：{reply}" if reply else f"承办单位是{department}。"
    return (
        f"您好，这里是{city}12345热线。您在{day.month}月{day.day}日反映的“{summary}”，{answer}\n"
        "占用您一分钟，想听听您的意见，通话会录音。"
    )


_YES_NO = (("yes", "是"), ("no", "否"))
QUESTIONS = (
    Question("contacted", "承办单位联系过您吗？", _YES_NO),
    Question("true", "刚才说的办理情况属实吗？", _YES_NO),
    Question("solved", "您反映的问题解决了吗？", tuple((each.value, each.label) for each in Solved)),
    Question("satisfied", "您对办理结果满意吗？", tuple((each.value, each.label) for each in Satisfied)),
    Question("words", "您还有什么意见或建议？"),
)
