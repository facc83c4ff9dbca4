"""The room: who hears whom follows from what people do, whatever the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ivr import room as rooms
from ivr.board import Cause, Participant, Room
from ivr.call import Role
from ivr.room import COMING, PRESENT, Do, NotPossible, Order, S, Step

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CITIZEN, LIN, WATER, SUP = "r-1", "r-2", "r-3", "r-4"
WHO = {LIN: (Role.OPERATOR, "lin"), WATER: (Role.DEPARTMENT, "water"), SUP: (Role.SUPERVISOR, "sup")}


def room_with(*legs: str, muted: str = "") -> Room:
    room = rooms.open_room("r", "13805712345", CITIZEN, NOON)
    for leg in legs:
        room = rooms.ask(room, leg, *WHO[leg], WHO[leg][1], NOON, muted=leg == muted)
        room, _ = rooms.step(room, leg, Step.JOINED, NOON)
    return room


def state(room: Room, leg: str) -> S:
    return who(room, leg).state


def who(room: Room, leg: str) -> Participant:
    found = room.participant(leg)
    assert found is not None
    return found


def test_the_citizen_hangs_up_and_everybody_is_hung_up_a_ringing_telephone_too() -> None:
    room = rooms.ask(room_with(LIN), WATER, *WHO[WATER], "市水务局", NOON)
    _, orders = rooms.step(room, CITIZEN, Step.LEFT, NOON)
    assert orders == (Order(Do.HANG_UP, LIN), Order(Do.HANG_UP, WATER))


def test_the_operator_leaves_and_the_others_talk_on() -> None:
    room, orders = rooms.step(room_with(LIN, WATER), LIN, Step.LEFT, NOON)
    assert orders == ()
    assert state(room, CITIZEN) is state(room, WATER) is S.TALKING


def test_the_last_operator_leaves_and_whoever_was_held_comes_back() -> None:
    room, orders = rooms.step(room_with(LIN, WATER), CITIZEN, Step.HOLD, NOON)
    assert orders == (Order(Do.TO_HOLD, CITIZEN),)
    room, orders = rooms.step(room, LIN, Step.LEFT, NOON)
    assert orders == (Order(Do.TO_ROOM, CITIZEN),)
    assert state(room, CITIZEN) is S.TALKING


def test_nobody_is_held_without_an_operator() -> None:
    room, _ = rooms.step(room_with(LIN, WATER), LIN, Step.LEFT, NOON)
    with pytest.raises(NotPossible, match="operator"):
        rooms.step(room, CITIZEN, Step.HOLD, NOON)


def test_the_last_partner_leaves_and_the_citizen_goes_on_in_the_flow() -> None:
    room = rooms.ask(room_with(LIN), WATER, *WHO[WATER], "市水务局", NOON)
    _, orders = rooms.step(room, LIN, Step.LEFT, NOON)
    assert orders == (Order(Do.HANG_UP, WATER), Order(Do.RELEASE, CITIZEN))


def test_a_supervisor_who_only_listens_keeps_no_citizen_in_the_room() -> None:
    _, orders = rooms.step(room_with(LIN, SUP, muted=SUP), LIN, Step.LEFT, NOON)
    assert orders == (Order(Do.HANG_UP, SUP), Order(Do.RELEASE, CITIZEN))


def test_a_room_ends_once() -> None:
    room, _ = rooms.step(room_with(LIN, SUP, muted=SUP), LIN, Step.LEFT, NOON)
    assert room.ended_at == NOON
    room, orders = rooms.step(room, SUP, Step.LEFT, NOON)
    assert orders == ()


def test_a_listener_who_goes_moves_no_citizen_who_still_waits() -> None:
    room, orders = rooms.step(room_with(SUP, muted=SUP), SUP, Step.LEFT, NOON)
    assert orders == ()
    assert room.ended_at is None


@pytest.mark.parametrize("cause", Cause)
def test_a_failed_leg_changes_nothing_for_the_others(cause: Cause) -> None:
    room = rooms.ask(room_with(LIN), WATER, *WHO[WATER], "市水务局", NOON)
    room, orders = rooms.step(room, WATER, Step.FAILED, NOON, cause=cause)
    assert orders == ()
    assert who(room, WATER).cause is cause
    assert state(room, CITIZEN) is state(room, LIN) is S.TALKING


def test_the_one_whispered_to_leaves_and_the_whisperer_comes_back() -> None:
    room, orders = rooms.step(room_with(LIN, WATER), WATER, Step.WHISPER, NOON, to=LIN)
    assert orders == (Order(Do.TO_WHISPER, WATER, LIN),)
    room, orders = rooms.step(room, LIN, Step.LEFT, NOON)
    assert orders == (Order(Do.TO_ROOM, WATER),)
    assert who(room, WATER).whisper_to is None


@pytest.mark.parametrize("to", [None, "", "r-9", WATER])
def test_a_whisper_needs_somebody_who_listens(to: str | None) -> None:
    with pytest.raises(NotPossible, match="whisper"):
        rooms.step(room_with(LIN, WATER), WATER, Step.WHISPER, NOON, to=to)


def test_a_citizen_does_not_whisper() -> None:
    with pytest.raises(NotPossible, match="whisper"):
        rooms.step(room_with(LIN), CITIZEN, Step.WHISPER, NOON, to=LIN)


def test_a_hold_that_has_run_out_is_seen() -> None:
    room, _ = rooms.step(room_with(LIN), CITIZEN, Step.HOLD, NOON)
    assert state(rooms.came_back(room, CITIZEN), CITIZEN) is S.TALKING
    assert rooms.came_back(room, LIN) == room


def test_muting_reaches_the_telephone_only_while_it_is_among_the_others() -> None:
    room, orders = rooms.mute(room_with(LIN, WATER), WATER, True)
    assert orders == (Order(Do.MUTE, WATER),)
    room, _ = rooms.step(room, WATER, Step.HOLD, NOON)
    room, orders = rooms.mute(room, WATER, False)
    assert orders == ()
    with pytest.raises(NotPossible):
        rooms.mute(room, "r-9", True)


def test_whoever_is_gone_can_do_nothing_more() -> None:
    room, _ = rooms.step(room_with(LIN, WATER), WATER, Step.LEFT, NOON)
    for what in (Step.HOLD, Step.UNHOLD, Step.WHISPER, Step.UNWHISPER, Step.JOINED, Step.RANG):
        with pytest.raises(NotPossible):
            rooms.step(room, WATER, what, NOON, to=LIN)
    with pytest.raises(NotPossible):
        rooms.remove(room, WATER)
    assert rooms.step(room, WATER, Step.LEFT, NOON) == (room, ())


def test_every_refusal_says_what_is_possible() -> None:
    with pytest.raises(NotPossible, match="possible now: hold, whisper, left"):
        rooms.step(room_with(LIN), LIN, Step.UNHOLD, NOON)


def test_the_citizen_enters_again_and_old_rows_stay() -> None:
    room, _ = rooms.step(room_with(LIN), LIN, Step.LEFT, NOON)
    again = rooms.reopen(replace(room, ended_at=NOON), NOON)
    assert again.ended_at is None
    assert [p.state for p in again.participants] == [S.TALKING, S.LEFT]


class AnyTalk(RuleBasedStateMachine):
    """Any order of events. `places` is where each leg's telephone really is, moved only by orders and events."""

    @initialize()
    def opens(self) -> None:
        self.room = rooms.open_room("r", "", CITIZEN, NOON)
        self.places = {CITIZEN: "room"}
        self.told_to_go: set[str] = set()
        self.released = False

    def legs(self, *states: S) -> list[str]:
        return [p.leg for p in self.room.participants if p.state in states]

    def pick(self, data: st.DataObject, legs: list[str]) -> str:
        return data.draw(st.sampled_from(legs))

    def step(self, leg: str, what: Step, **more: object) -> None:
        self.take(rooms.step(self.room, leg, what, NOON, **more))  # type: ignore[arg-type]

    def take(self, result: rooms.Result) -> None:
        self.room, orders = result
        for order in orders:
            match order.do:
                case Do.HANG_UP:
                    self.told_to_go.add(order.leg)
                case Do.RELEASE:
                    assert not self.released, "released twice"
                    self.released, self.places[order.leg] = True, "flow"
                case Do.TO_ROOM | Do.TO_HOLD | Do.TO_WHISPER:
                    self.places[order.leg] = {"to_room": "room", "to_hold": "hold"}.get(order.do, f"ear of {order.to}")

    @precondition(lambda self: not self.room.ended_at and len(self.room.participants) < 6)
    @rule(role=st.sampled_from([Role.OPERATOR, Role.DEPARTMENT, Role.SUPERVISOR]), muted=st.booleans())
    def somebody_is_asked(self, role: Role, muted: bool) -> None:
        leg = f"r-{len(self.room.participants) + 1}"
        self.room = rooms.ask(self.room, leg, role, leg, leg, NOON, muted=muted)
        self.places[leg] = "ringing"

    @precondition(lambda self: self.legs(*COMING))
    @rule(data=st.data(), what=st.sampled_from([Step.RANG, Step.JOINED, Step.FAILED]))
    def a_telephone_rings_answers_or_fails(self, data: st.DataObject, what: Step) -> None:
        leg = self.pick(data, self.legs(*COMING))
        if what is Step.JOINED and (self.room.ended_at or leg in self.told_to_go):
            what = Step.FAILED  # the exchange hangs up whoever comes too late
        self.step(leg, what, cause=Cause.BUSY if what is Step.FAILED else None)
        self.places[leg] = {Step.RANG: "ringing", Step.JOINED: "room", Step.FAILED: "gone"}[what]

    @precondition(lambda self: not self.room.ended_at and self.legs(*PRESENT))
    @rule(data=st.data(), what=st.sampled_from([Step.HOLD, Step.UNHOLD, Step.WHISPER, Step.UNWHISPER]))
    def somebody_is_moved(self, data: st.DataObject, what: Step) -> None:
        leg, to = self.pick(data, self.legs(*PRESENT)), self.pick(data, self.legs(*PRESENT))
        before = self.room
        try:
            self.step(leg, what, to=to)
        except NotPossible:
            assert self.room == before

    @precondition(lambda self: self.legs(*PRESENT))
    @rule(data=st.data(), on=st.booleans())
    def somebody_is_muted(self, data: st.DataObject, on: bool) -> None:
        self.take(rooms.mute(self.room, self.pick(data, self.legs(*PRESENT)), on))

    @precondition(lambda self: self.legs(*PRESENT))
    @rule(data=st.data())
    def somebody_leaves(self, data: st.DataObject) -> None:
        leg = self.pick(data, self.legs(*PRESENT))
        self.places[leg] = "gone"
        self.step(leg, Step.LEFT)

    @rule()
    def a_moment_passes(self) -> None:
        pass

    @precondition(lambda self: self.legs(S.HELD, S.WHISPERING))
    @rule(data=st.data())
    def a_hold_runs_out(self, data: st.DataObject) -> None:
        leg = self.pick(data, self.legs(S.HELD, S.WHISPERING))
        if self.places[leg] != "flow":
            self.places[leg] = "room"
        self.room = rooms.came_back(self.room, leg)

    @invariant()
    def a_row_says_where_its_telephone_is(self) -> None:
        for p in self.room.participants:
            if self.places[p.leg] == "flow":
                continue
            expected = {S.ASKED: "ringing", S.RINGING: "ringing", S.TALKING: "room", S.HELD: "hold",
                        S.WHISPERING: f"ear of {p.whisper_to}", S.LEFT: "gone", S.FAILED: "gone"}[p.state]  # fmt: skip
            assert self.places[p.leg] == expected, p

    @invariant()
    def nobody_is_held_without_an_operator(self) -> None:
        operators = [p for p in self.room.participants if p.role is Role.OPERATOR and p.state in PRESENT]
        assert operators or not self.legs(S.HELD) or self.room.ended_at or self.places[CITIZEN] == "gone"

    @invariant()
    def a_whisper_has_an_ear(self) -> None:
        for p in self.room.participants:
            if p.state is S.WHISPERING and not self.room.ended_at and self.places[CITIZEN] != "gone":
                assert p.whisper_to
                assert state(self.room, p.whisper_to) in PRESENT

    @invariant()
    def a_citizen_who_has_talked_is_not_left_alone(self) -> None:
        """Unless somebody who talked has made a listener of themselves."""
        talked = [p for p in self.room.participants if p.role in (Role.OPERATOR, Role.DEPARTMENT) and p.joined_at]
        alone = not any(p.state in PRESENT for p in self.room.participants if p.leg != CITIZEN)
        assert not (talked and alone) or self.released or self.places[CITIZEN] == "gone"

    @invariant()
    def when_the_citizen_is_gone_everybody_is_told_to_go(self) -> None:
        if self.places[CITIZEN] == "gone" or self.released:
            others = {leg for leg in self.legs(*PRESENT, *COMING) if leg != CITIZEN}
            assert others <= self.told_to_go


TestAnyTalk = AnyTalk.TestCase
TestAnyTalk.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
