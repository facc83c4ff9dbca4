"""`hotline delivery`: an administrator without a page finds what is stuck, and sends it again."""

import json

import pytest
from click.testing import CliRunner
from test_delivery import Desk

from console.commands.delivery import delivery


@pytest.fixture
def desk(database, city, settings, receiver, monkeypatch):
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    return Desk(database, city, settings, receiver)


def run(*words: str):
    return CliRunner().invoke(delivery, words)


def test_what_is_dead_is_found_and_sent_again(desk, receiver):
    receiver.plan = ["410"]
    number = desk.dispatch()
    dead = desk.deliver(number)

    listed = run("list", "--state", "dead")
    assert (listed.exit_code, number in listed.output, "HTTP 410" in listed.output) == (0, True, True)
    [as_json] = json.loads(run("list", "--alarm", "--json").output)
    assert (as_json["id"], as_json["state"]) == (dead.id, "dead")
    refused = run("replay", dead.id)
    assert (refused.exit_code, "接收地址" in refused.output) == (1, True), "410: nobody listens there any more"
    desk.listen(receiver.url)
    assert run("replay", "--dead", "--department", "gaj").output == "0 will be sent again\n"
    assert run("replay", "--dead").exit_code == 0

    assert desk.deliver(number).state == "delivered"
    assert run("list", "--alarm").output == ""
    assert run("replay", dead.id).exit_code == 1, "it has arrived"


def test_wrong_use_is_said():
    assert run("replay").exit_code == 2
    assert run("replay", "msg_1", "--dead").exit_code == 2
    assert run("list", "--state", "lost").exit_code == 2


def test_an_unknown_delivery_is_named(desk):
    unknown = run("replay", "msg_nobody")

    assert (unknown.exit_code, "msg_nobody" in unknown.output) == (1, True)
