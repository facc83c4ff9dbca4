"""The table of steps, driven in every order: in pure code first, then in the database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import func, select

from cases import assignment, case
from cases.actor import MAY, Actor
from cases.case import Fields
from cases.history import assignments, history
from cases.lifecycle import (
    ASSIGNMENT_STEPS,
    BY_DEPARTMENTS,
    BY_SYSTEM,
    CASE_STEPS,
    Case,
    Happening,
    Impossible,
    Step,
    after,
    fold,
    possible,
    possible_for,
)
from cases.model import CaseRow, Delivery
from cases.words import Kind, Part, Progress, Role, State

AT = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
GIVEN = [
    {"id": "a1", "department": "cgj", "part": "lead", "due_at": AT.isoformat()},
    {"id": "a2", "department": "hbj", "part": "assisting", "due_at": AT.isoformat()},
]


def happening(case: Case, step: Step, key: str = "a1") -> Happening:
    data = {"assignment": key, "reply": "好了", "answer": "九点", "assignments": GIVEN, "due_at": AT.isoformat()}
    return Happening(case.version + 1, AT + timedelta(seconds=case.version), step, "wang", data)


class AnyOrder(RuleBasedStateMachine):
    """Every step is tried at any time. What is refused changes nothing; what is done keeps the promises below."""

    def __init__(self) -> None:
        super().__init__()
        self.case = after(Case(), happening(Case(), Step.REGISTER))
        self.history = [happening(Case(), Step.REGISTER)]

    @rule(step=st.sampled_from([s for s in Step if s is not Step.REGISTER]), key=st.sampled_from(["a1", "a2", "a9"]))
    def take(self, step: Step, key: str) -> None:
        next_line, before = happening(self.case, step, key), self.case
        share = before.assignment(key)
        offered = possible_for(share) if share and step in BY_DEPARTMENTS else possible(before)
        try:
            self.case = after(before, next_line)
        except Impossible as refusal:
            assert step not in offered or step is Step.DISPATCH or share is None
            said = str(refusal)
            assert "现在可以" in said
            return
        assert step in offered or step in BY_SYSTEM
        self.history.append(next_line)

    @invariant()
    def the_case_is_the_fold_of_its_history(self) -> None:
        assert self.case == fold(reversed(self.history))

    @invariant()
    def nobody_replies_without_signing(self) -> None:
        for each in self.case.assignments:
            assert not each.replied_at or (each.signed_at and each.signed_at <= each.replied_at)

    @invariant()
    def the_lead_moves_the_case(self) -> None:
        lead = next((a for a in self.case.assignments if a.part is Part.LEAD), None)
        told = {Progress.WAITING: State.DISPATCHED, Progress.SIGNED: State.HANDLING, Progress.REPLIED: State.REPLIED}
        if lead:
            assert self.case.state is told[lead.progress]
        else:
            assert self.case.state in (State.REGISTERED, State.ACCEPTED, State.ANSWERED)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


def test_every_state_can_be_reached_and_every_step_belongs_to_somebody():
    reached, open_ = {State.REGISTERED}, [State.REGISTERED]
    while open_:
        here = open_.pop()
        new = {to for (state, _step), to in CASE_STEPS.items() if state is here} - reached
        reached |= new
        open_ += new

    assert reached == set(State)
    done_by_people = {step for (_s, step) in [*CASE_STEPS, *ASSIGNMENT_STEPS]} - BY_SYSTEM
    assert done_by_people <= MAY.keys()
    assert all(MAY[step] for step in done_by_people)


def test_no_department_decides_about_cases_and_no_operator_signs():
    assert {step for step in MAY if Role.CLERK in MAY[step]} == BY_DEPARTMENTS
    assert all(MAY[step] == {Role.CLERK} for step in BY_DEPARTMENTS)


def test_a_refusal_is_said_in_plain_words():
    answered = fold([Happening(1, AT, Step.REGISTER, "w"), Happening(2, AT, Step.ANSWER, "w", {"answer": "九点"})])

    with pytest.raises(Impossible) as refused:
        after(answered, happening(answered, Step.DISPATCH))

    assert str(refused.value) == "“直接答复”的工单不能派单；现在可以：没有可做的操作"


STEPS = st.lists(
    st.tuples(st.sampled_from(["accept", "answer", "correct", "dispatch", "sign", "reply", "arrive"]), st.booleans()),
    max_size=10,
)
WANG = Actor("wang", Role.OPERATOR)


def take(session, row: CaseRow, step: str, lead: bool, city, now) -> None:
    clerk = Actor("liu", Role.CLERK, "cgj" if lead else "hbj")
    match step:
        case "accept":
            case_accept(session, row, WANG, now=now)
        case "answer":
            case_answer(session, row, "九点", WANG, now=now)
        case "correct":
            case_correct(session, row, {"place": f"{now}"}, WANG, city=city, now=now)
        case "dispatch":
            assignment.dispatch(session, row, "cgj", ["hbj"], WANG, city=city, now=now)
        case "sign":
            assignment.sign(session, row, assignment.own(session, row, clerk), clerk, now=now)
        case "reply":
            assignment.reply(session, row, assignment.own(session, row, clerk), "好了", clerk, now=now)
        case _:
            assignment.arrived(session, row, assignment.own(session, row, clerk), now=now)


case_accept, case_answer, case_correct = case.accept, case.answer, case.correct


@given(STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_stands_in_the_columns_is_the_fold_of_the_history(sqlite, city, steps):
    from cases.refusal import Refusal

    with sqlite.session() as session:
        new = Fields(Kind.HELP, "environment", summary="噪声")
        number = case.register(session, new, WANG, city=city, now=AT).number
    for n, (step, lead) in enumerate(steps, 1):
        try:
            with sqlite.session() as session:
                row = case.find(session, number, WANG, lock=True)
                take(session, row, step, lead, city, AT + timedelta(minutes=n))
        except (Impossible, Refusal):
            pass  # the transaction is rolled back: the columns must still fit

    with sqlite.session() as session:
        row, folded = session.get_one(CaseRow, number), fold(history(session, number))
        assert (row.state, row.version, row.answer) == (folded.state, folded.version, folded.answer)
        names = ("id", "department", "due_at", "delivered_at", "signed_at", "signed_by", "replied_at", "reply")
        for stored, told in zip(assignments(session, number), folded.assignments, strict=True):
            assert [getattr(stored, n) for n in names] == [getattr(told, n) for n in names]
            assert (stored.part, stored.progress) == (told.part, told.progress)
        sent = session.scalar(select(func.count()).where(Delivery.case_number == number))
        assert sent == len(folded.assignments), "one delivery for each department, whatever was tried"
