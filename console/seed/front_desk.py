"""The front desk of the invented week: calls come in, operators answer questions and register the rest.

The machine drafts from what was said, as it does on a real call; the operator corrects what it got wrong. Which
department it proposed stays as proposed, so that some cases go astray.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from cases import assignment, case, closing, intake, knowledge, merging
from cases.actor import THE_CITIZEN, Actor
from cases.case import Fields
from cases.knowledge import Content
from cases.lifecycle import OVER
from cases.model import CaseRow
from cases.reasons import RejectReason, Told, Way
from cases.words import Kind, Role, State, Urgency
from config.workdays import CITY_TIME
from console.seed import calls, matters
from console.seed.calls import Said
from console.seed.matters import Citizen, Matter, Wish
from console.seed.world import World
from transcription.draft import Draft, draft

CONTACTS_A_DAY = 136
CONSULTATIONS = 0.64
_BY_WEB, _GIVE_UP, _WITHDRAWN = 0.06, 0.04, 0.02
_REJECTED, _ANSWERED_PROBLEMS, _WITH_HELP, _MERGED, _IN_KNOWLEDGE = 0.02, 0.06, 0.15, 0.6, 0.8
# How busy each hour of the day is, from midnight on.
_HOURS = (1, 1, 0, 0, 0, 1, 2, 5, 10, 12, 12, 9, 6, 6, 9, 10, 9, 8, 6, 5, 4, 3, 2, 1)
_OPERATORS = [Actor(f"operator{n}", Role.OPERATOR) for n in range(1, 9)]
_DISPATCHERS = [Actor(f"dispatcher{n}", Role.DISPATCHER) for n in (1, 2)]
_GREETING = "您好，这里是12345，请问有什么可以帮您？"

Dispatched = Callable[[Session, CaseRow, datetime], None]


class FrontDesk:
    """`dispatched` is told of every case that has gone to departments."""

    def __init__(self, world: World, people: list[Citizen], dispatched: Dispatched) -> None:
        self._world, self._people, self._dispatched = world, people, dispatched
        self._calls = 0
        self.reported: dict[str, Wish] = {}
        self.entries: dict[str, str] = {}  # what is asked -> the entry it is answered from
        self._bursts: dict[str, list[str]] = defaultdict(list)  # cases, the first of which the others are merged into

    def write_entries(self, session: Session, now: datetime) -> None:
        """The knowledge base has most answers, but not all; some are past their day of review."""
        city, random = self._world.city, self._world.random
        for matter in matters.consultations():
            leads = city.leads(matter.category)
            if leads and self._world.happens(_IN_KNOWLEDGE):
                review_on = now.astimezone(CITY_TIME).date() + timedelta(days=random.randint(-20, 300))
                content = Content(matter.say, matter.answer, matter.category, leads[0].code, review_on)
                self.entries[matter.say] = knowledge.add(session, content, "administrator", city=city, now=now).id

    def plan_day(self, day: date) -> None:
        """136 contacts, and the calls of those who gave up waiting."""
        random = self._world.random
        for _ in range(CONTACTS_A_DAY):
            known = matters.consultations() if random.random() < CONSULTATIONS else matters.problems()
            matter = matters.pick(known, self._world.city, random)
            self.contact(self._moment(day), matters.wish(random.choice(self._people), matter, random))
        for _ in range(round(CONTACTS_A_DAY * _GIVE_UP)):
            self._give_up(self._moment(day), random.choice(self._people))

    def burst(self, day: date, callers: int) -> None:
        """A pipe breaks, and half of a neighbourhood calls within two hours: one place, one matter, many people."""
        random = self._world.random
        matter = next((each for each in matters.problems() if "停水" in each.say), matters.problems()[0])
        people = [each for each in self._people if each.district is self._world.city.districts[-1]] or self._people
        text = matters.wish(people[0], matter, random).text
        for citizen in random.sample(people, min(callers, len(people))):
            at = datetime(day.year, day.month, day.day, 9, tzinfo=CITY_TIME)
            self.contact(
                at + timedelta(minutes=random.uniform(0, 120)), Wish(citizen, matter, text, burst=day.isoformat())
            )

    def again(self, number: str) -> None:
        """The same citizen calls again some days later, in the same words: it was not over."""
        self.contact(self._world.after(20, 70), replace(self.reported[number], burst=""))

    def contact(self, at: datetime, wish: Wish) -> None:
        """Somebody calls, or writes on the web page."""
        by_web = wish.matter.kind is not Kind.CONSULTATION and self._world.happens(_BY_WEB)
        if by_web:
            self._world.at(at, lambda session, now: self._written(session, wish, now))
        else:
            self._call(at, wish)

    def _call(self, at: datetime, wish: Wish) -> None:
        """The call is taken in when it is over."""
        random, operator = self._world.random, self._world.random.choice(_OPERATORS)
        answer = wish.matter.answer or "好的，已经为您登记，办理结果会回访您。"
        said = (Said("operator", _GREETING), Said("citizen", wish.text), Said("operator", answer))
        waited = random.expovariate(1 / 6)
        told = calls.answered(self._call_id(at), wish.citizen.phone, operator.name, said, at, waited, random)
        self._world.at(told.ended_at, lambda session, now: self._hung_up(session, told, wish, operator, now))

    def _hung_up(self, session: Session, told: calls.Told, wish: Wish, operator: Actor, now: datetime) -> None:
        intake.import_call(session, told.events)
        intake.store_transcript(session, told.transcript, now=now)
        drafted = draft(told.transcript, self._world.city, caller=wish.citizen.phone, now=now)
        intake.store_draft(session, told.id, drafted.to_json(), now=now)
        self._world.done["来电"] += 1
        self._register(session, wish, drafted, operator, now, told.id)

    def _written(self, session: Session, wish: Wish, now: datetime) -> None:
        drafted = draft(wish.text, self._world.city, caller=wish.citizen.phone, now=now)
        self._register(session, wish, drafted, THE_CITIZEN, now)

    def _register(
        self, session: Session, wish: Wish, drafted: Draft, by: Actor, now: datetime, call_id: str | None = None
    ) -> None:
        matter, fields = wish.matter, _fields(wish, drafted)
        row = case.register(session, fields, by, city=self._world.city, now=now, call_id=call_id)
        self._world.done["登记"] += 1
        self.reported[row.number] = wish
        number, operator = row.number, by if by.role is Role.OPERATOR else self._world.random.choice(_OPERATORS)
        if matter.answer or matter.kind is Kind.PRAISE or self._world.happens(_ANSWERED_PROBLEMS):
            self._then(number, (0.01, 0.03), lambda s, r, at: self._answer(s, r, matter, operator, at))
        elif (first := self._first_of_many(wish, number)) and self._world.happens(_MERGED):
            self._then(number, (0.05, 0.3), lambda s, r, at: self._merge(s, r, first, at))
        elif self._world.happens(_REJECTED):
            self._then(number, (0.2, 1), self._reject)
        else:
            quick = matter.urgency is Urgency.AT_ONCE
            self._then(number, (0.02, 0.1) if quick else (0.1, 0.8), lambda s, r, at: self._accept(s, r, drafted, at))

    def _first_of_many(self, wish: Wish, number: str) -> str:
        """The case that this one is the same as, if it is not the first itself."""
        if not wish.burst:
            return ""
        alike = self._bursts[wish.burst]
        alike.append(number)
        return alike[0] if len(alike) > 1 else ""

    def _merge(self, session: Session, row: CaseRow, first: str, now: datetime) -> None:
        """Somebody sees that half the neighbourhood reports one and the same thing."""
        merging.merge(session, row.number, first, self._world.random.choice(_DISPATCHERS), now=now)
        self._world.done["并单"] += 1

    def _answer(self, session: Session, row: CaseRow, matter: Matter, by: Actor, now: datetime) -> None:
        text = matter.answer or "已当场答复并记录，同时转告相关单位。"
        case.answer(session, row, text, by, now=now, knowledge=self.entries.get(matter.say, ""))
        self._world.done["直接答复"] += 1

    def _reject(self, session: Session, row: CaseRow, now: datetime) -> None:
        by = self._world.random.choice(_DISPATCHERS)
        closing.reject(session, row, RejectReason.IN_PROCEDURE, "请向受理案件的法院反映", Way.CALL, by, now=now)
        closing.tell(session, row, Told.REJECTION, Way.CALL, by, now=now)
        self._world.done["不予受理"] += 1

    def _accept(self, session: Session, row: CaseRow, drafted: Draft, now: datetime) -> None:
        by = self._world.random.choice(_DISPATCHERS)
        case.accept(session, row, by, now=now)
        quick = row.urgency == Urgency.AT_ONCE
        self._then(
            row.number, (0.01, 0.05) if quick else (0.1, 1), lambda s, r, at: self._dispatch(s, r, drafted, by, at)
        )

    def _dispatch(self, session: Session, row: CaseRow, drafted: Draft, by: Actor, now: datetime) -> None:
        lead = drafted.lead or self._usual_lead(row.category)
        helping = [code for code in drafted.assisting if code != lead][:1] if self._world.happens(_WITH_HELP) else []
        assignment.dispatch(session, row, lead, helping, by, city=self._world.city, now=now, suggested=drafted.lead)
        self._world.done["交办"] += 1
        self._dispatched(session, row, now)
        if self._world.happens(_WITHDRAWN):
            self._then(row.number, (3, 40), self._withdraw)

    def _withdraw(self, session: Session, row: CaseRow, now: datetime) -> None:
        if State(row.state) not in OVER:
            closing.cancel(session, row, Way.CALL, self._world.random.choice(_OPERATORS), now=now)
            self._world.done["撤回"] += 1

    def _usual_lead(self, category: str) -> str:
        leads = self._world.city.leads(category) or self._world.city.departments
        return leads[0].code

    def _give_up(self, at: datetime, citizen: Citizen) -> None:
        def call(session: Session, now: datetime) -> None:
            waited = self._world.random.uniform(10, 90)
            intake.import_call(session, calls.lost(self._call_id(now), citizen.phone, now, waited).events)
            self._world.done["来电"] += 1

        self._world.at(at, call)

    def _then(self, number: str, hours: tuple[float, float], act: Callable[[Session, CaseRow, datetime], None]) -> None:
        """After so many hours, do this to the case."""

        def later(session: Session, now: datetime) -> None:
            act(session, case.find(session, number, _DISPATCHERS[0], lock=True), now)

        self._world.at(self._world.after(*hours), later)

    def _moment(self, day: date) -> datetime:
        hour = self._world.random.choices(range(24), _HOURS)[0]
        seconds = self._world.random.uniform(0, 3600)
        return datetime(day.year, day.month, day.day, hour, tzinfo=CITY_TIME) + timedelta(seconds=seconds)

    def _call_id(self, at: datetime) -> str:
        self._calls += 1
        return f"{at.astimezone(CITY_TIME):%Y%m%d-%H%M%S}-seed{self._calls}"


def _fields(wish: Wish, drafted: Draft) -> Fields:
    """The machine's draft, corrected by somebody who has listened."""
    matter, citizen = wish.matter, wish.citizen
    said = Fields(
        kind=matter.kind,
        category=matter.category,
        urgency=matter.urgency,
        place=drafted.place.value,
        phone=citizen.phone,
        caller_name=citizen.name,
        summary=drafted.summary.value,
        text=drafted.summary.value,
    )
    return said if drafted.place.value else replace(said, place=citizen.district.name)
