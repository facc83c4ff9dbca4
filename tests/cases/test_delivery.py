"""Deliveries to departments' systems that behave well, badly, or not at all: exactly one effect in the end."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from cases import assignment, case, endpoints, outbox
from cases.actor import Actor
from cases.case import Fields
from cases.delivery import Deliveries
from cases.model import AssignmentRow, CaseRow, Delivery
from cases.words import Confidentiality, Kind, Role, Urgency

WANG = Actor("wang", Role.OPERATOR)


@pytest.fixture
def now():
    return datetime.now(UTC)


class Desk:
    """Registers and dispatches; and delivers one attempt at a time, with the time the schedule wants passed over."""

    def __init__(self, database, city, settings, receiver) -> None:
        self.database, self.city, self.settings, self.receiver = database, city, settings, receiver
        self._ahead = timedelta(0)
        self.worker = Deliveries(database, settings, self.clock)
        self.listen(receiver.url)

    def impatient(self) -> None:
        quick = self.settings.model_copy(update={"delivery_timeout_seconds": 0.5})
        self.worker = Deliveries(self.database, quick, self.clock)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def listen(self, url: str | None, department: str = "cgj") -> None:
        with self.database.session() as session:
            endpoints.set_endpoint(session, department, url, [], now=self.clock())
            self.receiver.secret = endpoints.new_secret(session, department, now=self.clock())

    def whole(self) -> None:
        with self.database.session() as session:
            endpoints.endpoint(session, "cgj").full_body = True

    def dispatch(self, lead: str = "cgj", **fields) -> str:
        given = {"phone": "13800001111", "caller_name": "王女士", "summary": "路灯不亮", "place": "人民路"} | fields
        with self.database.session() as session:
            new = Fields(Kind.COMPLAINT, "city_management", **given)
            row = case.register(session, new, WANG, city=self.city, now=self.clock())
            assignment.dispatch(session, row, lead, [], WANG, city=self.city, now=self.clock())
            return row.number

    def row(self, number: str) -> Delivery:
        with self.database.session() as session:
            return session.scalars(select(Delivery).where(Delivery.case_number == number)).one()

    def deliver(self, number: str, attempts: int = 1) -> Delivery:
        for _ in range(attempts):
            row = self.row(number)
            if row.due_at and row.due_at > self.clock():
                self._ahead += row.due_at - self.clock()
            self.worker.deliver(row.id)
        return self.row(number)


@pytest.fixture
def desk(sqlite, city, settings, receiver):
    return Desk(sqlite, city, settings, receiver)


def test_a_department_is_told_of_a_case_and_where_to_read_it(desk, receiver):
    number = desk.dispatch(urgency=Urgency.URGENT, text="坏了三天")

    row = desk.deliver(number)

    assert (row.state, row.attempts, row.last_error) == ("delivered", 1, "")
    [message] = receiver.effects.values()
    assert message["type"] == "case.dispatched"
    told = message["data"]
    assert told["number"] == number
    assert (told["kind"], told["category"], told["urgency"], told["part"]) == (
        "complaint", "city_management", "urgent", "lead")  # fmt: skip
    assert told.keys().isdisjoint({"place", "text", "phone", "caller_name"}), "thin: the rest is fetched, and noted"
    assert told["link"].endswith(f"/api/v1/cases/{number}")
    assert datetime.fromisoformat(told["due_at"]) - datetime.fromisoformat(told["dispatched_at"]) == timedelta(days=3)
    with desk.database.session() as session:
        assert session.scalars(select(AssignmentRow)).one().delivered_at is not None


def test_a_department_that_wants_everything_gets_what_it_may_see(desk, receiver):
    desk.whole()
    desk.deliver(desk.dispatch(text="坏了三天，电话 13800001111"))
    desk.deliver(desk.dispatch(confidentiality=Confidentiality.CONFIDENTIAL))

    ordinary, secret = (message["data"] for message in receiver.effects.values())
    assert (ordinary["place"], ordinary["phone"], ordinary["caller_name"]) == ("人民路", "138****1111", "王**")
    assert "13800001111" not in ordinary["text"]
    assert (secret["phone"], secret["confidential"]) == (None, True)
    assert "王" not in secret["caller_name"]


def test_a_very_long_case_still_makes_a_message_of_less_than_20_kb(desk, receiver):
    desk.whole()
    desk.deliver(desk.dispatch(text="路灯“不亮”\n" * 1400))

    [message] = receiver.effects.values()
    assert message["data"]["text_cut"] is True
    assert 15_000 < len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()) <= 20_000


@pytest.mark.parametrize(
    "how", ["500", "302 Location=/elsewhere", "404", "drop", "hang", "trickle", "effect then drop"]
)
def test_a_receiver_that_fails_once_has_one_effect_in_the_end(desk, receiver, how):
    receiver.plan = [how]
    number = desk.dispatch()
    if how in ("hang", "trickle"):
        desk.impatient()

    failed = desk.deliver(number)
    assert (failed.state, failed.attempts) == ("waiting", 1)
    assert failed.last_error
    assert failed.due_at > failed.created_at + timedelta(seconds=4), "not at once again"
    desk.worker = Deliveries(desk.database, desk.settings, desk.clock)
    row = desk.deliver(number)

    assert (row.state, row.attempts, row.last_error) == ("delivered", 2, "")
    assert len(receiver.effects) == 1
    assert {r["path"] for r in receiver.requests} == {"/hook"}, "no redirect is followed"
    assert receiver.copies == {row.id: 2}, "the same id at every attempt"


def test_a_receiver_that_asks_for_time_gets_it(desk, receiver):
    receiver.plan = ["503 Retry-After=120"]

    row = desk.deliver(desk.dispatch())

    assert timedelta(seconds=115) < row.due_at - datetime.now(UTC) < timedelta(seconds=125)


def test_410_ends_the_sending_and_the_page_takes_over(desk, receiver):
    receiver.plan = ["410"]

    row = desk.deliver(desk.dispatch())

    assert (row.state, row.last_error) == ("dead", "HTTP 410")
    next_row = desk.row(desk.dispatch())
    assert (next_row.channel, next_row.due_at) == ("page", None)
    assert len(receiver.requests) == 1


def test_after_the_last_attempt_it_is_a_dead_letter_and_can_be_sent_again(desk, receiver):
    receiver.choose = lambda n: "500" if n <= 10 else "ok"
    number = desk.dispatch()

    row = desk.deliver(number, attempts=12)
    assert (row.state, row.attempts) == ("dead", 10)
    with desk.database.session() as session:
        outbox.replay(session, session.get_one(Delivery, row.id), now=desk.clock())
    row = desk.deliver(number)

    assert (row.state, row.attempts) == ("delivered", 11)
    assert len(receiver.effects) == 1


def test_a_worker_that_dies_between_sending_and_recording_causes_no_second_effect(desk, receiver, monkeypatch):
    number = desk.dispatch()
    with monkeypatch.context() as dying:
        dying.setattr(desk.worker, "_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            desk.deliver(number)
    assert desk.row(number).state == "sending"

    desk.worker.deliver(desk.row(number).id)
    assert desk.row(number).state == "sending", "as long as the claim lasts, nobody else touches it"
    desk._ahead += timedelta(seconds=30)
    with desk.database.session() as session:
        left_behind = outbox.due(session, desk.clock())
    row = desk.deliver(number)

    assert left_behind == [(row.id, 1)]
    assert (row.state, row.attempts) == ("delivered", 2)
    assert len(receiver.effects) == 1


def test_a_worker_that_wakes_up_too_late_changes_nothing(desk, receiver):
    number = desk.dispatch()
    sleeper = desk.worker._claim(desk.row(number).id)
    desk._ahead += timedelta(seconds=30)
    desk.deliver(number)

    from cases.post import Outcome

    desk.worker._record(sleeper, Outcome(500, "HTTP 500"))

    assert (desk.row(number).state, desk.row(number).last_error) == ("delivered", "")


def test_the_order_of_a_cases_messages_is_kept(desk, receiver):
    receiver.plan = ["500"]
    number = desk.dispatch()
    with desk.database.session() as session:
        row = session.get_one(CaseRow, number)
        share = session.scalars(select(AssignmentRow)).one()
        second = outbox.put(session, row, share, "case.updated", {"text": "补充"}, now=desk.clock()).id
        first = session.scalars(select(Delivery.id).where(Delivery.id != second)).one()

    for key in (second, first, second):
        desk.worker.deliver(key)
    assert receiver.order == [], "the second waits while the first is not there"
    with desk.database.session() as session:
        desk._ahead += session.get_one(Delivery, first).due_at - desk.clock()
    desk.worker.deliver(first)
    desk.worker.deliver(second)

    assert receiver.order == [first, second]


def test_a_department_without_a_system_reads_on_the_page(desk, receiver):
    number = desk.dispatch(lead="gaj")

    assert (desk.row(number).channel, desk.row(number).state) == ("page", "waiting")
    with desk.database.session() as session:
        row = case.find(session, number, Actor("liu", Role.CLERK, "gaj"))
        assignment.arrived(session, row, session.scalars(select(AssignmentRow)).one(), now=desk.clock())

    assert desk.row(number).state == "delivered"


def test_an_address_that_turned_bad_after_it_was_set_is_not_called(desk, receiver, settings, city):
    closed = settings.model_copy(update={"delivery_networks": (), "public_url": "https://12345.example"})
    number = desk.dispatch()
    desk.worker = Deliveries(desk.database, closed, desk.clock)

    row = desk.deliver(number)

    assert "允许的网段" in row.last_error
    assert receiver.requests == []


def test_while_a_secret_is_changed_over_both_are_good(desk, receiver):
    old = receiver.secret
    with desk.database.session() as session:
        new = endpoints.new_secret(session, "cgj", now=desk.clock())

    desk.deliver(desk.dispatch())
    receiver.secret = new
    desk.deliver(desk.dispatch())

    assert len(receiver.effects) == 2
    assert old != new


def test_with_a_key_of_ours_nobody_who_reads_their_files_can_forge(desk, receiver):
    """v1a: the department checks with our public key, by the standard's own rule, beside the shared secret."""
    with desk.database.session() as session:
        public = endpoints.new_key_pair(session, "cgj", now=desk.clock())
    desk.deliver(desk.dispatch())

    [request] = receiver.requests
    headers = request["headers"]
    versions = dict(each.split(",") for each in headers["webhook-signature"].split())
    assert versions.keys() == {"v1", "v1a"}
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request["body"]
    key.verify(base64.b64decode(versions["v1a"]), said)
