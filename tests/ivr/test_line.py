"""The waiting line: who is next, who is called, and what happens when somebody does not come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ivr import line as waiting_line
from ivr.board import Activity, Cause, Operator, Status
from ivr.line import LIMIT, PRIORITY_SECONDS, REST_SECONDS, Expire, Line, Offer, Waiting, Withdraw

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Floor:
    """A line with its operators, driven as the exchange drives it. `told` is what the line wanted last."""

    def __init__(self, *ready: str) -> None:
        self.now, self.told = NOON, ()
        self.line = Line(operators=tuple(Operator(name, Status.READY, at(-100 + n)) for n, name in enumerate(ready)))

    def after(self, seconds: float) -> Floor:
        self.now += timedelta(seconds=seconds)
        return self.do(waiting_line.tick(self.line, self.now))

    def do(self, step: object) -> Floor:
        assert not isinstance(step, str), step
        self.line, self.told = step  # type: ignore[misc]
        return self

    def joins(self, call: str, **more: object) -> Floor:
        return self.do(waiting_line.join(self.line, Waiting(call, "", self.now, **more), self.now))  # type: ignore[arg-type]

    def leaves(self, call: str) -> Floor:
        return self.do(waiting_line.leave(self.line, call, self.now))

    def answers(self, call: str, operator: str) -> Floor:
        return self.do(waiting_line.answered(self.line, call, operator, self.now))

    def fails(self, call: str, operator: str, cause: Cause = Cause.NO_ANSWER) -> Floor:
        return self.do(waiting_line.not_answered(self.line, call, operator, cause, self.now))

    def says(self, operator: str, status: Status) -> Floor:
        return self.do(waiting_line.operator_says(self.line, operator, status, self.now))

    def is_free(self, operator: str) -> Floor:
        return self.do(waiting_line.operator_free(self.line, operator, self.now))

    def ringing(self) -> dict[str, str]:
        return {w.call_id: w.offered for w in self.line.waiting if w.offered}


def test_the_longest_idle_operator_is_called_first() -> None:
    assert Floor("lin", "wang").joins("c1").told == (Offer("c1", "lin"),)


def test_two_citizens_ring_two_operators_and_the_third_waits() -> None:
    floor = Floor("lin", "wang").joins("c1").joins("c2").joins("c3")
    assert floor.ringing() == {"c1": "lin", "c2": "wang"}
    assert [p.position for p in floor.line.places()] == [1, 2, 3]


def test_who_does_not_answer_is_followed_by_the_next_at_once() -> None:
    floor = Floor("lin", "wang").joins("c1").fails("c1", "lin")
    assert floor.told == (Offer("c1", "wang"),)


def test_a_newer_citizen_does_not_pass_while_the_only_operator_was_slow() -> None:
    floor = Floor("lin").joins("c1").joins("c2").fails("c1", "lin")
    assert floor.told == ()
    assert floor.after(REST_SECONDS - 1).told == ()
    assert floor.after(1).told == (Offer("c1", "lin"),)


def test_somebody_fresh_is_called_while_the_others_rest() -> None:
    floor = Floor("lin", "wang").joins("c1").fails("c1", "lin").fails("c1", "wang")
    assert floor.ringing() == {}
    assert floor.says("zhao", Status.READY).told == (Offer("c1", "zhao"),)


def test_a_telephone_that_cannot_be_reached_pauses_its_operator_and_says_why() -> None:
    floor = Floor("lin", "wang").joins("c1").fails("c1", "lin", Cause.UNREACHABLE)
    lin = floor.line.operator("lin")
    assert lin is not None
    assert lin.status is Status.PAUSED
    assert "话机" in lin.reason
    assert floor.told == (Offer("c1", "wang"),)


def test_the_last_operator_pauses_and_nobody_is_kept_waiting() -> None:
    floor = Floor("lin").joins("c1").joins("c2").says("lin", Status.PAUSED)
    assert floor.told == (Withdraw("c1", "lin"), Expire("c1", "no_operators"), Expire("c2", "no_operators"))
    assert floor.line.waiting == ()


def test_an_operator_who_talks_counts_as_ready() -> None:
    floor = Floor("lin").joins("c1").answers("c1", "lin").joins("c2")
    assert floor.ringing() == {}
    assert floor.is_free("lin").told == (Offer("c2", "lin"),)


def test_nobody_ready_or_a_full_line_is_told_at_once() -> None:
    assert waiting_line.join(Line(), Waiting("c1", "", NOON), NOON) == "no_operators"
    floor = Floor("lin")
    for n in range(LIMIT):
        floor.joins(f"c{n}")
    assert waiting_line.join(floor.line, Waiting("late", "", NOON), NOON) == "full"


def test_waiting_has_an_end() -> None:
    floor = Floor("lin").joins("c1", max_wait=180.0)
    assert floor.after(179).told == ()
    assert floor.after(1).told == (Withdraw("c1", "lin"), Expire("c1", "timeout"))


def test_a_priority_goes_first_and_an_ordinary_citizen_is_not_starved() -> None:
    floor = Floor("lin").joins("old").answers("old", "lin").joins("ordinary")
    floor.after(PRIORITY_SECONDS - 1).joins("urgent", priority=1)
    floor.after(2).joins("too late", priority=1)
    assert [p.call_id for p in floor.line.places()] == ["urgent", "ordinary", "too late"]


def test_a_telephone_that_was_told_to_stop_is_not_called_before_it_has_stopped() -> None:
    floor = Floor("lin").joins("c1", max_wait=5.0).joins("c2").after(5)
    assert floor.told == (Withdraw("c1", "lin"), Expire("c1", "timeout"))
    assert floor.is_free("lin").told == (Offer("c2", "lin"),)


def test_ready_again_before_the_telephone_has_stopped_rings_it_once() -> None:
    floor = Floor("lin", "wang").joins("c1").says("lin", Status.PAUSED)
    assert floor.told == (Withdraw("c1", "lin"), Offer("c1", "wang"))
    assert floor.says("lin", Status.READY).joins("c2").ringing() == {"c1": "wang"}
    assert floor.is_free("lin").told == (Offer("c2", "lin"),)


def test_a_colleague_who_takes_the_call_silences_the_telephone_that_rings_for_it() -> None:
    floor = Floor("lin", "wang").joins("c1").answers("c1", "wang")
    assert floor.told == (Withdraw("c1", "lin"),)
    assert floor.line.waiting == ()


def test_a_leg_that_fails_elsewhere_frees_nobody_who_talks() -> None:
    floor = Floor("lin").joins("c1").answers("c1", "lin").joins("c2").fails("c2", "lin", Cause.BUSY)
    lin = floor.line.operator("lin")
    assert lin is not None
    assert lin.activity is Activity.TALKING
    assert floor.told == ()


def test_somebody_unknown_who_talks_and_then_says_ready_is_not_called_while_talking() -> None:
    floor = Floor("lin").joins("c1").answers("c1", "lin")
    floor.line = waiting_line.operator_busy(floor.line, "new", "c1", floor.now)
    assert floor.says("new", Status.READY).joins("c2").ringing() == {}


def test_the_number_of_a_caller_is_not_in_what_a_log_would_show() -> None:
    assert "13805712345" not in repr(Waiting("c1", "13805712345", NOON))


class AnyDay(RuleBasedStateMachine):
    """Citizens, operators and telephones in any order. `stopping`: told to stop, still ringing for a moment."""

    @initialize(operators=st.integers(1, 3))
    def opens(self, operators: int) -> None:
        self.floor, self.calls = Floor(*"abc"[:operators]), 0
        self.stopping: set[str] = set()
        self.talking: dict[str, str] = {}

    def took(self) -> None:
        """Carry out what the line wants, as the exchange does."""
        seen: set[str] = set()
        for action in self.floor.told:
            if isinstance(action, Withdraw):
                assert action.operator not in self.stopping, "told to stop twice"
                self.stopping.add(action.operator)
            elif isinstance(action, Offer):
                assert action.operator not in self.stopping | set(self.talking) | seen, "this telephone is taken"
                seen.add(action.operator)
                better = [w for w in self.floor.line.waiting if w.rank < self._entry(action.call_id).rank]
                assert all(w.offered for w in better), "a better place was passed over"

    def _entry(self, call: str) -> Waiting:
        found = self.floor.line.find(call)
        assert found is not None
        return found

    @rule(priority=st.integers(0, 2), wait=st.sampled_from([None, 10.0, 60.0]))
    def a_citizen_calls(self, priority: int, wait: float | None) -> None:
        self.calls += 1
        floor = self.floor
        step = waiting_line.join(floor.line, Waiting(f"c{self.calls}", "", floor.now, priority, wait), floor.now)
        if isinstance(step, str):
            assert not floor.line.ready
        else:
            floor.do(step)
            self.took()

    @precondition(lambda self: self.floor.line.waiting)
    @rule(data=st.data())
    def a_citizen_hangs_up(self, data: st.DataObject) -> None:
        self.floor.leaves(data.draw(st.sampled_from(self.floor.line.waiting)).call_id)
        self.took()

    @precondition(lambda self: self.floor.ringing())
    @rule(data=st.data())
    def an_operator_answers(self, data: st.DataObject) -> None:
        call, operator = data.draw(st.sampled_from(sorted(self.floor.ringing().items())))
        self.talking[operator] = call
        self.floor.answers(call, operator)
        self.took()

    @precondition(lambda self: self.floor.ringing())
    @rule(data=st.data(), cause=st.sampled_from(Cause))
    def an_operator_does_not_come(self, data: st.DataObject, cause: Cause) -> None:
        call, operator = data.draw(st.sampled_from(sorted(self.floor.ringing().items())))
        self.floor.fails(call, operator, cause)
        assert self.floor.ringing().get(call) != operator, "it moves on"
        self.took()

    @precondition(lambda self: self.stopping)
    @rule(data=st.data())
    def a_telephone_has_stopped(self, data: st.DataObject) -> None:
        operator = data.draw(st.sampled_from(sorted(self.stopping)))
        self.stopping.remove(operator)
        self.floor.is_free(operator)
        self.took()

    @precondition(lambda self: self.talking)
    @rule(data=st.data())
    def a_talk_ends(self, data: st.DataObject) -> None:
        operator = data.draw(st.sampled_from(sorted(self.talking)))
        del self.talking[operator]
        self.floor.is_free(operator)
        self.took()

    @rule(operator=st.sampled_from("abcd"), status=st.sampled_from(Status))
    def an_operator_says(self, operator: str, status: Status) -> None:
        self.floor.says(operator, status)
        self.took()

    @rule(seconds=st.sampled_from([0.2, 1, 3, 10, 100]))
    def time_passes(self, seconds: float) -> None:
        self.floor.after(seconds)
        self.took()

    @invariant()
    def everything_is_in_order(self) -> None:
        line, ringing = self.floor.line, self.floor.ringing()
        assert list(line.waiting) == sorted(line.waiting, key=lambda w: w.rank)
        assert len(set(ringing.values())) == len(ringing), "one telephone, two citizens"
        for o in line.operators:
            rings = o.name in self.stopping or o.name in ringing.values()
            expected = Activity.TALKING if o.name in self.talking else Activity.RINGING if rings else Activity.IDLE
            assert o.activity is expected, o
        assert all(self._operator(name).status is Status.READY for name in ringing.values())
        free = [o for o in line.operators if o.status is Status.READY and o.activity is Activity.IDLE
                and line.rests.get(o.name, self.floor.now) <= self.floor.now]  # fmt: skip
        assert not (free and any(w.offered is None for w in line.waiting)), "somebody waits though somebody is free"
        assert line.ready or not line.waiting

    def _operator(self, name: str) -> Operator:
        found = self.floor.line.operator(name)
        assert found is not None
        return found

    def teardown(self) -> None:
        """Whatever happened: with one operator who answers, everybody is served, best place first."""
        if not hasattr(self, "floor"):
            return
        for operator in sorted(self.stopping | set(self.talking)):
            self.floor.is_free(operator)
        self.floor.says("a", Status.READY)
        self.floor.after(REST_SECONDS)
        while self.floor.line.waiting:
            call, operator = next(iter(self.floor.ringing().items()))
            self.floor.answers(call, operator).is_free(operator)


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("places", [LIMIT])
def test_a_full_line_is_settled_in_no_time(places: int) -> None:
    import time

    floor = Floor("lin")
    for n in range(places):
        floor.joins(f"c{n:03}")
    floor.line = Line(floor.line.waiting, floor.line.operators + tuple(
        Operator(f"o{n}", Status.READY, NOON, Activity.TALKING) for n in range(100)))  # fmt: skip
    began = time.process_time()
    for _ in range(20):
        floor.after(0.1)
    assert (time.process_time() - began) / 20 < 0.02
