"""Cases sent to another city system over Open311, and what is read back from it."""

import json
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select
from test_delivery import Desk

from cases import endpoints, switchboard, trials
from cases.following import PATIENCE, Following, due, next_look
from cases.model import AssignmentRow, CaseRow, ForeignRequest
from cases.words import Channel, Confidentiality
from console.simulator.bad_manners import Asked, BadServer, Reply, as_json
from console.simulator.georeport import GeoReport


class Elsewhere:
    """Another system with a GeoReport server; `plan` says how the next requests are treated."""

    def __init__(self, **more) -> None:
        self.georeport, self.asked, self.plan = GeoReport(**more), [], []
        self.says: Reply | None = None
        self._server = BadServer(self._answer, self._manners, hang_seconds=1.0)
        self._server.start()
        self.url = f"{self._server.address}/open311/v2/"

    def close(self) -> None:
        self._server.stop()

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.asked[0].body.decode()).items()}

    def _manners(self, asked: Asked) -> str:
        self.asked.append(asked)
        return self.plan.pop(0) if self.plan else "ok"

    def _answer(self, asked: Asked) -> Reply:
        return self.says or self.georeport.answer(asked)


@pytest.fixture
def elsewhere(request):
    made = Elsewhere(**getattr(request, "param", {}))
    yield made
    made.close()


class Sender(Desk):
    def follow(self, rounds: int = 1) -> None:
        """Look there when it is due, with the time in between passed over."""
        following = Following(self.database, self.settings, self.clock)
        for _ in range(rounds):
            with self.database.session() as session:
                row = session.scalars(select(ForeignRequest)).one()
                if row.due_at and row.due_at > self.clock():
                    self._ahead += row.due_at - self.clock()
                for key, _turn in due(session, self.clock()):
                    keys = key
            following.follow(keys)

    def foreign(self) -> ForeignRequest:
        with self.database.session() as session:
            return session.scalars(select(ForeignRequest)).one()

    def share(self) -> AssignmentRow:
        with self.database.session() as session:
            return session.scalars(select(AssignmentRow)).one()


@pytest.fixture
def sender(database, city, settings, receiver, elsewhere):
    return _sender(database, city, settings, receiver, elsewhere)


@pytest.fixture
def small(sqlite, city, settings, receiver, elsewhere):
    return _sender(sqlite, city, settings, receiver, elsewhere)


def _sender(database, city, settings, receiver, elsewhere) -> Sender:
    sender = Sender(database, city, settings, receiver)
    options = {"api_key": "theirs", "jurisdiction_id": "city.example", "service_codes": {"city_management": "CG-7"}}
    with database.session() as session:
        endpoints.set_endpoint(session, "cgj", elsewhere.url, [], now=sender.clock(), channel=Channel.OPEN311,
                               options=options)  # fmt: skip
    return sender


def test_a_case_becomes_a_request_there_and_comes_back_answered(sender, elsewhere):
    number = sender.dispatch(text="三盏路灯坏了三天")

    row = sender.deliver(number)

    assert (row.state, row.channel, row.receipt) == ("delivered", "open311", "对方工单号 1000")
    assert elsewhere.asked[0].headers["idempotency-key"] == row.id
    form = elsewhere.form
    assert form["attribute[external_id]"] == number
    assert (form["service_code"], form["api_key"], form["jurisdiction_id"]) == ("CG-7", "theirs", "city.example")
    assert (form["address_string"], form["description"]) == ("人民路", "路灯不亮\n三盏路灯坏了三天")
    assert form.keys().isdisjoint({"phone", "first_name"}), "only who is to have everything gets the caller"
    sender.follow()
    assert (sender.share().progress, sender.share().signed_by) == ("signed", "department:cgj")
    elsewhere.georeport.close("1000", "已更换三盏灯泡并测试")
    sender.follow()

    assert (sender.share().progress, sender.share().reply) == ("replied", "已更换三盏灯泡并测试")
    assert sender.foreign().due_at is None, "nothing more is asked"
    with sender.database.session() as session:
        assert session.get_one(CaseRow, number).state == "replied"


@pytest.mark.parametrize("elsewhere", [{"by_token": True}], indirect=True)
def test_a_token_becomes_a_number_later(small, elsewhere):
    row = small.deliver(small.dispatch())
    assert row.receipt == "对方受理号 t-1000"
    elsewhere.says = as_json([{"token": "t-1000"}])  # their batch has not run yet
    small.follow(3)
    assert (small.foreign().number, small.share().progress) == ("", "waiting")

    elsewhere.says = None
    small.follow(2)

    assert (small.foreign().number, small.share().progress) == ("1000", "signed")


@pytest.mark.parametrize("elsewhere", [{"by_token": True}], indirect=True)
def test_a_token_that_never_becomes_a_number_is_given_to_people_after_three_days(small, elsewhere):
    small.deliver(small.dispatch())
    elsewhere.says = as_json([{"token": "t-1000"}])
    began = small.clock()

    looks = 0
    while small.foreign().due_at is not None:
        small.follow()
        looks += 1

    assert small.clock() - began >= PATIENCE
    assert 20 < looks < 200
    assert "人工联系" in small.foreign().last_error
    with small.database.session() as session:
        [line] = switchboard.lines(session, now=small.clock())
    assert line.not_followed == 1


def test_a_lost_answer_makes_no_second_request_there(small, elsewhere):
    elsewhere.plan = ["effect then drop"]
    number = small.dispatch()

    assert small.deliver(number).state == "waiting"
    row = small.deliver(number)

    assert (row.state, len(elsewhere.georeport.requests)) == ("delivered", 1), "409: they have it already"
    assert "无法查询进展" in small.foreign().last_error


@pytest.mark.parametrize(
    ("status", "said"),
    [(400, "External system reference already exists in database"), (422, "重复的 external_id")],
)
def test_exists_is_good_news_in_other_words_too(small, elsewhere, status, said):
    elsewhere.says = as_json([{"code": status, "description": said, "service_request_id": "77"}], status)

    row = small.deliver(small.dispatch())

    assert (row.state, row.receipt) == ("delivered", "对方工单号 77")


UNKNOWN_CODE = as_json([{"code": 400, "description": "service_code is unknown"}], 400)


@pytest.mark.parametrize("reply", [UNKNOWN_CODE, Reply(500), Reply(302, {"Location": "/x"})])
def test_what_is_no_acceptance_is_tried_again(small, elsewhere, reply):
    elsewhere.says = reply

    row = small.deliver(small.dispatch())

    assert (row.state, row.last_error[:8]) == ("waiting", f"HTTP {reply.status}")


NO_NAME = b'[{"service_request_id": {"a": 1}}]'


@pytest.mark.parametrize("body", [b"", b"[]", b"<xml/>", b"{}", b"[[[[", NO_NAME, b"[" * 60_000, b"x" * 100_000])
def test_an_answer_nobody_can_read_strands_nothing(small, elsewhere, body):
    elsewhere.says = Reply(201, {}, body)

    row = small.deliver(small.dispatch())

    assert row.state == ("delivered" if len(body) < 65_536 else "waiting")
    if row.state == "delivered":
        assert small.foreign().due_at is None
        assert small.foreign().last_error


def test_a_confidential_case_does_not_say_who_called(small, elsewhere):
    with small.database.session() as session:
        endpoints.endpoint(session, "cgj").full_body = True

    small.deliver(small.dispatch(confidentiality=Confidentiality.CONFIDENTIAL, text="我是王女士，13800001111"))

    sent = json.dumps(elsewhere.form, ensure_ascii=False)
    assert "13800001111" not in sent
    assert "王女士" not in sent
    assert "phone" not in elsewhere.form


def test_what_has_moved_on_here_is_not_undone_by_what_they_say(small, elsewhere):
    from cases import assignment, case
    from cases.actor import Actor

    number = small.dispatch()
    small.deliver(number)
    small.follow()
    with small.database.session() as session:
        by = Actor("department:cgj", None, "cgj")
        row = case.find(session, number, by, lock=True)
        share = assignment.own(session, row, by)
        assignment.reply(session, row, share, "在网页上答复过了", by, now=small.clock())
    elsewhere.georeport.close("1000", "晚到的说明")
    small.follow()

    assert small.share().reply == "在网页上答复过了"
    assert small.foreign().due_at is None
    assert small.foreign().last_error


def test_a_failed_look_is_one_of_many(small, elsewhere):
    small.deliver(small.dispatch())
    elsewhere.plan = ["503", "drop"]
    small.follow(2)
    assert small.share().progress == "waiting"

    small.follow()

    assert (small.share().progress, small.foreign().last_error) == ("signed", "")


def test_looks_become_rarer():
    from datetime import UTC, datetime

    sent, unit = datetime(2026, 3, 9, tzinfo=UTC), timedelta(seconds=5)
    waits = [next_look(sent, sent + age, unit) - (sent + age) for age in map(timedelta, (0, 1, 60))]

    assert waits == [timedelta(minutes=1), timedelta(hours=2), timedelta(hours=2)]


def test_a_geo_report_server_can_be_tried(small, elsewhere, settings):
    with small.database.session() as session:
        target = endpoints.endpoint(session, "cgj")
    assert trials.trial(target, settings)["ok"]
    elsewhere.says = as_json({"hello": "world"})
    tried = trials.trial(target, settings)
    assert (tried["ok"], "GeoReport" in tried["problem"]) == (False, True)
