"""The same hotline on PostgreSQL: a call becomes a transcript and a draft; a database that is gone loses no call."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.cases.postgres_cluster import Cluster, binaries
from tests.house import CITIZEN, OPERATOR, eventually
from tests.served import Served, served

pytestmark = [pytest.mark.calls, pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    running = Cluster(found)
    running.start()
    running.create("hotline")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def hotline(cluster: Cluster) -> Iterator[Served]:
    with served(database_url=cluster.url("hotline")) as started:
        yield started


def call_and_talk(hotline: Served, number: str, seconds: float = 1.0) -> None:
    with hotline.operator("op1") as (phone, _api):
        citizen = hotline.trunk.call("12345", caller_id=number, when_up=lambda call: call.play_tone(CITIZEN))
        phone.wait_for_ring(25).answer()
        assert citizen.hears({OPERATOR}, within=4)
        time.sleep(seconds)
        citizen.hang_up()


def test_a_call_is_taken_in_and_transcribed_on_postgresql(hotline: Served) -> None:
    call_and_talk(hotline, "13800000041")
    with hotline.operator("op1", ready=False) as (_phone, api):
        eventually(lambda: hotline.calls_of("13800000041"), "the call in the database", 15)
        (call,) = hotline.calls_of("13800000041")
        eventually(lambda: api.get(f"/calls/{call}").json()["transcript_state"] == "done", "the transcript", 30)


def test_a_database_that_is_gone_during_a_call_gets_it_once_when_it_is_back(hotline: Served, cluster: Cluster) -> None:
    with hotline.operator("op1") as (phone, api):
        cluster.halt()
        try:
            citizen = hotline.trunk.call("12345", caller_id="13800000042", when_up=lambda call: call.play_tone(CITIZEN))
            phone.wait_for_ring(30).answer()
            assert citizen.hears({OPERATOR}, within=4)
            citizen.hang_up()
            time.sleep(2)
        finally:
            cluster.resume()
        eventually(lambda: hotline.calls_of("13800000042"), "the call in the database", 30)
        time.sleep(1)
        (call,) = hotline.calls_of("13800000042")
        eventually(lambda: api.get(f"/calls/{call}").json()["transcript_state"] == "done", "the transcript", 60)
