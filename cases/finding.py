"""What is looked at in a department's reply, and what is found. The rules themselves are in `perfunctory.py`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from cases.wording import Span
from cases.words import Kind, Labelled


class Rule(Labelled):
    """What a reply can be found wanting in."""

    TOO_SHORT = "too_short", "答复过短"
    REFUSING = "refusing", "推诿拒绝"
    VAGUE = "vague", "表述空泛"
    TEMPLATE = "template", "套用模板"
    NO_MEASURE = "no_measure", "没有办理措施"
    NO_DATE = "no_date", "没有时间"
    NO_CONTACT = "no_contact", "没有联系市民"
    POINT_UNANSWERED = "point_unanswered", "诉求要点未回应"
    UNSUPPORTED = "unsupported", "称已解决但无佐证"
    RECLASSIFIED = "reclassified", "投诉改为咨询"
    WRONG_PLACE = "wrong_place", "地点不符"
    WRONG_NAME = "wrong_name", "称呼不符"
    PERSONAL_DATA = "personal_data", "公开答复含个人信息"
    PROMISE_WITHOUT_DATE = "promise_without_date", "承诺没有期限"


@dataclass(frozen=True, slots=True)
class Finding:
    """`at`: where it stands in the text, None when what is wrong is that something is missing."""

    rule: Rule
    reason: str
    advice: str
    at: Span | None = None

    def to_json(self) -> dict[str, Any]:
        place = {"start": self.at.start, "end": self.at.end, "text": self.at.text} if self.at else None
        return {"rule": self.rule.value, "label": self.rule.label, "reason": self.reason, "advice": self.advice,
                "at": place}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """One thing the citizen asked for, and whether the clerk has ticked it as answered."""

    text: str
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A department's reply (反馈) with all that it is judged by. `text` is what the citizen and the public will read.

    `private`: pieces of the text that must not be public, found by whoever knows what is private. `places`: names of
    places that the city knows. `earlier`: the department's latest replies to other cases. `points` None: nobody has
    ticked anything, as when the reply came from the department's own system.
    """

    text: str
    today: date
    kind: Kind
    found_kind: Kind | None = None
    place: str = ""
    asked: str = ""
    caller_name: str = ""
    points: tuple[Point, ...] | None = None
    solved: bool | None = None
    measures: str = ""
    evidence: int = 0
    contacted: bool = False
    private: tuple[Span, ...] = ()
    places: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """`follow_up`: the day on which somebody has to ask whether what was promised was done (承诺跟踪)."""

    findings: tuple[Finding, ...]
    follow_up: date | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "findings": [each.to_json() for each in self.findings],
            "follow_up": self.follow_up.isoformat() if self.follow_up else None,
        }
