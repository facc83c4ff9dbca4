"""The table of steps, driven in every order: in pure code first, then in the database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from cases import assignment, case
from cases.actor import MAY, THE_CITIZEN, THE_SYSTEM, Actor
from cases.api.step_bodies import Action, Transition
from cases.api.steps import take as take_step
from cases.case import Fields
from cases.fold import Case, Happening, after, fold
from cases.guards import REOPEN_WITHIN, possible, possible_for, take
from cases.history import assignments, history
from cases.lifecycle import (
    ASSIGNMENT_STEPS,
    BY_DEPARTMENTS,
    BY_SYSTEM,
    CASE_MOVES_SHARES,
    CASE_STEPS,
    ENDED,
    LEAD_SHOWS,
    ON_SHARES,
    ON_THE_WAY,
    OVER,
    Impossible,
    Step,
)
from cases.model import CaseRow, Delivery, ExtensionRow
from cases.refusal import Refusal
from cases.words import Event, Kind, Part, Progress, Role, State
from config.city import load
from config.read_city import SHIPPED

AT = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
DUE = AT + timedelta(days=7)
WANG, ZHAO, QIAN = Actor("wang", Role.OPERATOR), Actor("zhao", Role.DISPATCHER), Actor("qian", Role.SUPERVISOR)
CGJ, HBJ = Actor("liu", Role.CLERK, "cgj"), Actor("department:hbj", None, "hbj")
ADMIN = Actor("admin", Role.ADMINISTRATOR)
PEOPLE = [WANG, ZHAO, QIAN, CGJ, HBJ, ADMIN, THE_SYSTEM, THE_CITIZEN]


def share_data(key: str, department: str, part: str) -> dict:
    return {"id": key, "department": department, "part": part, "due_at": DUE.isoformat()}


def data_of(step: Step, here: Case, key: str, badly: bool) -> dict:
    """What a person would fill in: everything any step asks for."""
    fresh = f"n{here.version}"
    lead = [share_data(here.lead.id, "cgj", "lead")] if here.lead else []
    given = {
        Step.DISPATCH: [share_data(f"{fresh}a", "cgj", "lead"), share_data(f"{fresh}b", "hbj", "assisting")],
        Step.RULE: [share_data(f"{fresh}c", "gaj", str(here.assignment(key).part))] if here.assignment(key) else [],
        Step.VISIT: lead if badly else [],
        Step.REOPEN: lead if here.state in (State.CLOSED, State.CLOSED_UNRESOLVED) else [],
    }
    going_on = [a.id for a in here.assignments if a.progress not in ENDED]
    return {
        "assignment": key,
        "assignments": given.get(step, []) if badly or step is not Step.RULE else [],
        "recalled": going_on if step is Step.DISPATCH else [],
        "solved": "no" if badly else "yes",
        "reply": "好了",
        "answer": "九点",
        "due_at": DUE.isoformat(),
        "until": (AT + timedelta(days=2)).isoformat(),
        "reason": "material",
        "extension": "e1",
        "amount": 3,
        "unit": "calendar_days",
        "into": "202603090002",
        "reached": not badly,
    }


LEADS_AWAY = {Step.ANSWER, Step.REJECT, Step.CANCEL, Step.MERGE, Step.ARCHIVE, Step.TOLD, Step.CORRECT, Step.CONTACT}
_GIVEN = [(Step.ACCEPT, ZHAO), (Step.DISPATCH, ZHAO)]
_SIGNED = [*_GIVEN, (Step.SIGN, CGJ)]
BEGUN = {
    "registered": [],
    "denied": [*_GIVEN, (Step.REQUEST_RETURN, CGJ), (Step.DENY_RETURN, ZHAO)],
    "disputed": [*_GIVEN, (Step.REQUEST_RETURN, CGJ), (Step.DENY_RETURN, ZHAO), (Step.DISPUTE, CGJ)],
    "asked for time": [*_SIGNED, (Step.REQUEST_EXTENSION, CGJ)],
    "to be visited": [*_SIGNED, (Step.WAIVE, ZHAO), (Step.REPLY, CGJ), (Step.APPROVE, ZHAO)],
}


class AnyOrder(RuleBasedStateMachine):
    """Anybody tries anything at any time. What is refused changes nothing; what is done keeps the promises below."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.history = AT, [Happening(1, AT, Step.REGISTER, "wang")]
        self.case = fold(self.history)

    @initialize(already=st.sampled_from(sorted(BEGUN)))
    def somebody_has_begun(self, already: str) -> None:
        for step, by in BEGUN[already]:
            self.attempt(step, 1 if step in ON_SHARES and step is not Step.WAIVE else 0, by, False)

    @rule(
        step=st.sampled_from([s for s in Step if s is not Step.REGISTER]),
        which=st.integers(0, 3),
        by=st.sampled_from(PEOPLE),
        badly=st.booleans(),
    )
    def try_anything(self, step: Step, which: int, by: Actor, badly: bool) -> None:
        self.attempt(step, which, by, badly)

    @rule(choice=st.integers(0, 999), which=st.integers(0, 3), by=st.sampled_from(PEOPLE), badly=st.booleans())
    def do_something_possible(self, choice: int, which: int, by: Actor, badly: bool) -> None:
        """Without this, most tries are refused and nothing gets far."""
        share = self.share(which)
        options = possible(self.case, self.now, by) + (possible_for(self.case, share, self.now, by) if share else ())
        if options:
            self.attempt(options[choice % len(options)], which, by, badly)

    @rule(choice=st.integers(0, 999), badly=st.booleans())
    def go_on(self, choice: int, badly: bool) -> None:
        """Nearer to the end: without this, nearly every case is answered or withdrawn before a department has it."""
        ways = [
            (step, which, by)
            for which, share in enumerate(reversed(self.case.assignments))
            for by in (Actor(share.department, None, share.department), ZHAO, QIAN)
            for step in possible_for(self.case, share, self.now, by)
        ]
        ways += [(step, 0, by) for by in (ZHAO, QIAN) for step in possible(self.case, self.now, by)]
        if onward := [way for way in ways if way[0] not in LEADS_AWAY]:
            self.attempt(*onward[choice % len(onward)], badly)

    @rule(days=st.sampled_from([0, 1, 5, 40]))
    def time_goes_by(self, days: int) -> None:
        self.now += timedelta(days=days)

    def share(self, which: int):
        shares = self.case.assignments
        return shares[-1 - which] if which < len(shares) else None

    def attempt(self, step: Step, which: int, by: Actor, badly: bool) -> None:
        if not by.may(step):
            return  # `history.record` refuses it; the test below drives that
        if way := ON_THE_WAY.get((self.case.state, step)):
            self.happen(way, "", by, False)
        share = self.share(which)
        if step in BY_DEPARTMENTS and share and by.department not in (None, share.department):
            return
        self.happen(step, share.id if share else "nobody", by, badly)

    def happen(self, step: Step, key: str, by: Actor, badly: bool) -> None:
        before = self.case
        share = before.assignment(key) if step in ON_SHARES else None
        offered = possible_for(before, share, self.now, by) if share else possible(before, self.now, by)
        line = Happening(before.version + 1, self.now, step, by.title, data_of(step, before, key, badly))
        follows = step in BY_SYSTEM and share is not None and (share.progress, step) in ASSIGNMENT_STEPS
        if step in offered or follows:
            self.case = take(before, line, by)
            self.history.append(line)
            return
        with pytest.raises(Impossible, match="现在可以") as refused:
            take(before, line, by)
        assert refused.value.possible == offered

    @invariant()
    def the_case_is_the_fold_of_its_history(self) -> None:
        assert self.case == fold(reversed(self.history))

    @invariant()
    def nobody_replies_without_signing(self) -> None:
        for each in self.case.assignments:
            assert not each.replied_at or (each.signed_at and each.signed_at <= each.replied_at)

    @invariant()
    def the_lead_moves_the_case(self) -> None:
        lead = self.case.lead
        if lead and self.case.state in LEAD_SHOWS.values() and lead.progress in LEAD_SHOWS:
            assert self.case.state is LEAD_SHOWS[lead.progress]
        if self.case.state in {*LEAD_SHOWS.values()} - {State.ACCEPTED}:
            assert lead.progress in LEAD_SHOWS

    @invariant()
    def one_lead_and_one_share_for_each_department(self) -> None:
        at_work = [a for a in self.case.assignments if a.progress not in ENDED]
        assert len({a.department for a in at_work}) == len(at_work)
        assert sum(a.part is Part.LEAD for a in at_work) <= 1

    @invariant()
    def nothing_is_left_open_when_it_is_over(self) -> None:
        if self.case.state in OVER:
            assert all(each.progress in ENDED for each in self.case.assignments)
            assert self.case.closed_at
        else:
            assert self.case.closed_at is None

    @invariant()
    def no_case_closes_without_a_return_visit(self) -> None:
        """Since the last approval somebody spoke with the citizen, tried three times on two days, or gave grounds."""
        if self.case.state not in (State.CLOSED, State.CLOSED_UNRESOLVED):
            return
        steps = [h.step for h in self.history]
        since = self.history[len(steps) - 1 - steps[::-1].index(Step.APPROVE) :]
        tries = [h for h in since if h.step is Step.VISIT_ATTEMPT]
        spoken = any(h.step is Step.VISIT for h in since)
        grounds = [h for h in since if h.step is Step.CLOSE_UNRESOLVED]
        assert spoken or (len(tries) >= 3 and len({h.at.date() for h in tries}) >= 2) or grounds
        assert all(h.actor == "qian" for h in grounds)

    @invariant()
    def no_department_reviews_or_calls_back_its_own_reply(self) -> None:
        for h in self.history:
            if h.step in (Step.APPROVE, Step.SEND_BACK, Step.VISIT, Step.VISIT_ATTEMPT, Step.RULE, Step.GRANT_RETURN):
                assert h.actor not in (CGJ.title, HBJ.title)

    @invariant()
    def a_department_objects_twice_at_most(self) -> None:
        for each in self.case.assignments:
            mine = [h.step for h in self.history if h.data.get("assignment") == each.id]
            assert mine.count(Step.REQUEST_RETURN) <= 1
            assert mine.count(Step.DISPUTE) <= 1


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


def edges() -> dict[State, set[State]]:
    """Everywhere a case may go from each state, by its own steps and by its lead's."""
    found: dict[State, set[State]] = {state: set() for state in State}
    for (state, step), ends in CASE_STEPS.items():
        found[state] |= set(ends)
        if way := ON_THE_WAY.get((state, step)):
            found[state].add(*CASE_STEPS[state, way])
    for (progress, _step), ends in ASSIGNMENT_STEPS.items():
        if progress in LEAD_SHOWS:
            found[LEAD_SHOWS[progress]] |= {LEAD_SHOWS[end] for end in ends if end in LEAD_SHOWS}
    return found


def reachable(start: State) -> set[State]:
    reached, open_, ways = {start}, [start], edges()
    while open_:
        new = ways[open_.pop()] - reached
        reached |= new
        open_ += new
    return reached


def test_every_state_can_be_reached_and_can_reach_the_archive():
    assert reachable(State.REGISTERED) == set(State)
    assert [state for state in State if State.ARCHIVED not in reachable(state)] == []


def test_every_progress_can_be_reached():
    moves = {end for (_p, step), ends in ASSIGNMENT_STEPS.items() if step is not Step.DELIVER for end in ends}
    reached = moves | set(CASE_MOVES_SHARES.values())
    assert set(Progress) - reached == {Progress.RECALLED}, "recalled by a dispatch to others, or when all is over"


def test_every_step_belongs_to_somebody():
    assert set(Step) == MAY.keys()
    assert all(MAY.values())
    assert {step for _state, step in [*CASE_STEPS, *ASSIGNMENT_STEPS]} | {Step.REGISTER} == set(Step)


def test_no_department_decides_about_cases_and_nobody_replies_in_its_stead():
    assert {step for step in MAY if Role.CLERK in MAY[step]} == BY_DEPARTMENTS
    people = {Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR}
    assert not any(MAY[step] & people for step in BY_DEPARTMENTS)


def test_the_way_to_closed_leads_through_the_return_visit():
    for end in (State.CLOSED, State.CLOSED_UNRESOLVED):
        before = {state for (state, _step), ends in CASE_STEPS.items() if end in ends and state is not end}
        assert before == {State.RETURN_VISIT}


def test_a_refusal_is_said_in_plain_words():
    answered = fold([Happening(1, AT, Step.REGISTER, "w"), Happening(2, AT, Step.ANSWER, "w", {"answer": "九点"})])

    with pytest.raises(Impossible) as refused:
        take(answered, Happening(3, AT, Step.DISPATCH, "wang", {"assignments": []}), WANG)

    assert str(refused.value) == "“直接答复”的工单不能派单；现在可以：告知诉求人、重办"


def story(*steps: tuple[Step, dict]) -> Case:
    lines = [(Step.REGISTER, {}), (Step.ACCEPT, {}), *steps]
    return fold(Happening(n, AT, step, "zhao", data) for n, (step, data) in enumerate(lines, 1))


GIVEN = {"assignments": [share_data("a1", "cgj", "lead"), share_data("a2", "hbj", "assisting")]}
SIGNED = (Step.DISPATCH, GIVEN), (Step.SIGN, {"assignment": "a1"})


def test_the_lead_waits_for_those_who_help_or_until_they_are_waived():
    signed = story(*SIGNED)
    reply = Happening(5, AT, Step.REPLY, "liu", {"assignment": "a1", "reply": "好了"})

    with pytest.raises(Impossible, match="还有 1 个协办单位没有答复"):
        take(signed, reply, CGJ)
    waived = take(signed, Happening(5, AT, Step.WAIVE, "zhao", {"assignment": "a2", "reason": "无关"}), ZHAO)

    assert take(waived, Happening(6, AT, Step.REPLY, "liu", dict(reply.data)), CGJ).state is State.REPLIED
    with pytest.raises(Impossible, match="主办单位必须答复"):
        take(signed, Happening(5, AT, Step.WAIVE, "zhao", {"assignment": "a1"}), ZHAO)


def test_after_a_denied_return_comes_the_dispute_and_after_the_ruling_nothing():
    given = {"assignments": [share_data("a1", "cgj", "lead") | {"return_by": (AT + timedelta(hours=4)).isoformat()}]}
    here = story((Step.DISPATCH, given))
    late = AT + timedelta(hours=5)
    mine = {"assignment": "a1"}

    def may(when: datetime = AT) -> tuple[Step, ...]:
        return possible_for(here, here.assignments[0], when, CGJ)

    assert may() == (Step.SIGN, Step.REQUEST_RETURN)
    assert may(late) == (Step.SIGN,), "the window is over"
    here = take(here, Happening(5, AT, Step.REQUEST_RETURN, "liu", mine), CGJ)
    assert (here.state, may()) == (State.RETURN_REQUESTED, ())
    here = take(here, Happening(6, AT, Step.DENY_RETURN, "zhao", mine), ZHAO)
    assert (here.state, here.assignments[0].due_at) == (State.DISPATCHED, DUE), "its clock ran on"
    assert may(late) == (Step.SIGN, Step.DISPUTE)
    here = take(here, Happening(7, AT, Step.DISPUTE, "liu", mine), CGJ)
    here = take(here, Happening(8, AT, Step.RULE, "qian", mine | {"text": "归城管"}), QIAN)
    assert (here.state, may()) == (State.DISPATCHED, (Step.SIGN,))


def test_who_approved_a_reply_does_not_close_it_as_unresolved():
    here = story((Step.DISPATCH, {"assignments": GIVEN["assignments"][:1]}), (Step.SIGN, {"assignment": "a1"}),
                 (Step.REPLY, {"assignment": "a1", "reply": "法律规定不能办"}))  # fmt: skip
    here = take(here, Happening(6, AT, Step.APPROVE, "qian"), QIAN)

    assert Step.CLOSE_UNRESOLVED not in possible(here, AT, QIAN)
    assert Step.CLOSE_UNRESOLVED in possible(here, AT, Actor("sun", Role.SUPERVISOR))


def test_the_citizen_may_reopen_for_thirty_days_and_nothing_is_archived_before():
    closed = after(story(), Happening(3, AT, Step.REJECT, "zhao", {}))
    just, over = AT + REOPEN_WITHIN, AT + REOPEN_WITHIN + timedelta(seconds=1)

    assert Step.REOPEN in possible(closed, just, THE_CITIZEN)
    assert Step.REOPEN not in possible(closed, over, THE_CITIZEN)
    assert Step.REOPEN in possible(closed, over, ZHAO), "who leads may still see reason to"
    assert Step.ARCHIVE not in possible(closed, just - timedelta(seconds=1), THE_SYSTEM)
    assert Step.ARCHIVE in possible(closed, just, THE_SYSTEM)


@pytest.fixture
def city(city):
    """With the shipped rules, so that there is time to sign, to give back and to ask for more."""
    shipped = load(SHIPPED)
    return replace(city, deadlines=shipped.deadlines, workdays=shipped.workdays)


BODY = {"lead": "gaj", "assisting": ["hbj"], "suggested": "gaj", "department": "gaj", "text": "好了", "basis": "第六条",
        "channel": "110", "until": (AT + timedelta(days=2)).isoformat(), "amount": 2, "satisfied": "yes",
        "reasons": ["perfunctory"]}  # fmt: skip
REASONS = {Step.REJECT: "emergency", Step.REQUEST_RETURN: "not_ours", Step.DISPUTE: "not_ours", Step.PAUSE: "material"}
TAKEN = [Step(each.value) for each in Action]
SOMETHING = st.lists(st.tuples(st.sampled_from(TAKEN), st.integers(0, 99), st.booleans()), min_size=10, max_size=40)


def try_step(session, number: str, step: Step, choice: int, badly: bool, city, now) -> None:
    """A step that is possible for somebody now, or now and then one that is not."""
    folded = fold(history(session, number))
    ways = [
        (each, share.id, by)
        for share in folded.assignments
        for by in (Actor(share.department, None, share.department), ZHAO, QIAN)
        for each in possible_for(folded, share, now, by)
    ]
    ways += [(each, "", by) for by in (ZHAO, QIAN) for each in possible(folded, now, by) if each in TAKEN]
    onward = [way for way in ways if way[0] not in LEADS_AWAY]
    step, key, by = onward[choice % len(onward)] if onward and choice < 80 else (step, "", ZHAO)
    body = BODY | {"action": step.value, "assignment": key, "solved": not badly, "reason": REASONS.get(step, "因为")}
    row = case.find(session, number, by, lock=True)
    take_step(session, row, Transition.model_validate(body), by, city=city, now=now)


@given(SOMETHING)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_stands_in_the_columns_is_the_fold_of_the_history(sqlite, city, steps):
    """Through the very functions that pages and API use, each try a transaction of its own."""
    with sqlite.session() as session:
        row = case.register(session, Fields(Kind.HELP, "environment", summary="噪声"), WANG, city=city, now=AT)
        assignment.dispatch(session, row, "cgj", ["hbj"], WANG, city=city, now=AT)
        number = row.number
    for n, (step, choice, badly) in enumerate(steps, 1):
        try:
            with sqlite.session() as session:
                try_step(session, number, step, choice, badly, city, AT + timedelta(minutes=n))
        except (Impossible, Refusal):
            pass  # the transaction is rolled back: the columns must still fit

    with sqlite.session() as session:
        row, folded = session.get_one(CaseRow, number), fold(history(session, number))
        assert (row.state, row.version, row.answer) == (folded.state, folded.version, folded.answer)
        assert (row.closed_at, row.merged_into) == (folded.closed_at, folded.merged_into or None)
        names = ("id", "department", "due_at", "delivered_at", "signed_at", "signed_by", "replied_at", "reply",
                 "sign_by", "return_by", "paused_until", "contacted_at", "returns", "reworks")  # fmt: skip
        for stored, told in zip(assignments(session, number), folded.assignments, strict=True):
            assert [getattr(stored, n) for n in names] == [getattr(told, n) for n in names]
            assert (stored.part, stored.progress) == (told.part, told.progress)
            assert stored.extensions == len(told.extensions)
        open_ = ExtensionRow.case_number == number, ExtensionRow.decision.is_(None)
        asked = {each.extension_asked for each in folded.assignments if each.extension_asked}
        assert set(session.scalars(select(ExtensionRow.id).where(*open_))) == asked
        given_to = session.scalar(select(func.count()).where(Delivery.case_number == number,
                                                             Delivery.event == Event.DISPATCHED))  # fmt: skip
        assert given_to == len(folded.assignments), "one delivery for each share, whatever was tried"
