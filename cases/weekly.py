"""The weekly analysis (每周综合分析): what was reported, where, of whom; what is new; what each district must see to.

Pure. Every number is a list of cases, and its length is the number: so whoever doubts it can look. What people report
are problems; consultations and praise are counted, but are nobody's trouble. Nothing a citizen said is in it: causes
and places are in the city's own words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cases.figures.definitions import RATES, SIX, SPANS, Taken, taken
from cases.figures.facts import CaseFact, Facts
from cases.figures.hot_topics import Report, Topic, topics
from cases.figures.measure import Excluded, Figure, measure, measure_each
from cases.figures.of_results import content
from cases.figures.period import Period
from cases.figures.where import Finder
from cases.words import Kind
from config.city import City

FEW = 3  # three causes, three places, three departments
NO_PROBLEM = frozenset({Kind.CONSULTATION, Kind.PRAISE})
OF_A_DEPARTMENT = ("signed_in_time", "responded", "on_time", "overdue_open", "solved", "satisfied")


@dataclass(frozen=True, slots=True)
class Count:
    """A number: how many cases (or calls) these are."""

    code: str
    name: str
    cases: tuple[str, ...]

    @property
    def n(self) -> int:
        return len(self.cases)


@dataclass(frozen=True, slots=True)
class Cause:
    """何事: a category, and the words that tell what it mostly was."""

    whole: Count
    mostly: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class InCharge:
    """何单位: a department, the problems it leads, and how it did this week."""

    whole: Count
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class OfDistrict:
    """What the head of a district is told: how much, of what, and what went badly there."""

    name: str
    government: str
    whole: Count
    causes: tuple[Count, ...]
    overdue: Count
    dissatisfied: Count
    repeated: Count


@dataclass(frozen=True, slots=True)
class Repeat:
    """Somebody came back with the same matter."""

    number: str
    before: str
    category: str
    department: str


@dataclass(frozen=True, slots=True)
class Weekly:
    week: Period
    counts: tuple[Count, ...]
    kinds: tuple[Count, ...]
    problems: Count
    causes: tuple[Cause, ...]
    places: tuple[Count, ...]
    departments: tuple[InCharge, ...]
    topics: tuple[Topic, ...]
    districts: tuple[OfDistrict, ...]
    unplaced: Count
    repeats: tuple[Repeat, ...]
    six_hundred: tuple[Figure, ...]
    rates: tuple[Figure, ...]
    spans: tuple[Taken, ...]


def weekly(facts: Facts, week: Period, history: Iterable[Report], excluded: Excluded, city: City) -> Weekly:
    """`history`: the reports of this week and of the weeks before, for telling what is unusual."""
    new = [case for case in facts.cases if week.has(case.registered_at)]
    problems = [case for case in new if case.kind not in NO_PROBLEM]
    return Weekly(
        week=week,
        counts=_counts(facts, week, new),
        kinds=_grouped(new, lambda case: case.kind, {kind.value: kind.label for kind in Kind}),
        problems=_count("problems", "反映问题（不含咨询、表扬）", problems),
        causes=_causes(problems, city),
        places=_places(problems, city)[:FEW],
        departments=_departments(facts, week, problems, excluded, city),
        topics=tuple(topics(history, week, city.figures)),
        districts=_districts(facts, week, problems, city),
        unplaced=_count("unplaced", "地点不明", [case for case in problems if not case.district]),
        repeats=tuple(Repeat(c.number, c.repeat_of, c.category, c.department) for c in new if c.repeat_of),
        six_hundred=tuple(measure(rate, facts, week, excluded) for rate in SIX.values()),
        rates=tuple(measure(rate, facts, week, excluded) for rate in RATES.values() if rate.code not in SIX),
        spans=tuple(taken(span, facts, week, excluded, city.workdays) for span in SPANS),
    )


def _counts(facts: Facts, week: Period, new: Sequence[CaseFact]) -> tuple[Count, ...]:
    calls = [call for call in facts.calls if week.has(call.at)]
    contacts = [contact.ref for contact in facts.contacts if week.has(contact.at)]
    closed = [case for case in facts.cases if week.has(case.closed_at)]
    return (
        Count("calls", "来电", tuple(sorted(call.ref for call in calls))),
        Count("contacts", "有效诉求", tuple(sorted(contacts))),
        _count("registered", "登记工单", new),
        _count("answered", "直接答复", [case for case in new if case.answered_at]),
        _count("dispatched", "交办", [case for case in facts.cases if week.has(case.dispatched_at)]),
        _count("closed", "办结", closed),
        _count("late", "期末超期未结", [case for case in facts.cases if _late(case, min(facts.now, week.end))]),
    )


def _late(case: CaseFact, at: datetime) -> bool:
    """Past its deadline at this moment, without a reply that was approved."""
    return any(term.due_at <= at and term.settled_at is None for term in (case.lead.terms if case.lead else ()))


def _causes(problems: Sequence[CaseFact], city: City) -> tuple[Cause, ...]:
    finder = Finder(city)
    found = _grouped(problems, lambda case: case.category, {c.code: c.name for c in city.categories})
    by_number = {case.number: case for case in problems}
    return tuple(Cause(each, _mostly([by_number[n] for n in each.cases], finder)) for each in found[:FEW])


def _mostly(cases: Sequence[CaseFact], finder: Finder) -> tuple[Count, ...]:
    """The words that most cases have in common; of words that always come together, the longest."""
    by_word: dict[str, list[CaseFact]] = defaultdict(list)
    for case in cases:
        for word in finder.words(case.category, case.summary):
            by_word[word].append(case)
    longest = sorted(by_word, key=lambda word: (-len(word), word))
    told = {tuple(case.number for case in by_word[word]): word for word in reversed(longest)}
    return _largest(_count(word, word, by_word[word]) for word in told.values())[:FEW]


def _places(problems: Sequence[CaseFact], city: City) -> tuple[Count, ...]:
    """Roads, communities and landmarks. A protected case is never placed: it could be told by where it happened."""
    placed = [case for case in problems if case.place]
    districts = {name: district.name for district in city.districts for name in district.inside}
    names = {place: f"{districts.get(place, '')}{place}" for place in {case.place for case in placed}}
    return _grouped(placed, lambda case: case.place, names)


def _departments(
    facts: Facts, week: Period, problems: Sequence[CaseFact], excluded: Excluded, city: City
) -> tuple[InCharge, ...]:
    led = [case for case in problems if case.department]
    most = _grouped(led, lambda case: case.department, {d.code: d.name for d in city.departments})[:FEW]
    measured = {code: measure_each(RATES[code], facts, week, excluded) for code in OF_A_DEPARTMENT}
    nothing = {code: Figure(code, RATES[code].name, good=RATES[code].good) for code in OF_A_DEPARTMENT}
    return tuple(
        InCharge(each, tuple(measured[code].get(each.code, nothing[code]) for code in OF_A_DEPARTMENT)) for each in most
    )


def _districts(facts: Facts, week: Period, problems: Sequence[CaseFact], city: City) -> tuple[OfDistrict, ...]:
    return tuple(
        _district(district.name, district.government, facts, week, problems, city) for district in city.districts
    )


def _district(
    name: str, government: str, facts: Facts, week: Period, problems: Sequence[CaseFact], city: City
) -> OfDistrict:
    here = [case for case in problems if case.district == name]
    known = [case for case in facts.cases if case.district == name]
    end = min(facts.now, week.end)
    late = [case for case in known if _late(case, end)]
    unhappy = [c for c in known if c.final_rating and week.has(c.final_rating.at) and not content(c.final_rating)]
    return OfDistrict(
        name=name,
        government=government,
        whole=_count(name, name, here),
        causes=_grouped(here, lambda case: case.category, {c.code: c.name for c in city.categories})[:FEW],
        overdue=_count("overdue", "超期未结", late),
        dissatisfied=_count("dissatisfied", "回访不满意", unhappy),
        repeated=_count("repeated", "重复投诉", [case for case in here if case.repeat_of]),
    )


def _grouped(cases: Iterable[CaseFact], key: Callable[[CaseFact], str], names: Mapping[str, str]) -> tuple[Count, ...]:
    """The largest first."""
    found: dict[str, list[CaseFact]] = defaultdict(list)
    for case in cases:
        found[key(case)].append(case)
    return _largest(_count(code, names.get(code, code), some) for code, some in found.items())


def _largest(counts: Iterable[Count]) -> tuple[Count, ...]:
    return tuple(sorted(counts, key=lambda each: (-each.n, each.name)))


def _count(code: str, name: str, cases: Iterable[CaseFact]) -> Count:
    return Count(code, name, tuple(sorted(case.number for case in cases)))
