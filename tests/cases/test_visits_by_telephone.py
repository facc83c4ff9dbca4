"""The telephone asks by itself: from a visit that is due, over a call, to what the case makes of it."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_case_api import LAMP
from test_return_visits import approved, chief, city, open_visits, queue, state, wang  # noqa: F401  fixtures

from console.directory import InMemory
from console.follower import Follower
from console.hub import Hub
from console.return_visits import ReturnVisits
from ivr.board import Board
from ivr.call import Kind
from ivr.floor import CallRules
from ivr.visits import Visit
from tests.ivr.exchange_floor import Floor, open_floor


@pytest.fixture
def floor(tmp_path: Path, clock) -> Iterator[Floor]:
    with open_floor(tmp_path, "lin", "zhou", calls=CallRules(at_once=1)) as opened:
        opened.time = clock()
        yield opened


@pytest.fixture
def calling(database, floor, city, clock) -> ReturnVisits:  # noqa: F811
    def call_out(call_id, number, flow, values) -> None:
        floor.x.call_out(call_id, number, flow, values, "v1")

    telephony = SimpleNamespace(exchange=floor.x, ami=floor.ami, call_out=call_out)
    return ReturnVisits(database, telephony, city, clock)


@pytest.fixture
def follow(database, floor, city, clock, calling):  # noqa: F811
    follower = Follower(database, floor.spool, Hub(Board), InMemory(city), clock, lambda _all: None,
                        outgoing_came=calling.came)  # fmt: skip
    return follower.round


def rung(floor: Floor) -> str:
    """The leg that rings at the citizen's."""
    to = f"PJSIP/trunk/sip:{LAMP['phone']}@127.0.0.1:5070"
    (leg,) = [h["ChannelId"] for action, h in floor.ami.sent if action == "Originate" and h["Channel"] == to]
    return leg


def outcomes(client) -> list[str]:
    """Of the tries of the one visit that waits."""
    [visit] = queue(client)
    return [each["outcome"] for each in client.get(f"/return-visits/{visit['id']}").json()["attempts"]]


def test_a_key_closes_the_case(floor, calling, follow, wang, approved) -> None:  # noqa: F811
    number = approved()
    assert calling.round() == 1
    assert calling.round() == 0, "one at a time"
    leg = floor.rings(rung(floor))
    with Visit.back(floor.x, leg) as visit:
        assert visit.session()["begin"]["values"] == {"case_no": number}
        visit.picked_up()
        visit.at_node("satisfied", "return_visit", "notice.next")
        visit.at_node("yes_satisfied", "return_visit", "satisfied.1")
        visit.note(Kind.FACT_SET, name="note", value="回访满意")
    floor.hangs_up(leg)
    floor.after(3)
    follow()
    assert state(wang, number) == "closed"


def test_busy_is_a_try_and_the_telephone_asks_again_another_time(
    floor, calling, follow, clock, wang, approved  # noqa: F811
) -> None:  # fmt: skip
    approved()
    calling.round()
    floor.hangs_up(floor.rings(rung(floor)), 17)
    floor.after(3)
    follow()
    assert outcomes(wang) == ["busy"]
    assert calling.round() == 0
    clock.later(days=1)
    assert calling.round() == 1


def test_nobody_is_called_at_night_or_while_a_citizen_waits(floor, calling, clock, approved) -> None:  # noqa: F811
    approved()
    clock.later(hours=14)
    assert calling.round() == 0
    clock.later(hours=10)
    for unique in ("1.1", "2.2", "3.3"):
        floor.waits(unique)
    assert calling.round() == 0


def test_a_number_that_cannot_be_called_is_not_tried_again_at_once(
    floor, calling, wang, approved  # noqa: F811
) -> None:  # fmt: skip
    approved(phone="87031001")
    assert calling.round() == 0
    assert floor.ami.sent == []
    assert calling.round() == 0
    assert outcomes(wang) == ["failed"]
