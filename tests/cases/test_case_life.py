"""What may become of a case, over real HTTP and on both databases: every way it goes, told as it happens."""

import pytest
from case_stories import OBJECTION, dispatched, events, everybody, handled, ok, replied, visited, with_rules
from test_case_api import register, step

from cases.archiving import Archiving
from cases.model import RulingRow
from cases.pausing import Resuming
from cases.words import Role
from config.worker import Worker


@pytest.fixture(scope="session")
def city(city):
    return with_rules(city)


@pytest.fixture
def people(office, clock):
    return everybody(office, clock)


def test_a_case_is_closed_when_the_citizen_has_been_asked(office, people):
    case = visited(people, contacted=True, true=True)

    assert (case["state"], case["state_label"]) == ("closed", "已办结")
    assert [h["step"] for h in case["history"]][-3:] == ["reply", "approve", "visit"]
    assert case["closed_at"] == "2026-03-09T09:30:00+08:00"
    assert events(office, case["number"])[-1][0] == "case.closed"


def test_an_assisting_departments_part_may_be_sent_back_alone(people):
    number = handled(people, assisting=["hbj"])["number"]
    ok(step(people["hbj"], number, "sign"))
    ok(step(people["hbj"], number, "reply", reply="没问题"))
    ok(step(people["cgj"], number, "reply", reply="已修好"))
    [hbj] = [a["id"] for a in people["zhao"].get(f"/cases/{number}").json()["assignments"] if a["part"] == "assisting"]

    back = ok(step(people["zhao"], number, "send_back", assignment=hbj, reasons=["no_evidence"]))

    assert [(a["state"], a["part"]) for a in back["assignments"]] == [("replied", "lead"), ("rework", "assisting")]
    waits = step(people["zhao"], number, "approve")
    assert (waits.status_code, "还有 1 个协办单位" in waits.json()["detail"]) == (409, True)
    ok(step(people["hbj"], number, "reply", reply="附监测报告"))
    assert step(people["zhao"], number, "approve").json()["state"] == "return_visit"


def test_a_department_gives_back_what_is_not_its_own_and_another_gets_it(office, people, clock):
    case = dispatched(people, assisting=["hbj"])
    clock.later(hours=1)
    ok(step(people["hbj"], case["number"], "sign"))
    asked = ok(step(people["cgj"], case["number"], "request_return", **OBJECTION))
    assert (asked["state"], asked["possible"]) == ("return_requested", [])

    granted = ok(step(people["zhao"], case["number"], "grant_return", reason="属公安局职责"))
    assert (granted["state"], granted["due_at"]) == ("accepted", case["due_at"])
    gone = people["cgj"].get(f"/cases/{case['number']}")
    assert gone.status_code == 404, "it is no longer theirs"
    again = ok(step(people["zhao"], case["number"], "dispatch", lead="gaj", assisting=["hbj"]))

    states = [(a["department"], a["part"], a["state"]) for a in again["assignments"]]
    assert states == [("cgj", "lead", "returned"), ("hbj", "assisting", "signed"), ("gaj", "lead", "waiting")]
    assert again["due_at"] == "2026-03-16T10:30:00+08:00", "each department's clock starts when it is given the case"
    assert [e for e, _ in events(office, case["number"])] == ["case.dispatched", "case.recalled"]
    assert events(office, case["number"], "hbj") == [("case.dispatched", None)], "it goes on with what it has begun"


def test_a_denied_return_does_not_reset_the_clock_and_the_second_goes_to_the_supervisor(office, people, clock):
    case = dispatched(people)
    number = case["number"]
    ok(step(people["cgj"], number, "request_return", **OBJECTION))
    clock.later(hours=6)
    denied = ok(step(people["zhao"], number, "deny_return", reason="路灯由城管维护"))
    assert (denied["state"], denied["due_at"]) == ("dispatched", case["due_at"])
    assert denied["assignments"][0]["sign_by"] == "2026-03-10T23:59:59+08:00"

    assert people["cgj"].get(f"/cases/{number}/transitions").json()["possible"] == ["sign", "dispute"]
    assert ok(step(people["cgj"], number, "request_return", **OBJECTION))["state"] == "disputed"
    assert step(people["zhao"], number, "rule", department="gaj", text="归公安").status_code == 403
    assert step(people["qian"], number, "rule", department="gaj").status_code == 422, "in writing"
    ruled = ok(step(people["qian"], number, "rule", department="gaj", text="治安监控杆上的路灯由公安局维护"))

    assert (ruled["state"], ruled["assignments"][-1]["department"]) == ("dispatched", "gaj")
    with office.database.session() as session:
        [precedent] = session.query(RulingRow).all()
        found = precedent.category, precedent.place, precedent.against, precedent.department
    assert found == ("city_management", "人民路 12 号", "cgj", "gaj")


def test_more_time_is_asked_for_before_the_deadline_and_within_the_cap(office, people, clock):
    case = handled(people)
    share = case["assignments"][0]["id"]
    ask = f"/assignments/{share}/extensions"
    body = {"amount": 5, "unit": "calendar_days", "reason": "需要采购灯杆"}

    too_much = people["cgj"].post(ask, json=body | {"amount": 8})
    assert (too_much.status_code, "每次最多延期" in too_much.json()["detail"]) == (422, True)
    asked = [ok(people["cgj"].post(ask, json=body, headers={"Idempotency-Key": "e1"})) for _ in range(2)]
    assert asked[0] == asked[1]
    assert people["gaj"].post(ask, json=body).status_code == 404
    assert people["cgj"].post(f"/extensions/{asked[0]['id']}/decision", json={"granted": True}).status_code == 403
    assert [e["id"] for e in people["zhao"].get("/extensions").json()["items"]] == [asked[0]["id"]]

    clock.later(days=8)  # it was asked for in time, and decided late
    done = ok(people["zhao"].post(f"/extensions/{asked[0]['id']}/decision", json={"granted": True}))
    assert (done["decision"], done["assignment_now"]["due_at"]) == ("granted", "2026-03-21T09:30:00+08:00")
    assert "延期 5个自然日" in done["assignment_now"]["due_explained"]
    again = people["zhao"].post(f"/extensions/{asked[0]['id']}/decision", json={"granted": False, "reason": "不"})
    assert again.status_code == 409
    second = people["cgj"].post(ask, json=body)
    assert (second.status_code, "最多延期 1 次" in second.json()["detail"]) == (422, True)
    assert ("case.updated", "grant_extension") in events(office, case["number"])


def test_a_reply_settles_an_open_request_for_more_time(people):
    case = handled(people)
    share = case["assignments"][0]["id"]
    asked = ok(people["cgj"].post(f"/assignments/{share}/extensions", json={"amount": 2, "reason": "等待配件"}))
    ok(step(people["cgj"], case["number"], "reply", reply="提前修好了"))

    late = people["zhao"].post(f"/extensions/{asked['id']}/decision", json={"granted": True})

    assert late.status_code == 409
    assert people["zhao"].get("/extensions").json()["items"] == []


def test_a_stopped_clock_moves_the_deadline_and_goes_on_by_itself(office, people, city, clock):
    case = handled(people)
    share = case["assignments"][0]["id"]
    body = {"reason": "material", "until": "2026-03-12T09:30:00+08:00"}
    assert people["cgj"].post(f"/assignments/{share}/pauses", json=body).status_code == 403
    endless = people["zhao"].post(f"/assignments/{share}/pauses", json=body | {"until": "2027-03-12T09:30:00+08:00"})
    assert endless.status_code == 422

    paused = ok(people["zhao"].post(f"/assignments/{share}/pauses", json=body))
    assert (paused["state"], paused["due_at"]) == ("paused", "2026-03-19T09:30:00+08:00")
    whole = people["wang"].get(f"/cases/{case['number']}").json()
    assert (whole["state"], whole["created_at"]) == ("paused", case["created_at"]), "the citizen's clock runs on"
    resuming = Worker(office.database, [Resuming(office.database, city, clock).task()], clock=clock)
    clock.later(days=3)
    assert resuming.run_until_idle(20)
    after = people["cgj"].get(f"/assignments/{share}").json()

    assert (after["state"], after["due_at"], after["paused_until"]) == ("signed", "2026-03-19T09:30:00+08:00", None)
    assert any("暂停计时（等待诉求人补充材料），顺延 72 小时" in line for line in after["due_explained"])
    assert [c for _, c in events(office, case["number"])] == [None, "pause", "resume"]


def test_the_citizen_may_have_it_taken_up_again(office, people, clock):
    case = visited(people)
    clock.later(days=29)
    again = ok(step(people["wang"], case["number"], "reopen", reason="灯又灭了"))
    assert (again["state"], again["due_at"], again["reopened"]) == ("rework", "2026-04-10T09:30:00+08:00", 1)
    assert events(office, case["number"])[-1][0] == "case.sent_back"

    answered = register(people["wang"])["number"]
    ok(step(people["wang"], answered, "answer", answer="九点"))
    clock.later(days=31)
    late = step(people["wang"], answered, "reopen", reason="不对")
    assert (late.status_code, "超过 30 天" in late.json()["detail"]) == (409, True)
    assert ok(step(people["zhao"], answered, "reopen", reason="答复有误"))["state"] == "accepted"


def test_a_withdrawn_case_is_taken_from_its_departments(office, people):
    number = handled(people, assisting=["hbj"])["number"]

    gone = ok(step(people["wang"], number, "cancel", way="call"))

    assert (gone["state"], {a["state"] for a in gone["assignments"]}) == ("cancelled", {"recalled"})
    for code in ("cgj", "hbj"):
        assert events(office, number, code)[-1][0] == "case.recalled"
        assert people[code].get(f"/cases/{number}").status_code == 404
    asked = ok(step(people["wang"], number, "visit", solved="no", satisfied="no"))
    assert asked["state"] == "cancelled"
    assert ok(step(people["qian"], number, "reopen", reason="诉求人说是被要求撤回的"))["state"] == "accepted"


def test_the_worker_archives_what_has_been_over_for_long_enough(office, people, clock):
    from cases import case as cases
    from cases.actor import Actor

    closed, open_ = visited(people)["number"], replied(people)["number"]
    archiving = Worker(office.database, [Archiving(office.database, 90, clock).task()], clock=clock)
    clock.later(days=89)
    assert archiving.run_until_idle(20)
    assert people["zhao"].get(f"/cases/{closed}").json()["state"] == "closed"
    clock.later(days=1)
    assert archiving.run_until_idle(20)

    zhao = Actor("zhao", Role.DISPATCHER)
    with office.database.session() as session:
        done = cases.find(session, closed, zhao)
        assert (done.state, done.retention, done.closed_at is not None) == ("archived", "standard", True)
        assert cases.find(session, open_, zhao).state == "replied"
    assert people["zhao"].get(f"/cases/{closed}/transitions").json()["possible"] == []


def test_of_two_who_decide_at_the_same_version_one_is_told(people):
    case = replied(people)
    seen = people["zhao"].get(f"/cases/{case['number']}").headers["ETag"]
    url, match = f"/cases/{case['number']}/transitions", {"If-Match": seen}

    first = people["zhao"].post(url, json={"action": "approve"}, headers=match)
    late = people["qian"].post(url, json={"action": "send_back", "reasons": ["perfunctory"]}, headers=match)

    assert (first.status_code, late.status_code, late.json()["code"]) == (200, 412, "stale_version")
