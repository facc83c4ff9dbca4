"""The circuit breaker: a department that is down is left alone, asked by one message at a time, and missed nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from test_case_api import register, step
from test_delivery import Desk

from cases import breakers, outbox, switchboard
from cases.breaker import FAILURES, LONGEST_WAIT, Breaker, Mode
from cases.delivery import Deliveries
from cases.model import Delivery
from cases.words import Role, Urgency

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
UNIT = timedelta(seconds=5)


def broken(times: int = FAILURES) -> Breaker:
    value = Breaker()
    for _ in range(times):
        value = value.failed(NOON, unit=UNIT)
    return value


def test_a_few_failures_are_no_reason_to_stop():
    value = broken(FAILURES - 1)

    assert value.mode(NOON) is Mode.CLOSED
    assert value.lets_through(NOON)
    assert value.since == NOON


def test_after_five_it_opens_and_then_one_message_may_try():
    value = broken()
    later = NOON + timedelta(seconds=30)

    assert value.mode(NOON) is Mode.OPEN
    assert not value.lets_through(later - timedelta(seconds=1))
    assert value.mode(later) is Mode.HALF_OPEN
    trying = value.sending(later, later + timedelta(seconds=20))
    assert trying.mode(later) is Mode.PROBING
    assert not trying.lets_through(later), "one, and no second"
    assert trying.lets_through(later + timedelta(seconds=21)), "its sender has died: another one may try"


def test_a_department_that_names_a_time_gets_it():
    value = broken(FAILURES - 1).failed(NOON, unit=UNIT, asked=timedelta(hours=2))

    assert value.open_until == NOON + timedelta(hours=2)


def test_what_was_sent_before_it_opened_tells_nothing_new():
    assert broken().failed(NOON, unit=UNIT) == broken()


@given(st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(["send", "fail", "arrive"])), max_size=60))
def test_it_never_sends_two_probes_and_never_waits_longer_than_it_may(doings):
    now, value = NOON, Breaker()
    for seconds, doing in doings:
        now += timedelta(seconds=seconds)
        if doing == "send" and value.lets_through(now):
            value = value.sending(now, now + timedelta(seconds=25))
            if value.open_until is not None:
                assert not value.lets_through(now)
        elif doing == "fail":
            value = value.failed(now, unit=UNIT)
        elif doing == "arrive":
            value = Breaker()
        assert value.mode(now) is not Mode.CLOSED or value.failures < FAILURES
        if value.open_until is not None:
            assert value.open_until - now <= UNIT * LONGEST_WAIT


@pytest.fixture
def desk(database, city, settings, receiver):
    return Desk(database, city, settings, receiver)


@pytest.fixture
def today(clock):
    clock.now = datetime.now(UTC)


def run_round(desk) -> int:
    """What a worker's round finds due is tried; how many there were."""
    with desk.database.session() as session:
        found = outbox.due(session, desk.clock())
    for key, _turn in found:
        desk.worker.deliver(key)
    return len(found)


def test_a_department_that_is_down_gets_one_message_at_a_time_and_all_when_it_is_back(desk, receiver):
    receiver.choose = lambda n: "503"
    numbers = [desk.dispatch() for _ in range(9)]

    assert run_round(desk) == 9
    assert len(receiver.requests) == FAILURES, "the others were spared"
    assert run_round(desk) == 0
    desk._ahead += timedelta(seconds=31)
    assert run_round(desk) == 1, "a single probe"
    assert len(receiver.requests) == FAILURES + 1
    [line] = _lines(desk)
    assert (line.mode, line.waiting, line.failures) == (Mode.OPEN, 9, FAILURES + 1)

    receiver.choose = lambda n: "ok"
    desk._ahead += timedelta(seconds=61)
    assert run_round(desk) == 1
    run_round(desk)

    with desk.database.session() as session:
        assert {row.state for row in session.scalars(select(Delivery))} == {"delivered"}, "also what was put off"
        assert breakers.in_trouble(session) == {}
    assert len(receiver.effects) == len(numbers)


def test_one_refused_message_stops_nobody(desk, receiver):
    receiver.choose = lambda n: "422"
    for _ in range(FAILURES + 2):
        desk.deliver(desk.dispatch())

    assert len(receiver.requests) == FAILURES + 2


def test_the_other_departments_go_on(desk, receiver):
    desk.listen("http://127.0.0.1:9/nobody", "gaj")
    for _ in range(FAILURES):
        desk.deliver(desk.dispatch(lead="gaj"))
    desk.listen(receiver.url)

    assert desk.deliver(desk.dispatch()).state == "delivered"
    assert {line.department: line.mode for line in _lines(desk)} == {"gaj": Mode.OPEN, "cgj": Mode.CLOSED}


def test_a_new_address_is_a_new_start(desk, receiver):
    receiver.choose = lambda n: "500"
    numbers = [desk.dispatch() for _ in range(FAILURES)]
    for number in numbers:
        desk.deliver(number)
    receiver.choose = lambda n: "ok"

    desk.listen(receiver.url)

    assert desk.deliver(desk.dispatch()).state == "delivered"


def test_what_was_put_off_goes_to_the_new_address_at_once(today, small_office, settings, receiver):
    admin, wang = (small_office.person(name, role) for name, role in (("a", Role.ADMINISTRATOR), ("w", Role.OPERATOR)))
    admin.put("/departments/cgj/endpoint", json={"url": "http://127.0.0.1:9/nobody"})
    number = register(wang)["number"]
    step(wang, number, "dispatch", lead="cgj")
    worker = Deliveries(small_office.database, settings)
    [row] = admin.get("/deliveries").json()["items"]
    worker.deliver(row["id"])

    admin.put("/departments/cgj/endpoint", json={"url": receiver.url})
    small_office.clock.now = datetime.now(UTC)
    worker.deliver(row["id"])

    assert [each["state"] for each in admin.get("/deliveries").json()["items"]] == ["delivered"]


def test_people_hear_of_what_has_failed_three_times_and_of_what_must_be_done_at_once(desk, receiver):
    receiver.choose = lambda n: "404"
    failing, urgent = desk.dispatch(), desk.dispatch(lead="gaj", urgency=Urgency.AT_ONCE)
    desk.deliver(failing, attempts=2)
    assert _alarms(desk) == set()

    desk.deliver(failing)
    assert _alarms(desk) == {failing}
    desk._ahead = timedelta(minutes=31)
    assert _alarms(desk) == {failing, urgent}, "nobody at that department has opened it for half an hour"


def _lines(desk) -> list[switchboard.Line]:
    with desk.database.session() as session:
        return switchboard.lines(session, now=desk.clock())


def _alarms(desk) -> set[str]:
    with desk.database.session() as session:
        return set(session.scalars(select(Delivery.case_number).where(outbox.alarming(desk.clock()))))
