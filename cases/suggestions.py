"""Who should lead a case, who should assist (派单建议): what speaks for each department, with its reasons. Pure.

Rules of this file:
1. A person dispatches. Every suggestion can be read back as sentences.
2. 首接负责: the department that first took the matter on stays responsible for it, before everything but a ruling.
3. Who is complained about, and whoever stands above them, is never suggested; nor who has given this case back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from cases.words import Labelled, Part

MOST = 5
_FIRM = 0.5
_ENOUGH = 0.3  # of an assisting department; the best leads, however little speaks for it


class Why(Labelled):
    """What a claim rests on."""

    RULED = "ruled", "裁定先例"
    FIRST = "first", "首接负责"
    DISPATCHED = "dispatched", "同类工单"
    CATEGORY = "category", "主管类别"
    SAID = "said", "诉求内容"


# How sure each kind of reason is by itself, at most.
WEIGHT = {Why.RULED: 0.98, Why.FIRST: 0.95, Why.DISPATCHED: 0.6, Why.CATEGORY: 0.6, Why.SAID: 0.7}


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that speaks for a department. `share`, from 0 to 1: how strongly, for its kind."""

    department: str
    why: Why
    reason: str
    share: float = 1.0
    part: Part = Part.LEAD

    @property
    def weight(self) -> float:
        return WEIGHT[self.why] * self.share


@dataclass(frozen=True, slots=True)
class Suggested:
    department: str
    part: Part
    score: float
    claims: tuple[Claim, ...]


def suggest(claims: Iterable[Claim], excluded: Iterable[str] = ()) -> tuple[Suggested, ...]:
    """The lead first. Claims for one department add up, and never to more than certainty."""
    no, of_each = frozenset(excluded), _of_each(claims)
    scored = {code: _score(own) for code, own in of_each.items() if code not in no}
    leads = [code for code in scored if any(claim.part is Part.LEAD for claim in of_each[code])]
    lead = min(leads, key=lambda code: (-_standing(of_each[code]), -scored[code], code), default="")
    others = sorted((code for code in scored if code != lead), key=lambda code: (-scored[code], code))
    helping = [code for code in others if scored[code] >= _ENOUGH]
    parts = ([(lead, Part.LEAD)] if lead else []) + [(code, Part.ASSISTING) for code in helping]
    return tuple(Suggested(code, part, scored[code], of_each[code]) for code, part in parts[:MOST])


def _of_each(claims: Iterable[Claim]) -> Mapping[str, tuple[Claim, ...]]:
    of_each: dict[str, list[Claim]] = {}
    for claim in claims:
        of_each.setdefault(claim.department, []).append(claim)
    return {code: tuple(sorted(own, key=lambda c: -c.weight)) for code, own in of_each.items()}


def _standing(claims: Iterable[Claim]) -> int:
    """A ruling goes before who took it on first, and that before everything that adds up."""
    firm = {claim.why for claim in claims if claim.share >= _FIRM}
    return 2 if Why.RULED in firm else 1 if Why.FIRST in firm else 0


def _score(claims: Iterable[Claim]) -> float:
    return round(1 - prod(1 - claim.weight for claim in claims), 2)
