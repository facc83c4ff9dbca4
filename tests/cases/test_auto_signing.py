"""Nobody gains time by not signing: at the limit the system signs (超时自动签收), once, and says so."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from test_delivery import WANG

from cases import assignment, case, history, outbox
from cases.actor import SYSTEM, Actor
from cases.auto_signing import AutoSigning, due
from cases.case import Fields
from cases.fold import fold
from cases.lifecycle import Step
from cases.model import AssignmentRow, CaseRow
from cases.words import Kind, Role, Urgency
from config.city import load
from config.read_city import SHIPPED
from config.worker import Worker

CGJ = Actor("department:cgj", None, "cgj")


@pytest.fixture
def city(city):
    """The small city, with the shipped rules: what is urgent is to be signed within two hours."""
    shipped = load(SHIPPED)
    return replace(city, deadlines=shipped.deadlines, workdays=shipped.workdays)


def dispatch(database, city, now, *, assisting=()) -> str:
    with database.session() as session:
        fields = Fields(Kind.COMPLAINT, "city_management", Urgency.URGENT, summary="路灯不亮")
        row = case.register(session, fields, WANG, city=city, now=now)
        assignment.dispatch(session, row, "cgj", list(assisting), WANG, city=city, now=now)
        return row.number


def shares(database, number) -> dict[str, AssignmentRow]:
    with database.session() as session:
        return {row.department: row for row in history.assignments(session, number)}


def signings(database, number) -> list[tuple[str, bool]]:
    with database.session() as session:
        return [(h.actor, h.automatic) for h in history.history(session, number) if h.step is Step.SIGN]


def work(database, clock) -> None:
    assert Worker(database, [AutoSigning(database, clock).task()], clock=clock).run_until_idle(20)


def test_what_is_unsigned_at_the_limit_is_signed_by_the_system_once(database, city, clock):
    number = dispatch(database, city, clock(), assisting=["hbj"])
    dispatched = clock()

    clock.later(hours=1, minutes=59)
    work(database, clock)
    assert signings(database, number) == [], "not a minute too early"
    clock.later(minutes=1)
    work(database, clock)
    clock.later(days=1)
    work(database, clock)

    assert signings(database, number) == [(SYSTEM, True), (SYSTEM, True)], "the lead once, the assistant once"
    for share in shares(database, number).values():
        assert (share.progress, share.signed_by) == ("signed", SYSTEM)
        assert share.signed_at == share.sign_by == dispatched + timedelta(hours=2)
        assert share.delivered_at is None, "nobody has seen it: that it was signed is no receipt"
        assert share.due_at == dispatched + timedelta(days=3), "the deadline has not moved"
    with database.session() as session:
        told = history.history(session, number)
        assert fold(told).state == session.get_one(CaseRow, number).state == "handling"
        assert [h.label for h in told if h.step is Step.SIGN] == ["超时自动签收"] * 2
        sent = [(each.department, each.body.get("change")) for each in outbox.of_case(session, number)]
        assert sorted(each for each in sent if each[1]) == [("cgj", "sign"), ("hbj", "sign")], "they are told"


def test_a_department_that_signs_in_time_is_left_alone(database, city, clock):
    number = dispatch(database, city, clock())
    with database.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        assignment.sign(session, row, assignment.own(session, row, CGJ), CGJ, now=clock())

    clock.later(days=1)
    work(database, clock)

    assert signings(database, number) == [("department:cgj", False)]


def test_the_department_goes_on_from_an_automatic_signing(database, city, clock):
    number = dispatch(database, city, clock())
    clock.later(hours=3)
    work(database, clock)

    with database.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        share = assignment.own(session, row, CGJ)
        assert assignment.reply(session, row, share, "已更换灯泡。", CGJ, now=clock()).state == "replied"


def test_two_that_sign_at_the_same_moment_sign_once(database, city, clock):
    number = dispatch(database, city, clock())
    clock.later(hours=2)
    [share] = shares(database, number).values()
    ready = threading.Barrier(4)

    def run() -> None:
        ready.wait()
        AutoSigning(database, clock).sign(share.id)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert signings(database, number) == [(SYSTEM, True)]


def test_a_city_without_a_limit_for_signing_waits_for_ever(sqlite, city, clock):
    from config.rules import Deadlines

    dispatch(sqlite, replace(city, deadlines=Deadlines()), clock())
    clock.later(days=100)

    with sqlite.session() as session:
        assert due(session, clock()) == []


def test_the_api_says_that_it_was_the_system(small_office, city, clock):
    wang = small_office.person("wang", Role.OPERATOR)
    number = dispatch(small_office.database, city, clock())
    clock.later(hours=2)
    work(small_office.database, clock)

    seen = wang.get(f"/cases/{number}").json()

    assert seen["assignments"][0]["signed_automatically"] is True
    assert seen["history"][-1]["step_label"] == "超时自动签收"
    assert seen["history"][-1]["actor"] == "system"


@pytest.mark.slow
def test_hotline_worker_does_it_by_itself(database, city, workers):
    number = dispatch(database, city, datetime.now(UTC) - timedelta(hours=3))

    assert workers.once() == 0

    assert signings(database, number) == [(SYSTEM, True)]
