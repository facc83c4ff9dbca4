"""Who hears of what, and what becomes of listeners that fall behind."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

from console.hub import Hub, Viewer
from console.memory import Memory
from ivr import room as rooms
from ivr.board import Board, Operator, Participant, ParticipantState, Place, Room, Status
from ivr.call import Role
from ivr.room import Step

NOW = datetime(2026, 11, 22, 8, 15, tzinfo=UTC)
LIMIN, ZHAO = Viewer("limin", "李敏", "operator"), Viewer("zhao", "赵强", "operator")
WANG, CLERK = Viewer("wang", "王督办", "supervisor"), Viewer("clerk", "经办", "clerk", "street_lighting")


def talking(room_id: str = "r1", operator: str = "limin") -> Room:
    room = rooms.open_room(room_id, "13805712345", f"{room_id}-1", NOW)
    room = rooms.ask(room, f"{room_id}-2", Role.OPERATOR, operator, operator, NOW)
    return rooms.step(room, f"{room_id}-2", Step.JOINED, NOW)[0]


class Calls:
    """A board that a test changes."""

    def __init__(self) -> None:
        self.board = Board(rooms=(talking(),))
        self.hub = Hub(lambda: self.board, lambda: NOW)
        self.hub.look()


async def kinds(subscription: object) -> list[str]:
    batch = await subscription.next(0.05)  # type: ignore[attr-defined]
    return [e.kind for e in batch.events]


def test_what_is_said_reaches_the_operator_in_the_room_and_supervisors_and_nobody_else() -> None:
    async def story() -> dict[str, list[str]]:
        calls = Calls()
        ears = {v.name: calls.hub.subscribe(v) for v in (LIMIN, ZHAO, WANG, CLERK)}
        calls.hub.caption("r1", "r1-1", 1, "citizen", "路灯不亮", True, 3.0)
        calls.hub.draft("r1", {"kind": "help"})
        return {name: await kinds(ear) for name, ear in ears.items()}

    heard = asyncio.run(story())

    assert heard["limin"] == ["caption", "draft"]
    assert heard["wang"] == ["caption", "draft"]
    assert heard["zhao"] == []
    assert heard["clerk"] == []


def test_a_department_hears_of_its_own_cases_only() -> None:
    async def story() -> tuple[list[str], list[str]]:
        calls = Calls()
        lighting = calls.hub.subscribe(CLERK)
        water = calls.hub.subscribe(replace(CLERK, department="water"))
        calls.hub.case("202611220001", "r1", frozenset({"street_lighting"}))
        return await kinds(lighting), await kinds(water)

    assert asyncio.run(story()) == (["case"], [])


def test_every_operator_hears_how_many_wait() -> None:
    async def story() -> list[str]:
        calls = Calls()
        ear = calls.hub.subscribe(ZHAO)
        calls.board = replace(calls.board, places=(Place("c9", "139", NOW, 0, 1),))
        calls.hub.look()
        return await kinds(ear)

    assert asyncio.run(story()) == ["line"]


def test_publishing_never_waits_and_a_slow_listener_is_told_that_it_lost_something() -> None:
    async def story() -> tuple[float, bool, list[str]]:
        calls = Calls()
        slow = calls.hub.subscribe(LIMIN, limit=50)
        began = time.monotonic()
        for n in range(5000):
            calls.hub.caption("r1", "r1-1", n, "citizen", "字", True, 0.0)
        took = time.monotonic() - began
        first = await slow.next(0.05)
        calls.hub.caption("r1", "r1-1", 1, "citizen", "后来", True, 0.0)
        return took, first.lost, await kinds(slow)

    took, lost, after = asyncio.run(story())

    assert took < 2
    assert lost
    assert after == ["caption"]


def test_other_threads_wake_a_listener_at_once() -> None:
    async def story() -> tuple[list[str], float]:
        calls = Calls()
        ear = calls.hub.subscribe(LIMIN)
        said: list[float] = []

        def speak() -> None:
            time.sleep(0.05)
            said.append(time.monotonic())
            calls.hub.caption("r1", "r1-1", 1, "citizen", "喂", False, 0.0)

        threading.Thread(target=speak).start()
        batch = await ear.next(3)
        return [e.kind for e in batch.events], time.monotonic() - said[0]

    heard, delay = asyncio.run(story())

    assert heard == ["caption"]
    assert delay < 0.5


def test_a_listener_goes_on_where_it_left_off() -> None:
    calls = Calls()
    calls.hub.caption("r1", "r1-1", 1, "citizen", "一", True, 0.0)
    seen = calls.hub.since("", LIMIN)
    assert seen is None, "nothing is known of an empty id"

    calls.hub.caption("r1", "r1-1", 2, "citizen", "二", True, 1.0)
    marker = next(e for e in calls.hub._ring if e.kind == "caption").id
    missed = calls.hub.since(marker, LIMIN)

    assert missed is not None
    assert [e.data["text"] for e in missed] == ["二"]
    assert calls.hub.since(marker, ZHAO) == []
    assert calls.hub.since("another-start-7", LIMIN) is None


def test_a_sentence_grows_in_its_place_and_its_half_end_is_closed_when_the_leg_goes() -> None:
    calls = Calls()
    calls.hub.caption("r1", "r1-1", 1, "citizen", "路", False, 1.0)
    calls.hub.caption("r1", "r1-2", 1, "operator", "您好", True, 1.5)
    calls.hub.caption("r1", "r1-1", 1, "citizen", "路灯", False, 1.0)
    grown = [(c.index, c.text, c.final) for c in calls.hub.captions("r1")]
    assert grown == [(1, "路灯", False), (2, "您好", True)]

    calls.board = Board()
    calls.hub.look()

    assert all(c.final for c in calls.hub.captions("r1"))
    ended = calls.hub.room("r1")
    assert ended
    assert ended.ended_at == NOW


def test_a_room_that_has_ended_is_still_the_operators_last_one() -> None:
    calls = Calls()
    calls.board = Board(rooms=(talking("r2", "zhao"),), operators=(Operator("limin", Status.READY, NOW),))
    calls.hub.look()

    assert [r.id for r in calls.hub.rooms_of("limin")] == ["r1"]
    assert [r.id for r in calls.hub.rooms_of("zhao")] == ["r2"]


def test_the_exchange_is_never_kept_waiting_by_a_board_that_is_slow_to_draw() -> None:
    drawn = threading.Event()

    def slow_board() -> Board:
        drawn.wait(2)
        return Board()

    hub = Hub(slow_board)
    hub.start()
    began = time.monotonic()
    for _ in range(1000):
        hub.changed("room", "r1")
    took = time.monotonic() - began
    drawn.set()
    hub.stop()

    assert took < 0.2


def test_a_room_that_has_left_the_board_shows_nobody_talking() -> None:
    memory = Memory()
    now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    talking = Participant("c-1", Role.CITIZEN, "", "市民", ParticipantState.TALKING)
    memory.see(Board(rooms=(Room("c", "13800000000", now, (talking,)),)), now)

    (ended,) = memory.see(Board(), now)

    assert ended.ended_at == now
    assert [p.state for p in ended.participants] == [ParticipantState.LEFT]
