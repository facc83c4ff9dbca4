"""Which department should lead and which should assist: by category, by its own words, by its name, by the district."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.city import City
from config.codes import Kind, Level, Part
from config.offices import Department
from transcription.categories import BESIDE, ONLY_WHERE
from transcription.cues import Hit, negated
from transcription.evidence import Evidence
from transcription.guess import NOWHERE, Doubt, Guess, Source, Suggestion
from transcription.sentences import Sentence
from transcription.vocabulary import MENTION, Vocabulary, strength

_LEADS = 5.0  # what leading the category counts, for a category that is quite sure
_ASSISTS = 1.0
_MOST = 5  # more suggestions help nobody
_ACCUSED = re.compile(
    "(的)?[^，。！？]{0,6}?(态度|不作为|推诿|没人接|不管|踢皮球|乱收费|打人|骂人|不处理|不给|敷衍|受贿|拖延)"
)


@dataclass
class _Claim:
    """Why this department: scores add up, the strongest reason comes first."""

    score: float = 0.0
    reasons: list[tuple[float, str, Source]] = field(default_factory=list)

    def add(self, score: float, reason: str, source: Source) -> None:
        self.score += score
        self.reasons.append((score, reason, source))

    @property
    def why(self) -> tuple[str, Source]:
        ordered = sorted(self.reasons, key=lambda r: -r[0])
        return "；".join(r[1] for r in ordered[:2]), ordered[0][2]


def departments(
    said: Sequence[Sentence], city: City, words: Vocabulary, ranked: Sequence[Guess], district: str, place: Guess
) -> tuple[Suggestion, ...]:
    """The lead first, then those who assist."""
    claims: dict[str, _Claim] = {}
    _by_words(claims, said, words)
    _by_category(claims, city, ranked)
    candidates = {c: claim for c, claim in claims.items() if claim.score >= 1.0}
    order = sorted(candidates, key=lambda c: (-_standing(city, c, candidates[c]), c))
    suggested = [_suggestion(c, Part.ASSISTING if n else Part.LEAD, candidates[c]) for n, c in enumerate(order)]
    enough = [s for s in suggested if s.part is Part.LEAD or s.score >= 0.35][:_MOST]
    return (*enough, *_of_district(city, district, place, {s.department for s in enough}))


def accused(said: Sequence[Sentence], words: Vocabulary, wanted: Kind, chosen: Sequence[Suggestion]) -> list[Doubt]:
    """A department that is complained about should not be the one to look into it."""
    if wanted not in (Kind.COMPLAINT, Kind.TIP_OFF):
        return []
    lead = next((s.department for s in chosen if s.part is Part.LEAD), "")
    doubts = []
    for sentence in said:
        for hit in words.names.finder.find(sentence.text):
            named = {code for code, _ in words.names.codes[hit.word.text]}
            if lead in named and _ACCUSED.match(sentence.text, hit.end):
                doubts.append(Doubt("departments", f"被反映的就是{hit.word.text}，请确认由谁主办", sentence.source))
    return doubts[:1]


def _by_category(claims: dict[str, _Claim], city: City, ranked: Sequence[Guess]) -> None:
    for place, guess in enumerate(ranked[:3]):
        category = city.category(guess.value)
        leads = city.leads(guess.value)
        share = guess.score / ranked[0].score if ranked[0].score else 0.0
        worth = _LEADS * min(1.0, guess.score * 2) if place == 0 else _LEADS * 0.5 * share**2
        for department in _likely(leads, category.lead if category else "", set(claims)):
            name = category.name if category else guess.value
            claims.setdefault(department.code, _Claim()).add(worth, f"主管{name}", guess.source)
        for code in category.assisting if category and place == 0 else ():
            claims.setdefault(code, _Claim()).add(_ASSISTS, f"协办{category.name if category else ''}", guess.source)


def _likely(leads: Sequence[Department], chosen: str, claimed: set[str]) -> Sequence[Department]:
    """The category's own choice; without one, those of its departments whose own words were said."""
    if chosen:
        return leads[:1]
    return [d for d in leads if d.code in claimed] or leads


def _by_words(claims: dict[str, _Claim], said: Sequence[Sentence], words: Vocabulary) -> None:
    found: dict[str, Evidence] = {}
    for sentence in said:
        for tagged, extra in ((words.departments, "承办"), (words.names, "提到")):
            for hit in tagged.finder.find(sentence.text):
                if not (hit.happens and negated(sentence.text, hit)):
                    _note(found, sentence, hit, tagged.codes[hit.word.text], extra)
    for key, evidence in found.items():
        code, extra = key.split("\n")
        claims.setdefault(code, _Claim()).add(evidence.score, f"{extra}{evidence.strongest}", evidence.source)


def _note(
    found: dict[str, Evidence], sentence: Sentence, hit: Hit, codes: Sequence[tuple[str, float]], extra: str
) -> None:
    where = ONLY_WHERE if BESIDE.match(sentence.text, hit.end) else 1.0
    for code, worth in codes:
        found.setdefault(f"{code}\n{extra}", Evidence()).add(
            hit.word.text, worth * sentence.weight * where, sentence.source
        )


def _standing(city: City, code: str, claim: _Claim) -> float:
    """District governments and streets are named as places more often than as whoever should act."""
    department = city.department(code)
    local = department is not None and department.level in (Level.DISTRICT, Level.STREET)
    return claim.score - (strength(MENTION) if local else 0.0)


def _suggestion(code: str, part: Part, claim: _Claim) -> Suggestion:
    reason, source = claim.why
    return Suggestion(code, part, round(claim.score / (claim.score + 3.0), 2), reason, source)


def _of_district(city: City, district: str, place: Guess, there: set[str]) -> list[Suggestion]:
    found = next((d for d in city.districts if d.name == district), None)
    if not found or not found.government or city.department(found.government) is None or found.government in there:
        return []
    part = Part.ASSISTING if there else Part.LEAD
    return [Suggestion(found.government, part, 0.4, f"地点在{district}", place.source if place else NOWHERE)]
