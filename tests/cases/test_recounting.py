"""A deadline over New Year, before and after the State Council has said which days are off."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from test_delivery import WANG

from cases import assignment, case, extension, history, outbox
from cases.actor import Actor
from cases.case import Fields
from cases.deadlines import CITY_TIME
from cases.fold import fold
from cases.lifecycle import Step
from cases.model import AssignmentRow
from cases.recounting import Recounting
from cases.words import Kind, Role
from config.city import load
from config.read_city import SHIPPED
from config.rules import Limit, Unit
from config.workdays import Workdays, Year
from config.worker import Worker

CGJ = Actor("department:cgj", None, "cgj")
ZHAO = Actor("zhao", Role.DISPATCHER)
ANNOUNCED = Year(2027, {date(2027, 1, n): "元旦" for n in (1, 2, 3, 4)}, {date(2027, 1, 9): "元旦调休"})


@pytest.fixture
def city(city):
    """Before the notice, with five working days for what is ordinary."""
    shipped = load(SHIPPED)
    return replace(city, deadlines=replace(shipped.deadlines, preset="shandong"), workdays=shipped.workdays)


@pytest.fixture
def announced(city):
    return replace(city, workdays=Workdays({**city.workdays.years, 2027: ANNOUNCED}))


@pytest.fixture(autouse=True)
def december(clock):
    clock.now = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)


def dispatch(database, city, now) -> str:
    with database.session() as session:
        row = case.register(session, Fields(Kind.HELP, "environment", summary="噪声"), WANG, city=city, now=now)
        assignment.dispatch(session, row, "cgj", [], WANG, city=city, now=now)
        return row.number


def share(database, number) -> AssignmentRow:
    with database.session() as session:
        [row] = history.assignments(session, number)
        return row


def recounted(database, number) -> list:
    with database.session() as session:
        return [h for h in history.history(session, number) if h.step is Step.RECOUNT]


def better_guess(city):
    return replace(city, workdays=Workdays({**city.workdays.years, 2027: replace(ANNOUNCED, provisional=True)}))


def work(database, city, clock) -> None:
    assert Worker(database, [Recounting(database, city, clock).task()], clock=clock).run_until_idle(20)


def test_the_notice_moves_what_was_provisional_and_says_so(database, city, announced, clock):
    number = dispatch(database, city, clock())
    guessed = share(database, number)
    assert guessed.due_provisional
    assert guessed.due_at == datetime(2027, 1, 5, 23, 59, 59, tzinfo=CITY_TIME)

    work(database, better_guess(city), clock)
    assert recounted(database, number) == [], "nothing has been announced"
    work(database, announced, clock)
    work(database, announced, clock)

    row = share(database, number)
    assert row.due_at == datetime(2027, 1, 6, 23, 59, 59, tzinfo=CITY_TIME)
    assert not row.due_provisional
    assert "2027-01-04 周一，元旦假期第 4 天：不计" in row.due_explained
    assert ANNOUNCED.version in row.due_calendar
    [line] = recounted(database, number)
    assert (line.actor, line.label) == ("system", "重算期限")
    assert datetime.fromisoformat(line.data["before"]) == guessed.due_at
    with database.session() as session:
        assert fold(history.history(session, number)).assignments[0].due_at == row.due_at


def test_what_is_replied_or_was_certain_stays(database, city, announced, clock):
    number = dispatch(database, city, clock())
    with database.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        own = assignment.own(session, row, CGJ)
        assignment.sign(session, row, own, CGJ, now=clock())
        assignment.reply(session, row, own, "已处理。", CGJ, now=clock())
    clock.now = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    certain = dispatch(database, city, clock())

    work(database, announced, clock)

    assert recounted(database, number) == recounted(database, certain) == []


def test_when_the_rule_has_changed_since_it_is_counted_by_the_rule_it_was_given(sqlite, city, announced, clock):
    number = dispatch(sqlite, city, clock())
    others = replace(announced, deadlines=replace(city.deadlines, presets={"shandong": ()}))

    work(sqlite, others, clock)

    assert share(sqlite, number).due_at == datetime(2027, 1, 6, 23, 59, 59, tzinfo=CITY_TIME)
    assert not share(sqlite, number).due_provisional


def test_what_was_granted_meanwhile_is_counted_with_it_and_the_department_is_told(sqlite, city, announced, clock):
    number = dispatch(sqlite, city, clock())
    with sqlite.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        own = assignment.own(session, row, CGJ)
        assignment.sign(session, row, own, CGJ, now=clock())
        asked = extension.ask(session, row, own, Limit(2, Unit.WORKING_DAYS), "节前停工", CGJ, city=city, now=clock())
        extension.decide(session, row, asked, True, "", ZHAO, city=city, now=clock())
    assert share(sqlite, number).due_at == datetime(2027, 1, 7, 23, 59, 59, tzinfo=CITY_TIME)

    work(sqlite, announced, clock)

    row = share(sqlite, number)
    assert row.due_at == datetime(2027, 1, 8, 23, 59, 59, tzinfo=CITY_TIME)
    assert "延期 2个工作日" in row.due_explained
    with sqlite.session() as session:
        changes = [each.body.get("change") for each in outbox.of_case(session, number)]
    assert changes == [None, "grant_extension", "recount"]
