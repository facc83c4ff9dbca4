"""A case's history as people lived it, and the facts that the figures are computed from."""

from datetime import UTC, datetime, timedelta

from cases.figures.facts import CaseFact
from cases.figures.from_history import filled
from cases.fold import Happening
from cases.lifecycle import Step
from cases.words import Kind, Urgency

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KNOWN = CaseFact("202603020001", Kind.COMPLAINT, "environment", Urgency.ORDINARY, MONDAY)


def day(n):
    return MONDAY + timedelta(days=n)


def given(key="a", department="hbj", part="lead", due=7):
    return {"id": key, "department": department, "part": part, "due_at": day(due).isoformat()}


class Story:
    """Writes a history line by line; `at` counts days from its Monday."""

    def __init__(self):
        self.lines = [Happening(1, MONDAY, Step.REGISTER, "li", {"fields": []})]

    def then(self, at, step, actor="li", **data):
        self.lines.append(Happening(len(self.lines) + 1, day(at), step, actor, data))
        return self

    def dispatched(self, at=0, *shares):
        return self.then(at, Step.ACCEPT).then(at, Step.DISPATCH, assignments=list(shares or [given()]))

    def replied(self, signed=1, replied=2):
        self.then(signed, Step.SIGN, "department:hbj", assignment="a")
        return self.then(replied, Step.REPLY, "department:hbj", assignment="a", reply="已处理", solved="yes")

    @property
    def fact(self):
        return filled(KNOWN, self.lines)


def test_a_case_that_went_well():
    fact = Story().dispatched().replied().then(3, Step.APPROVE).then(4, Step.VISIT, solved="yes", satisfied="very").fact
    (term,) = fact.lead.terms
    assert (fact.department, fact.leads, fact.accepted_at, fact.dispatched_at) == ("hbj", 1, MONDAY, MONDAY)
    assert (term.settled_at, term.due_at, term.in_time, term.closed) == (day(2), day(7), True, True)
    assert (fact.closed_at, fact.visited_at, fact.told_at) == (day(4), day(4), day(4))
    assert (fact.final_rating.satisfied, fact.reworks, fact.unresolved) == ("very", (), False)
    assert [(r.approved, r.told_at) for r in fact.reviews] == [(True, day(4))]


def test_who_answers_badly_in_time_is_not_in_time():
    story = Story().dispatched().replied(1, 5)
    story.then(6, Step.SEND_BACK, assignment="a", reasons=["perfunctory"], text="", due_at=day(9).isoformat())
    story.then(8, Step.REPLY, assignment="a", reply="已整改").then(8, Step.APPROVE)
    fact = story.fact
    (term,) = fact.lead.terms
    assert (term.due_at, term.settled_at, term.in_time) == (day(7), day(8), False)
    assert fact.reworks == (day(6),)
    assert [(r.approved, r.perfunctory) for r in fact.reviews] == [(False, True), (True, False)]


def test_a_case_that_comes_back_from_the_citizen_gets_a_term_of_its_own():
    story = Story().dispatched().replied().then(3, Step.APPROVE)
    story.then(4, Step.VISIT, solved="no", satisfied="no", assignments=[{"id": "a", "due_at": day(7).isoformat()}])
    story.then(8, Step.REPLY, assignment="a", reply="已彻底解决").then(8, Step.APPROVE)
    story.then(9, Step.VISIT, solved="yes", satisfied="yes")
    first, second = story.fact.lead.terms
    assert (first.settled_at, first.in_time) == (day(2), True)
    assert (second.due_at, second.settled_at, second.in_time) == (day(7), day(8), False)
    assert [v.satisfied for v in story.fact.reached] == ["no", "yes"]
    assert story.fact.closed_at == day(9)


def test_nobody_at_home_three_times():
    story = Story().dispatched().replied().then(3, Step.APPROVE)
    for n in (4, 4.3, 5):
        story.then(n, Step.VISIT_ATTEMPT, way="call")
    assert story.fact.closed_at is None
    fact = story.then(5, Step.CLOSE_UNREACHED).fact
    assert (len(fact.visits), fact.reached, fact.final_rating) == (3, (), None)
    assert fact.visited_at == fact.closed_at == day(5)
    assert [r.told_at for r in fact.reviews] == [None]


def test_an_extension_moves_the_deadline_but_not_the_first_one():
    story = Story().dispatched().then(1, Step.SIGN, assignment="a")
    story.then(2, Step.REQUEST_EXTENSION, assignment="a", extension="x", amount=7, unit="calendar_days", reason="")
    story.then(3, Step.GRANT_EXTENSION, assignment="a", extension="x", amount=7, unit="calendar_days",
               due_at=day(14).isoformat(), before=day(7).isoformat())  # fmt: skip
    (term,) = story.fact.lead.terms
    assert (term.first_due_at, term.due_at, story.fact.extensions) == (day(7), day(14), (day(3),))


def test_a_returned_case_belongs_to_nobody_until_it_is_dispatched_again():
    story = Story().dispatched().then(0.5, Step.REQUEST_RETURN, assignment="a", reason="not_ours")
    assert [r.denied for r in story.fact.returns] == [None]
    story.then(1, Step.GRANT_RETURN, assignment="a", reason="")
    assert (story.fact.department, story.fact.lead) == ("", None)
    story.then(1, Step.DISPATCH, assignments=[given("b", "cgj", due=8)])
    fact = story.fact
    assert (fact.department, fact.leads, [r.denied for r in fact.returns]) == ("cgj", 2, [False])
    assert [s.withdrawn for s in fact.shares] == [True, False]
    assert fact.dispatched_at == MONDAY


def test_a_denied_return_and_an_automatic_signature():
    story = Story().dispatched().then(0.5, Step.REQUEST_RETURN, assignment="a", reason="not_ours")
    story.then(1, Step.DENY_RETURN, assignment="a", reason="").then(
        2, Step.SIGN, "system", assignment="a", automatic=True
    )
    assert [r.denied for r in story.fact.returns] == [True]
    assert story.fact.lead.signed_automatically


def test_a_pause_is_taken_off_the_departments_clock():
    story = Story().dispatched().then(1, Step.SIGN, assignment="a")
    story.then(2, Step.PAUSE, assignment="a", reason="material", until=day(6).isoformat(), due_at=day(11).isoformat())
    story.then(4, Step.RESUME, assignment="a", due_at=day(9).isoformat(), before=day(11).isoformat())
    assert story.fact.lead.paused == timedelta(days=2)
    assert story.fact.lead.terms[0].due_at == day(9)


def test_answered_at_once_and_opened_again():
    story = Story().then(0, Step.ANSWER, answer="周一至周五", knowledge="k1")
    assert (story.fact.answered_at, story.fact.by_entry, story.fact.told_at) == (MONDAY, True, MONDAY)
    story.then(1, Step.REOPEN, reason="没有说清")
    assert (story.fact.answered_at, story.fact.accepted_at) == (None, day(1))


def test_a_withdrawn_case_is_no_debt_of_the_department():
    fact = Story().dispatched().then(1, Step.CANCEL, way="call").fact
    assert (fact.department, fact.closed_at, fact.shares[0].withdrawn) == ("", None, True)
