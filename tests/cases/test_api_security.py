"""What somebody with bad intentions, or with a broken program, tries on the API."""

from __future__ import annotations

import pytest
from case_office import Office
from test_intake import history

from cases import intake
from cases.words import Role
from ivr.call import CallEvent, Kind

LEADERS = (Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR)


@pytest.fixture
def recorded(small_office, settings):
    """A call in which the operator wang talked, with what wang said."""
    with small_office.database.session() as session:
        intake.import_call(session, history())
    (settings.recordings_dir / "c1").mkdir(parents=True)
    (settings.recordings_dir / "c1" / "op.wav").write_bytes(b"RIFF" + bytes(100))
    return small_office


def test_operators_hear_only_the_calls_they_were_in(recorded):
    wang, li = recorded.person("wang", Role.OPERATOR), recorded.person("li", Role.OPERATOR)

    for path in ("/calls/c1", "/calls/c1/recordings/op.wav"):
        assert wang.get(path).status_code == 200
        refused = li.get(path)
        nothing = li.get(path.replace("c1", "c9"))
        assert (refused.status_code, refused.json()) == (nothing.status_code, nothing.json()), "it does not exist"
        assert refused.status_code == 404


@pytest.mark.parametrize("role", LEADERS)
def test_whoever_leads_hears_every_call(recorded, role):
    leader = recorded.person("zhao", role)

    assert leader.get("/calls/c1").status_code == 200
    assert leader.get("/calls/c1/recordings/op.wav").status_code == 200


def test_no_department_hears_a_call(recorded):
    for stranger in (recorded.person("chen", Role.CLERK, "cgj"), recorded.system("cgj")):
        assert stranger.get("/calls/c1").status_code == 403
        assert stranger.get("/calls/c1/recordings/op.wav").status_code == 403


def test_a_message_left_at_night_is_for_every_operator(small_office):
    started, *_rest, ended = history("c2")
    rang = CallEvent("c2", 2, started.at, Kind.LEG_ASKED, {"leg": "op", "role": "operator", "name": "wang"})
    with small_office.database.session() as session:
        intake.import_call(session, [started, rang, ended])

    assert small_office.person("li", Role.OPERATOR).get("/calls/c2").status_code == 200


def test_a_call_that_goes_on_is_as_private_as_one_that_is_over(sqlite, city, settings, clock):
    talking = history("c3")[:6]
    office = Office(sqlite, city, settings, clock, live_events=lambda call_id: talking if call_id == "c3" else ())
    try:
        wang, li = office.person("wang", Role.OPERATOR), office.person("li", Role.OPERATOR)
        case = {"kind": "complaint", "category": "environment", "summary": "异味", "call": "c3"}

        assert wang.get("/calls/c3").json()["caller"] == "13800001111"
        assert li.get("/calls/c3").status_code == 404
        assert li.post("/cases", json=case).status_code == 422, "nor can a case be hung on somebody else's call"
        assert wang.post("/cases", json=case).status_code == 201
    finally:
        office.close()
