"""The formulas, over a handful of facts: what counts, what does not, and who is behind each number."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.figures.definitions import OF_A_DEPARTMENT, RATES, SIX, SPANS, taken, worked
from cases.figures.facts import CallFact, CaseFact, Facts, Return, Review, Share, Term, Visit
from cases.figures.measure import measure, measure_each, percentile, wilson
from cases.figures.period import days, month, week, week_of
from cases.reasons import Satisfied, Solved
from cases.refusal import Refusal
from cases.words import Kind, Urgency
from config.city import load
from config.figures import RANKED
from config.settings import ROOT
from config.workdays import CITY_TIME, Workdays

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in the city
W10 = week("2026-W10")
LATER = datetime(2026, 3, 30, tzinfo=UTC)
DAY = timedelta(days=1)
TERM = ("due_at", "first_due_at", "settled_at", "closed")


def share(number="1", **more):
    known = {"id": f"a{number}", "number": number, "department": "cgj", "lead": True, "urgency": Urgency.ORDINARY,
             "dispatched_at": MONDAY}  # fmt: skip
    known |= {name: more.pop(name) for name in list(more) if name not in TERM}
    times = {"due_at": MONDAY + 5 * DAY, "first_due_at": MONDAY + 5 * DAY} | more
    return Share(**known, terms=(Term(number, known["department"], **times),))


def case(number="1", shares=(), **more):
    known = {"kind": Kind.COMPLAINT, "category": "city_management", "urgency": Urgency.ORDINARY,
             "registered_at": MONDAY, "department": shares[0].department if shares else ""}  # fmt: skip
    return CaseFact(number, shares=tuple(shares), **known | more)


def rate(code, *cases, calls=(), now=LATER, period=W10, excluded=None):
    return measure(RATES[code], Facts(now, tuple(calls), cases), period, excluded or {})


# ---- periods
def test_a_week_runs_from_monday_midnight_of_the_citys_clock():
    assert W10.start == datetime(2026, 3, 2, tzinfo=CITY_TIME)
    assert not W10.has(datetime(2026, 3, 1, 15, 59, tzinfo=UTC))
    assert W10.has(datetime(2026, 3, 1, 16, 0, tzinfo=UTC))
    assert (str(W10.first), str(W10.last)) == ("2026-03-02", "2026-03-08")
    assert week_of(MONDAY) == W10


def test_months_and_spans():
    assert str(month("2026-02").last) == "2026-02-28"
    assert str(month("2026-12").last) == "2026-12-31"
    assert W10.earlier(1) == days(W10.first - 7 * DAY, W10.last - 7 * DAY)


@pytest.mark.parametrize("text", ["2026-W54", "2026-10", "W10", "", "0000-W01", "9999-W53", "2026-W00", "２０２６-W10"])
def test_what_is_no_week_is_refused(text):
    with pytest.raises(Refusal, match="2026-W10"):
        week(text)


@pytest.mark.parametrize("text", ["2026-13", "2026-W10", "2026-00", "0000-01", "9999-12"])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(Refusal, match="2026-03"):
        month(text)


def test_a_span_that_runs_backwards_is_refused():
    with pytest.raises(Refusal, match="起止日期"):
        days(W10.last, W10.first)


# ---- deadlines
def test_an_open_overdue_case_lowers_the_on_time_rate():
    done = case("1", [share("1", settled_at=MONDAY + DAY)])
    still_open = case("2", [share("2")])
    figure = rate("on_time", done, still_open)
    assert (figure.n, figure.of, figure.exceptions) == (1, 2, ("2",))
    assert rate("overdue_open", done, still_open).exceptions == ("2",)


def test_a_case_whose_day_has_not_come_says_nothing_yet():
    figure = rate("on_time", case("1", [share("1")]), now=MONDAY + 4 * DAY)
    assert figure.of == 0
    assert figure.share is None


def test_a_late_answer_is_overdue_but_not_open():
    late = case("1", [share("1", settled_at=MONDAY + 6 * DAY)])
    assert rate("overdue", late).n == 1
    assert rate("overdue_open", late).n == 0


def test_an_extension_counts_beside_the_rate_without_it():
    extended = case(
        "1", [share("1", due_at=MONDAY + 5 * DAY, first_due_at=MONDAY + 3 * DAY, settled_at=MONDAY + 4 * DAY)]
    )
    assert rate("on_time", extended).n == 1
    assert rate("on_time_original", extended).misses == ("1",)


def test_what_a_department_gave_back_is_not_its_debt():
    assert rate("on_time", case("1", [share("1", withdrawn=True)])).of == 0


def test_signing_by_the_system_is_no_signing():
    signed = {"signed_at": MONDAY + DAY, "sign_by": MONDAY + DAY}
    assert rate("signed_in_time", case("1", [share("1", **signed)])).n == 1
    assert rate("signed_in_time", case("1", [share("1", **signed, signed_automatically=True)])).misses == ("1",)


def test_what_may_still_be_signed_is_pending():
    figure = rate("signed_in_time", case("1", [share("1", sign_by=MONDAY + DAY)]), now=MONDAY + timedelta(hours=1))
    assert (figure.of, figure.pending) == (0, ("1",))


def test_the_first_contact_of_a_most_urgent_case_has_half_an_hour():
    at = MONDAY + timedelta(hours=1)
    assert rate("responded", case("1", [share("1", contacted_at=at)])).n == 1
    assert rate("responded", case("1", [share("1", contacted_at=at, urgency=Urgency.AT_ONCE)])).n == 0


# ---- results
def visited(number, *ratings, **more):
    """A closed case; a rating of "" is a try that nobody answered."""
    visits = tuple(Visit(MONDAY + n * DAY, bool(r), (Solved.NO if r == "no" else Solved.YES) if r else None,
                         Satisfied(r) if r else None) for n, r in enumerate(ratings, 1))  # fmt: skip
    return case(number, [share(number)], visits=visits, closed_at=MONDAY + 4 * DAY, visited_at=MONDAY + 4 * DAY, **more)


def test_unreachable_is_never_satisfied():
    reached, nobody = visited("1", "very"), visited("2", "", "", "")
    assert rate("satisfied", reached, nobody).of == 1
    assert rate("satisfied_of_closed", reached, nobody).misses == ("2",)
    assert (rate("reached", reached, nobody).n, rate("visited", reached, nobody).n) == (1, 2)


def test_first_and_final_satisfaction_stand_side_by_side():
    turned = visited("1", "no", "very")
    assert (rate("satisfied_first", turned).n, rate("satisfied", turned).n) == (0, 1)


def test_fairly_satisfied_counts_but_not_strictly():
    fairly = visited("1", "basically")
    assert (rate("satisfied", fairly).n, rate("satisfied_strict", fairly).n) == (1, 0)


def test_closed_on_grounds_is_not_solved():
    assert rate("solved", visited("1", "yes"), visited("2", "yes", unresolved=True)).misses == ("2",)


def test_settled_at_once_means_without_return_or_rework():
    again = visited("2", "yes", reworks=(MONDAY + DAY,))
    back = visited("3", "yes", returns=(Return("3", "cgj", MONDAY),))
    assert rate("once", visited("1", "yes"), again, back).misses == ("2", "3")


def test_an_approved_reply_nobody_told_the_citizen_is_an_exception():
    told = Review("1", "cgj", MONDAY, approved=True, told_at=MONDAY + DAY)
    untold, sent_back = replace(told, number="2", told_at=None), replace(told, number="3", approved=False)
    found = [case(each.number, reviews=(each,)) for each in (told, untold, sent_back)]
    assert rate("told", *found).exceptions == ("2",)


# ---- the front desk
def test_a_call_is_answered_soon_within_fifteen_seconds():
    calls = [CallFact(str(n), MONDAY, MONDAY + timedelta(seconds=n)) for n in (15, 16)] + [CallFact("lost", MONDAY)]
    assert rate("connected", calls=calls).misses == ("lost",)
    assert rate("connected_soon", calls=calls).misses == ("16", "lost")


def test_every_contact_needs_a_record():
    calls = [
        CallFact("a", MONDAY, MONDAY),
        CallFact("b", MONDAY, MONDAY),
        CallFact("c", MONDAY),
        CallFact("d", MONDAY, message=True),
    ]
    registered = case("1", call="a", accepted_at=MONDAY + DAY)
    by_letter = case("2", accepted_at=MONDAY + 2 * DAY)
    figure = rate("registered", registered, by_letter, calls=calls)
    assert (figure.hits, figure.misses) == (("2", "a"), ("b", "d"))
    assert rate("accepted", registered, by_letter, calls=calls).misses == ("2", "b", "d")


def test_a_case_that_needs_no_department_is_not_missing_at_one():
    answered = case("1", accepted_at=MONDAY, answered_at=MONDAY)
    waiting = case("2", accepted_at=MONDAY)
    in_hand = case("3", [share("3", delivered_at=MONDAY)], accepted_at=MONDAY, dispatched_at=MONDAY)
    figure = rate("dispatched", answered, waiting, in_hand)
    assert (figure.hits, figure.misses) == (("3",), ("2",))


def test_dispatched_but_never_arrived_is_not_dispatched():
    auto = share("1", signed_at=MONDAY + DAY, signed_automatically=True)
    assert rate("dispatched", case("1", [auto], accepted_at=MONDAY, dispatched_at=MONDAY)).misses == ("1",)


# ---- supervision
def test_whatever_calls_for_supervision_must_have_a_record():
    overdue = case("1", [share("1")])
    redone = case("2", [share("2", settled_at=MONDAY)], reworks=(MONDAY,))
    watched = case("3", [share("3")], supervised=((MONDAY + 6 * DAY, "blue"),))
    sound = case("4", [share("4", settled_at=MONDAY)])
    figure = rate("supervised", overdue, redone, watched, sound)
    assert (figure.hits, figure.misses) == (("3",), ("1", "2"))
    assert rate("supervised", overdue, now=MONDAY + 5 * DAY + timedelta(hours=1)).pending == ("1",)


# ---- exclusion, departments, words
def test_an_excluded_case_counts_in_neither_number_and_is_shown_apart():
    cases = [case(n, [share(n)]) for n in "12"]
    one = rate("on_time", *cases, excluded={"on_time": {"1"}})
    assert (one.of, one.excluded) == (1, ("1",))
    assert rate("on_time", *cases, excluded={"": {"1"}}).excluded == ("1",)
    assert rate("on_time", *cases, excluded={"satisfied": {"1"}}).of == 2


def test_the_figures_of_the_departments_add_up_to_the_citys():
    cases = [case(str(n), [share(str(n), department=d, settled_at=MONDAY if n % 2 else None)])
             for n, d in enumerate(["cgj", "cgj", "hbj", "gaj", "gaj"])]  # fmt: skip
    facts = Facts(LATER, cases=tuple(cases))
    for code in OF_A_DEPARTMENT:
        each = measure_each(RATES[code], facts, W10, {})
        whole = measure(RATES[code], facts, W10, {})
        assert sum(f.n for f in each.values()) == whole.n
        assert sum(f.of for f in each.values()) == whole.of


def test_every_rate_says_in_words_what_it_counts():
    assert len({rate.name for rate in RATES.values()}) == len(RATES)
    assert all(rate.of and rate.counts for rate in RATES.values())
    assert len(SIX) == 6
    assert set(RANKED) <= OF_A_DEPARTMENT
    assert all(RATES[code].good for code in RANKED)


# ---- how long it took
def test_both_clocks_have_a_median_and_a_ninetieth_percentile():
    lead = share("1", settled_at=MONDAY + 3 * DAY, paused=DAY)
    facts = Facts(LATER, cases=(case("1", [lead], dispatched_at=MONDAY, told_at=MONDAY + 4 * DAY),))
    citizen, department = (taken(span, facts, W10, {}, Workdays()) for span in SPANS)
    assert (citizen.median(), department.median(), department.p90()) == (96.0, 48.0, 48.0)
    assert taken(SPANS[0], facts, W10, {"": {"1"}}, Workdays()).cases == ()


def test_a_weekend_is_no_working_time_but_a_make_up_saturday_is():
    workdays = load(ROOT / "config").workdays
    friday, monday = datetime(2026, 3, 6, 18, tzinfo=CITY_TIME), datetime(2026, 3, 9, 9, tzinfo=CITY_TIME)
    assert worked(friday, monday, workdays) == timedelta(hours=6 + 9)
    assert worked(datetime(2026, 2, 14, tzinfo=CITY_TIME), datetime(2026, 2, 15, tzinfo=CITY_TIME), workdays) == DAY


def test_percentiles_are_values_that_were_there():
    assert percentile([], 0.5) is None
    assert [percentile(range(1, 11), part) for part in (0.0, 0.5, 0.9, 1.0)] == [1, 5, 9, 10]


# ---- the lower bound
def test_few_good_cases_do_not_beat_many():
    four, five_hundred = wilson(1, 1), wilson(458, 500)
    assert round(100 * four, 1) == 20.7
    assert round(100 * five_hundred, 1) == 88.8
    assert four < five_hundred
    assert wilson(0, 0) == 0


@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_bound_lies_below_the_share_and_grows_with_it(counted):
    n, of = counted
    assert 0 <= wilson(n, of) <= n / of + 1e-12
    assert n == of or wilson(n, of) < wilson(n + 1, of)
    assert wilson(n, of) <= wilson(2 * n, 2 * of) + 1e-12
