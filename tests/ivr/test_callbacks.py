"""Callbacks as a table: whatever happens, nobody is forgotten, rung too often, or let answer into silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ivr import callbacks
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.board import Cause, Operator, Room, Status
from ivr.call import CallEvent, Kind, Role
from ivr.callbacks import Booking, Do, Sight, Tries, what_now
from ivr.line import Line, Offer, Waiting
from ivr.room import Step

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ANNA = "13805712345"
PAUSE = 60.0


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def event(kind: Kind, seconds: float = 0, **data: object) -> CallEvent:
    return CallEvent("c", 1, at(seconds), kind, data)


# ---- booking
@pytest.mark.parametrize("number", ["", "anonymous", "110", "12345", "4008001234", "0013805712345", "+8613805712345"])
def test_a_number_that_is_no_telephone_of_a_citizen_is_never_called(number: str) -> None:
    assert callbacks.decide(number, (), limit=9, prefixes=()) == "refused"


def test_the_city_says_which_numbers_may_be_called() -> None:
    assert callbacks.may_be_called(ANNA, ())
    assert callbacks.may_be_called("057187031001", ("0571", "1"))
    assert not callbacks.may_be_called("02187031001", ("0571", "1"))


def test_one_for_each_number_and_a_limit() -> None:
    assert callbacks.decide(ANNA, (), limit=1, prefixes=()) == "booked"
    assert callbacks.decide(ANNA, {ANNA}, limit=1, prefixes=()) == "already"
    assert callbacks.decide(ANNA, {"13800000001"}, limit=1, prefixes=()) == "refused"


def test_the_wait_that_was_given_up_counts_and_what_was_chosen_is_kept() -> None:
    told = [event(Kind.FACT_SET, name="category", value="城管"), event(Kind.FACT_SET, name="message", value="kept"),
            event(Kind.LINE_JOINED, 10, priority=1)]  # fmt: skip
    booked = callbacks.book(ANNA, told, window_minutes=120, attempts=3, recorded=True, now=at(70))
    assert booked == Booking(ANNA, at(10), at(70 + 7200), 3, 1, True, ("城管",))
    line = event(Kind.CALLBACK_BOOKED, **booked.to_json())
    assert callbacks.booking_of(ANNA, [line]) == booked
    assert "已选 城管" in callbacks.why(booked, Tries())
    assert ANNA not in repr(booked) + str(booked.to_json())


@given(since=st.datetimes(timezones=st.just(UTC)), attempts=st.integers(1, 10), chosen=st.lists(st.text(), max_size=3))
def test_a_booking_comes_back_from_its_history_as_it_was(since: datetime, attempts: int, chosen: list[str]) -> None:
    booked = Booking(ANNA, since, since, attempts, -1, True, tuple(chosen))
    assert callbacks.booking_of(ANNA, [event(Kind.CALLBACK_BOOKED, **booked.to_json())]) == booked


# ---- any day of a callback
class AnyCallback(RuleBasedStateMachine):
    """A callback carried out as the exchange carries it out, with telephones that do as they like; and now and then
    the process dies and knows only what is written down and what Asterisk has."""

    @initialize(attempts=st.integers(1, 3), window=st.integers(300, 1500))
    def booked(self, attempts: int, window: int) -> None:
        self.now = NOON
        self.booking = Booking(ANNA, NOON, at(window), attempts)
        self.line = Line(operators=(Operator("lin", Status.READY, at(-9)), Operator("wang", Status.READY, at(-8))))
        self.room: Room | None = None
        self.history: list[CallEvent] = []
        self.over, self.rings, self.leg, self.picked_up = "", 0, 0, False

    # ---- the exchange
    def act(self) -> None:
        for _ in range(5):
            do = what_now(self.booking, self.tries, self.sight, self.now)
            if do is Do.NOTHING or self.over:
                return
            self.carry_out(do)
        raise AssertionError(f"{do} again and again")

    @property
    def tries(self) -> Tries:
        return callbacks.tries_in(self.history)

    @property
    def sight(self) -> Sight:
        place = self.line.find("c")
        return Sight(self.room, place is not None, bool(place and place.offered), self.is_rung, self.picked_up)

    @property
    def is_rung(self) -> bool:
        rung = [e.data["leg"] for e in self.history if e.kind is Kind.LEG_ASKED]
        return bool(rung) and rung[-1] == self.citizen

    @property
    def citizen(self) -> str:
        return f"c-{self.leg}"

    @property
    def is_open(self) -> bool:
        return self.room is not None and self.room.ended_at is None

    def carry_out(self, do: Do) -> None:
        match do:
            case Do.WAIT:
                rest = callbacks.not_before(self.tries, PAUSE, self.now)
                self.took(
                    waiting_line.join(self.line, Waiting("c", ANNA, NOON, callback=True, not_before=rest), self.now)
                )
            case Do.RING:
                assert rooms.partners(self.room), "rung without an operator"
                assert self.now < self.booking.until + timedelta(seconds=100), "long after the window"
                self.rings += 1
                self.write(Kind.LEG_ASKED, leg=self.citizen, role=Role.CITIZEN.value)
            case Do.STOP:
                self.citizen_fails(Cause.CANCELLED)
            case Do.STAY:
                self.took(waiting_line.join(self.line, Waiting("c", ANNA, self.now, kept_since=NOON), self.now))
            case Do.MISS | Do.SETTLE:
                self.over = do.value
                self.step_room(lambda room: rooms.close(room, self.now))

    def took(self, step: object) -> None:
        if isinstance(step, str):
            return
        self.line, actions = step
        for action in actions:
            if isinstance(action, Offer):
                if not self.is_open:
                    self.leg += 1
                    self.picked_up = False
                    self.room = rooms.open_room("c", ANNA, self.citizen, self.now, called=True)
                leg = f"{action.operator}-{len(self.room.participants)}"
                self.room = rooms.ask(self.room, leg, Role.OPERATOR, action.operator, "", self.now)

    def step_room(self, change: object) -> None:
        if self.is_open:
            self.room, orders = change(self.room)
            for order in orders:
                who = self.room.participant(order.leg)
                if who and who.role is Role.OPERATOR and who.state in rooms.PRESENT | rooms.COMING:
                    self.room, _ = rooms.step(self.room, order.leg, Step.LEFT, self.now)
                    self.frees(who.name)

    def write(self, kind: Kind, **data: object) -> None:
        self.history.append(CallEvent("c", len(self.history) + 1, self.now, kind, data))

    def frees(self, name: str) -> None:
        self.took(waiting_line.operator_free(self.line, name, self.now))

    def citizen_fails(self, cause: Cause) -> None:
        self.write(Kind.LEG_FAILED, leg=self.citizen, cause=cause.value)
        self.step_room(lambda room: rooms.step(room, self.citizen, Step.FAILED, self.now, cause=cause))
        self.took(waiting_line.leave(self.line, "c", self.now))

    def operators(self, states: frozenset[rooms.S]) -> list:
        return (
            [p for p in self.room.participants if p.role is Role.OPERATOR and p.state in states] if self.is_open else []
        )

    @property
    def it_rings(self) -> bool:
        return self.is_open and self.is_rung and rooms.citizen(self.room).state in rooms.COMING

    # ---- the world
    @precondition(lambda self: not self.over and self.operators(rooms.COMING))
    @rule(comes=st.booleans())
    def an_operator(self, comes: bool) -> None:
        (who, *_) = self.operators(rooms.COMING)
        if comes:
            self.room, _ = rooms.step(self.room, who.leg, Step.JOINED, self.now)
            self.took(waiting_line.answered(self.line, "c", who.name, self.now))
        else:
            self.room, _ = rooms.step(self.room, who.leg, Step.FAILED, self.now, cause=Cause.NO_ANSWER)
            self.took(waiting_line.not_answered(self.line, "c", who.name, Cause.NO_ANSWER, self.now))
        self.act()

    @precondition(lambda self: not self.over and not self.tries.reached and self.operators(rooms.PRESENT))
    @rule()
    def the_operator_hangs_up(self) -> None:
        (who, *_) = self.operators(rooms.PRESENT)
        self.step_room(lambda room: rooms.step(room, who.leg, Step.LEFT, self.now))
        self.frees(who.name)
        self.act()

    @precondition(lambda self: not self.over and self.it_rings)
    @rule()
    def the_citizen_picks_up(self) -> None:
        self.picked_up = True
        self.act()

    @precondition(lambda self: not self.over and self.it_rings and self.picked_up)
    @rule()
    def the_citizen_is_in_the_room(self) -> None:
        alone = not rooms.partners(self.room)
        assert not alone or self.line.find("c"), "answered, alone, and in no line"
        self.room, _ = rooms.step(self.room, self.citizen, Step.JOINED, self.now)
        self.write(Kind.LEG_JOINED, leg=self.citizen, role="citizen")
        self.over = "reached"

    @precondition(lambda self: not self.over and self.it_rings)
    @rule(cause=st.sampled_from([Cause.BUSY, Cause.REFUSED, Cause.NO_ANSWER, Cause.UNREACHABLE]))
    def the_citizen_does_not_come(self, cause: Cause) -> None:
        self.citizen_fails(cause)
        self.act()

    @precondition(lambda self: not self.over and not self.it_rings)
    @rule()
    def the_process_dies(self) -> None:
        """While nothing rings: the operators' telephones are hung up, and only the history is left."""
        self.room = None
        self.line = Line(operators=tuple(Operator(o.name, Status.READY, self.now) for o in self.line.operators))
        self.act()

    @rule(seconds=st.sampled_from([1, 10, 59, 61, 300]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        if self.over:
            return
        for who in self.operators(rooms.COMING):
            if seconds > 30:  # no telephone rings for ever
                self.room, _ = rooms.step(self.room, who.leg, Step.FAILED, self.now, cause=Cause.NO_ANSWER)
                self.took(waiting_line.not_answered(self.line, "c", who.name, Cause.NO_ANSWER, self.now))
        if seconds > 30 and self.it_rings and not self.picked_up:
            self.citizen_fails(Cause.NO_ANSWER)
        self.took(waiting_line.tick(self.line, self.now))
        self.act()

    @invariant()
    def promised(self) -> None:
        if not hasattr(self, "booking"):
            return
        assert self.rings <= self.booking.attempts, "rung too often"
        if self.over:
            assert not (
                self.over == "miss" and self.tries.count < self.booking.attempts and self.now < self.booking.until
            )
            return
        waits = self.line.find("c") or self.operators(rooms.COMING | rooms.PRESENT)
        assert waits or not self.room, "nobody looks after this callback"

    def teardown(self) -> None:
        """Whatever happened: in the end it is reached or missed, never forgotten."""
        if hasattr(self, "booking"):
            for _ in range(40):
                if not self.over:
                    self.time_passes(61)
            assert self.over or self.picked_up


TestAnyCallback = AnyCallback.TestCase
TestAnyCallback.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


# ---- in the line
def test_a_callback_takes_no_operator_from_an_earlier_citizen_and_lets_no_later_one_pass() -> None:
    line = Line(operators=(Operator("lin", Status.PAUSED, NOON),))
    line, _ = waiting_line.join(line, Waiting("kept", ANNA, at(-60), callback=True), NOON)
    line = waiting_line.set_status(line, "new", Status.READY, at(0))
    line = waiting_line.operator_busy(line, "new", "other", NOON)
    for call, seconds in (("early", -90), ("late", -30)):
        line, _ = waiting_line.join(line, Waiting(call, call, at(seconds)), NOON)
    assert [w.call_id for w in line.waiting] == ["early", "kept", "late"]
    line, told = waiting_line.operator_free(line, "new", at(1))
    assert told == (Offer("early", "new"),)


def test_a_callback_that_rests_holds_nobody_up() -> None:
    line = Line(operators=(Operator("lin", Status.READY, NOON),))
    line, told = waiting_line.join(line, Waiting("kept", ANNA, at(-60), callback=True, not_before=at(30)), NOON)
    assert told == ()
    line, told = waiting_line.join(line, Waiting("late", "x", NOON), NOON)
    assert told == (Offer("late", "lin"),)


@given(ready=st.integers(0, 4), spare=st.integers(0, 3))
def test_whom_a_flow_has_called_never_gets_the_last_operators(ready: int, spare: int) -> None:
    line = Line(operators=tuple(Operator(f"o{n}", Status.READY, at(n)) for n in range(ready)))
    joined = waiting_line.join(line, Waiting("out", ANNA, NOON, spare=spare), NOON)
    if ready <= spare:
        assert joined == "no_operators"
    else:
        line, told = joined
        assert told == (Offer("out", "o0"),)
        assert sum(o.activity == "idle" for o in line.operators) >= spare


def test_an_outgoing_call_waits_aside_while_only_one_operator_is_free() -> None:
    line = Line(operators=(Operator("lin", Status.READY, NOON), Operator("wang", Status.READY, NOON)))
    line = waiting_line.operator_busy(line, "wang", "other", NOON)
    line, told = waiting_line.join(line, Waiting("out", ANNA, NOON, spare=1), NOON)
    assert told == ()
    line, told = waiting_line.join(line, Waiting("in", "x", at(1)), at(1))
    assert told == (Offer("in", "lin"),), "whoever dials 12345 is served first"
