"""The draft form: what stands in each field, and what is still missing before a case can be registered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.city import City, Department
from config.codes import Kind, Urgency
from console.pages.ports import NewCase
from console.pages.suggest import Suggestions

LABELS = {
    "summary": "诉求摘要",
    "kind": "诉求类型",
    "category": "类别",
    "place": "地点",
    "urgency": "紧急程度",
    "urgency_reason": "特急理由",
    "lead": "主办单位",
    "assisting": "协办单位",
    "phone": "联系电话",
    "name": "市民称呼",
    "answer": "答复内容",
    "confidential": "保密",
}
LONGEST = {
    "summary": 2000,
    "place": 200,
    "urgency_reason": 200,
    "lead": 100,
    "assisting": 500,
    "phone": 32,
    "name": 40,
    "answer": 2000,
}
SEPARATORS = str.maketrans(dict.fromkeys("，,；; ", "、"))


@dataclass(frozen=True, slots=True)
class Form:
    """`values` of all fields; `guessed`: those that a machine filled in; `errors`: what to mend, by field."""

    values: Mapping[str, str]
    guessed: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """The form as the browser sent it. `touched`: the fields that a person has put their hand to; `answered`: the
    operator has answered the citizen at once (直接答复), and no department is asked."""

    values: Mapping[str, str]
    touched: frozenset[str]
    answered: bool = False

    @property
    def typed(self) -> dict[str, str]:
        """What is to be kept: a field left to the machine may still get a better suggestion."""
        return {name: self.values.get(name, "") for name in self.touched}


def read(posted: Mapping[str, object]) -> Sent:
    """Kept to the fields and lengths we know."""
    values = {n: str(posted.get(n, "")).replace("\0", "").strip()[: LONGEST.get(n, 64)] for n in LABELS}
    touched = str(posted.get("touched", "")).split(",")
    return Sent(values, frozenset(n for n in touched if n in LABELS), posted.get("as") == "answered")


def fill(typed: Mapping[str, str], suggested: Suggestions, caller: str) -> Form:
    """What a person typed stays; a suggestion fills only what nobody has touched."""
    first = {name: found[0].value for name, found in suggested.items() if found}
    values = {**dict.fromkeys(LABELS, ""), "phone": caller, **first, **typed}
    return Form(values, frozenset(first) - typed.keys(), frozenset(typed))


def problems(sent: Sent, city: City) -> dict[str, str]:
    """Field -> what is missing or wrong, in the order of the form. Empty when the case can be registered."""
    found, values = _matter_problems(sent.values, city), sent.values
    if not sent.answered:
        return found | _department_problems(values, city)
    if not values.get("answer"):
        found["answer"] = "请写一句答复了市民什么"
    return found


def _matter_problems(values: Mapping[str, str], city: City) -> dict[str, str]:
    found: dict[str, str] = {}
    if not values.get("summary"):
        found["summary"] = "请写一句诉求摘要"
    if values.get("kind") not in {k.value for k in Kind}:
        found["kind"] = "请选择诉求类型"
    if city.category(values.get("category", "")) is None:
        found["category"] = "请选择类别"
    if values.get("urgency") not in {u.value for u in Urgency}:
        found["urgency"] = "请选择紧急程度"
    if values.get("urgency") == Urgency.AT_ONCE and not values.get("urgency_reason"):
        found["urgency_reason"] = "选择“特急”需写明理由"
    return found


def _department_problems(values: Mapping[str, str], city: City) -> dict[str, str]:
    lead, found = values.get("lead", ""), {}
    if not lead:
        found["lead"] = "请填写主办单位"
    elif department(lead, city) is None:
        found["lead"] = f"单位名录里没有“{lead}”，请从列表中选择"
    for name in _names(values.get("assisting", "")):
        helper = department(name, city)
        if helper is None:
            found["assisting"] = f"单位名录里没有“{name}”，请从列表中选择"
        elif helper is department(lead, city):
            found["assisting"] = f"“{name}”已是主办单位，不能同时协办"
    return found


def department(text: str, city: City) -> Department | None:
    """By code, name or alias, exactly: a case must not go to a department that only sounds alike."""
    return city.department(text) or next((d for d in city.departments if text in d.names), None)


def new_case(call_id: str, sent: Sent, city: City) -> NewCase:
    """For a form without problems."""
    values = sent.values
    lead = None if sent.answered else department(values["lead"], city)
    helpers = [] if sent.answered else [department(name, city) for name in _names(values.get("assisting", ""))]
    return NewCase(
        call_id=call_id,
        summary=values["summary"],
        kind=values["kind"],
        category=values["category"],
        urgency=values["urgency"],
        lead=lead.code if lead else "",
        assisting=tuple(dict.fromkeys(d.code for d in helpers if d)),
        place=values.get("place", ""),
        phone=values.get("phone", ""),
        name=values.get("name", ""),
        confidential=bool(values.get("confidential")),
        urgency_reason=values.get("urgency_reason", ""),
        answer=values["answer"] if sent.answered else "",
    )


def _names(text: str) -> list[str]:
    return [name for name in text.translate(SEPARATORS).split("、") if name]
