"""How the invented departments are: some answer well, some late, some badly, one hardly ever. Pure.

A reply comes at a share of the time that was given: 0.5 is halfway, 1.2 is too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Habit:
    name: str
    sign_hours: tuple[float, float] | None  # None: nobody ever signs
    contacts: float  # chance that the citizen is called at once
    reply_at: tuple[float, float] | None  # None: nobody ever replies
    perfunctory: float
    content: float  # chance that the citizen is satisfied
    extends: float
    returns: float
    replies: Sequence[str] = ()


_SOUND = (
    "已于{day}安排工作人员到现场核实，情况属实。现场完成维修并恢复正常，已电话告知市民，后续每周巡查一次，{due}前再次回访。",
    "经{day}现场查看，市民反映情况属实。我单位已责令整改并派人处理完毕，附现场照片，联系人李工，市民表示认可。",
    "{day}我单位与市民取得联系并到现场处理，问题已经解决；已把该点位列入重点巡查，{due}前复查一次并告知市民。",
)
_EMPTY = (
    "已处理。",
    "我单位高度重视，将尽快研究解决，请市民耐心等待，感谢您的理解与支持。",
    "此事不归我单位管，建议市民向有关部门反映。",
)

DILIGENT = Habit("办得好", (0.2, 3), 0.97, (0.03, 0.3), 0.02, 0.93, 0.02, 0.03, _SOUND)
USUAL = Habit("一般", (0.5, 6), 0.85, (0.1, 0.85), 0.08, 0.82, 0.08, 0.06, _SOUND)
LATE = Habit("拖延", (3, 30), 0.5, (0.6, 1.4), 0.12, 0.6, 0.2, 0.08, _SOUND)
CARELESS = Habit("敷衍", (0.5, 5), 0.4, (0.05, 0.4), 0.65, 0.35, 0.03, 0.15, _SOUND)
SILENT = Habit("不理", None, 0.0, None, 0.0, 0.0, 0.0, 0.0)

_KNOWN = {
    "street_lighting": DILIGENT,
    "water_company": DILIGENT,
    "traffic_police": DILIGENT,
    "labour_bureau": LATE,
    "construction": LATE,
    "housing_bureau": CARELESS,
    "market_regulation": CARELESS,
    "health_commission": SILENT,
}


def habits(departments: Sequence[str], random: Random) -> dict[str, Habit]:
    """The shipped city's departments have their fixed ways; others get theirs by chance."""
    usual = [DILIGENT, USUAL, USUAL, USUAL, LATE, CARELESS]
    return {code: _KNOWN.get(code) or random.choice(usual) for code in departments}


def words(habit: Habit, perfunctory: bool, day: str, due: str, random: Random) -> str:
    return random.choice(_EMPTY if perfunctory else habit.replies).format(day=day, due=due)
