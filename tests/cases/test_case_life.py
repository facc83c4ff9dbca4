"""What may become of a case, over real HTTP and on both databases: every way it goes, told as it happens."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from test_case_api import register, step

from cases.archiving import Archiving
from cases.model import Delivery, RulingRow, Token
from cases.pausing import Resuming
from cases.words import Role
from config.city import load
from config.read_city import SHIPPED
from config.worker import Worker


@pytest.fixture(scope="session")
def city(city):
    """The small city, with the shipped rules: ordinary cases in seven days, one extension, three days for a rework."""
    shipped = load(SHIPPED)
    return replace(city, deadlines=shipped.deadlines, workdays=shipped.workdays)


@pytest.fixture
def people(office, clock):
    """Everybody who has a say: operator, dispatcher, supervisor, and three departments. Logged in for months."""
    named = {"wang": Role.OPERATOR, "zhao": Role.DISPATCHER, "qian": Role.SUPERVISOR, "admin": Role.ADMINISTRATOR}
    found = {name: office.person(name, role) for name, role in named.items()}
    found["liu"] = office.person("liu", Role.CLERK, "cgj")
    with office.database.session() as session:
        session.execute(update(Token).values(expires_at=clock() + timedelta(days=400)))
    return found | {code: office.system(code) for code in ("cgj", "hbj", "gaj")}


OBJECTION = {"reason": "not_ours", "basis": "《路灯管理办法》第六条", "suggested": "gaj"}


def ok(answer) -> dict:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def dispatched(people, **more) -> dict:
    case = register(people["wang"], urgency="ordinary")
    return ok(step(people["wang"], case["number"], "dispatch", lead="cgj", **more))


def handled(people, **more) -> dict:
    case = dispatched(people, **more)
    return ok(step(people["cgj"], case["number"], "sign"))


def replied(people) -> dict:
    case = handled(people)
    return ok(step(people["cgj"], case["number"], "reply", reply="已更换灯泡，今晚恢复照明。", solved=True, true=True))


def visited(people, **said) -> dict:
    case = replied(people)
    ok(step(people["zhao"], case["number"], "approve"))
    return ok(step(people["wang"], case["number"], "visit", **({"solved": "yes", "satisfied": "very"} | said)))


def events(office, number: str, department: str = "cgj") -> list[tuple[str, str | None]]:
    """What the department was told, in order."""
    with office.database.session() as session:
        chosen = session.query(Delivery).filter_by(case_number=number, department=department).order_by(Delivery.place)
        return [(row.event, row.body.get("change")) for row in chosen]


def test_a_case_is_closed_when_the_citizen_has_been_asked(office, people):
    case = visited(people, contacted=True, true=True)

    assert (case["state"], case["state_label"]) == ("closed", "已办结")
    assert [h["step"] for h in case["history"]][-3:] == ["reply", "approve", "visit"]
    assert case["closed_at"] == "2026-03-09T09:30:00+08:00"
    assert events(office, case["number"])[-1][0] == "case.closed"


def test_nobody_but_the_hotline_judges_a_reply_and_nobody_closes_without_a_visit(people):
    number = replied(people)["number"]

    for department in ("cgj", "liu"):
        for action in ("approve", "send_back", "visit", "close_unreached", "close_unresolved"):
            assert step(people[department], number, action, reasons=["perfunctory"]).status_code == 403
    early = step(people["wang"], number, "visit", solved="yes", satisfied="yes")
    assert (early.status_code, early.json()["possible"]) == (409, ["told", "cancel"])
    assert step(people["wang"], number, "approve").status_code == 403, "whoever took the call does not review"


def test_dissatisfied_goes_back_to_the_department_with_a_new_deadline(office, people, clock):
    clock.later(days=3)
    case = visited(people, solved="no", satisfied="no")
    share = case["assignments"][0]

    assert (case["state"], share["state"], share["reply"]) == ("rework", "rework", None)
    assert share["due_at"] == "2026-03-15T09:30:00+08:00", "three calendar days for doing it again"
    assert share["due_explained"][0] == "2026-03-12 09:30 退回重办，从退回重办起计时"
    assert events(office, case["number"])[-1][0] == "case.sent_back"
    assert step(people["cgj"], case["number"], "reply", reply="又修了一次").json()["state"] == "replied"


def test_a_poor_reply_is_done_again_by_a_shorter_deadline(office, people, clock):
    case = replied(people)
    clock.later(hours=2)
    no_reason = step(people["zhao"], case["number"], "send_back")
    back = ok(step(people["zhao"], case["number"], "send_back", reasons=["off_point", "no_measure"], text="没有说期限"))

    assert no_reason.status_code == 422
    assert (back["state"], back["due_at"]) == ("rework", "2026-03-12T11:30:00+08:00")
    assert back["assignments"][0]["reworks"] == 1
    told = people["cgj"].get(f"/cases/{case['number']}").json()
    assert told["possible"] == ["contact", "reply"]
    assert [h["data"]["reply"] for h in told["history"] if h["step"] == "reply"] == ["已更换灯泡，今晚恢复照明。"]


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


def test_a_ruling_for_the_same_department_leaves_nothing_but_to_sign(people):
    number = dispatched(people)["number"]
    ok(step(people["cgj"], number, "request_return", **OBJECTION))
    ok(step(people["zhao"], number, "deny_return", reason="路灯由城管维护"))
    ok(step(people["cgj"], number, "dispute", **OBJECTION))

    ruled = ok(step(people["qian"], number, "rule", department="cgj", text="由城管局维护"))
    third = step(people["cgj"], number, "request_return", **OBJECTION)

    assert (ruled["state"], third.status_code, third.json()["possible"]) == ("dispatched", 409, ["sign"])
    assert "已经裁定由本单位办理" in third.json()["detail"]
    assert people["cgj"].get(f"/cases/{number}/transitions").json()["possible"] == ["sign"]


def test_a_return_needs_its_reason_its_rule_and_whose_it_is_and_comes_in_time(people, clock):
    number = dispatched(people)["number"]

    for wrong, field in (
        ({"reason": "dont_want"}, "reason"),
        ({"basis": " "}, "basis"),
        ({"suggested": "nobody"}, "suggested"),
        ({"suggested": "cgj"}, "suggested"),
    ):
        refused = step(people["cgj"], number, "request_return", **(OBJECTION | wrong))
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    clock.later(days=2)
    late = step(people["cgj"], number, "request_return", **OBJECTION)
    assert (late.status_code, late.json()["possible"]) == (409, ["sign"])
    assert "退单应在 2026-03-10 23:59 前申请" in late.json()["detail"]


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


def test_an_extension_asked_too_late_or_denied_moves_nothing(people, clock):
    case = handled(people)
    share = case["assignments"][0]["id"]
    body = {"amount": 2, "reason": "等待配件"}
    asked = ok(people["cgj"].post(f"/assignments/{share}/extensions", json=body))

    twice = people["cgj"].post(f"/assignments/{share}/extensions", json=body)
    assert (twice.status_code, "还没有决定" in twice.json()["detail"]) == (409, True)
    decision = f"/extensions/{asked['id']}/decision"
    assert people["zhao"].post(decision, json={"granted": False}).status_code == 422, "a denial needs its reason"
    denied = ok(people["zhao"].post(decision, json={"granted": False, "reason": "库存充足"}))
    assert denied["assignment_now"]["due_at"] == case["due_at"]
    clock.later(days=8)
    late = people["cgj"].post(f"/assignments/{share}/extensions", json=body)
    assert (late.status_code, "已经到期" in late.json()["detail"]) == (409, True)


def test_of_an_instruction_only_its_issuer_grants_more_time(office, people):
    from cases.model import CaseRow

    case = handled(people)
    with office.database.session() as session:
        session.get_one(CaseRow, case["number"]).issuer = "qian"
    share = case["assignments"][0]["id"]
    asked = ok(people["cgj"].post(f"/assignments/{share}/extensions", json={"amount": 2, "reason": "等待配件"}))
    decision = f"/extensions/{asked['id']}/decision"

    others = people["zhao"].post(decision, json={"granted": True})
    assert (others.status_code, "交办人" in others.json()["detail"]) == (403, True)
    assert ok(people["qian"].post(decision, json={"granted": True}))["decision"] == "granted"


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


def test_whoever_resumes_early_gives_the_rest_of_the_time_back(people, clock):
    case = handled(people)
    share = case["assignments"][0]["id"]
    ok(step(people["zhao"], case["number"], "pause", reason="inspection", until="2026-03-20T09:30:00+08:00"))
    clock.later(days=1)

    resumed = ok(people["zhao"].post(f"/assignments/{share}/transitions", json={"action": "resume"}))

    assert (resumed["state"], resumed["due_at"]) == ("signed", "2026-03-17T09:30:00+08:00")


def test_a_missed_first_contact_can_be_seen(people, clock):
    case = handled(people)
    clock.later(hours=25)
    assert people["zhao"].get(f"/cases/{case['number']}").json()["assignments"][0]["contact_missed"] is True
    late = ok(step(people["cgj"], case["number"], "contact", way="call"))["assignments"][0]
    assert (late["contacted_at"], late["contact_missed"]) == ("2026-03-10T10:30:00+08:00", True)

    other = handled(people)
    for _ in range(3):
        tried = ok(step(people["liu"], other["number"], "contact", way="call", reached=False))
    assert tried["assignments"][0]["contact_missed"] is False, "three tries are a contact"


def test_what_the_hotline_does_not_accept_names_the_right_way(people):
    number = register(people["wang"])["number"]

    assert step(people["wang"], number, "reject", reason="emergency", channel="110").status_code == 403
    assert step(people["zhao"], number, "reject", reason="emergency").status_code == 422
    unknown = step(people["zhao"], number, "reject", reason="lazy", channel="110")
    assert "emergency（应拨打 110、119、120 等紧急电话）" in unknown.json()["detail"]
    rejected = ok(step(people["zhao"], number, "reject", reason="emergency", channel="110"))
    assert (rejected["state"], rejected["possible"]) == ("rejected", ["told", "reopen"])


def test_a_direct_answer_says_where_it_came_from_and_whether_it_settled_it(people):
    number = register(people["wang"], kind="consultation")["number"]

    said = ok(step(people["wang"], number, "answer", answer="工作日九点到五点。", knowledge="K-12", solved=True))

    assert said["history"][-1]["data"] == {"answer": "工作日九点到五点。", "knowledge": "K-12", "solved": True}


def test_three_tries_on_two_days_close_a_case_and_nobody_is_counted_as_satisfied(people, clock):
    number = replied(people)["number"]
    ok(step(people["zhao"], number, "approve"))
    for hours in (0, 4):
        clock.later(hours=hours)
        ok(step(people["wang"], number, "visit_attempt"))
    early = step(people["wang"], number, "close_unreached")
    assert (early.status_code, "已在 1 天里回访 2 次" in early.json()["detail"]) == (409, True)
    clock.later(days=1)
    ok(step(people["wang"], number, "visit_attempt"))
    closed = ok(step(people["wang"], number, "close_unreached"))

    assert closed["state"] == "closed"
    assert not any("satisfied" in h["data"] for h in closed["history"])


def test_closed_as_unresolved_takes_grounds_and_a_second_person(people):
    number = replied(people)["number"]
    ok(step(people["qian"], number, "approve"))

    same = step(people["qian"], number, "close_unresolved", basis="《物业管理条例》第五条", way="call")
    assert (same.status_code, "另一人" in same.json()["detail"]) == (409, True)
    assert step(people["zhao"], number, "close_unresolved", basis="x").status_code == 403


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


def test_an_assisting_department_may_be_waived_and_the_lead_never(people):
    case = handled(people, assisting=["hbj"])
    ids = {a["part"]: a["id"] for a in case["assignments"]}

    lead = people["zhao"].post(f"/assignments/{ids['lead']}/transitions", json={"action": "waive", "reason": "无关"})
    assert (lead.status_code, "主办单位必须答复" in lead.json()["detail"]) == (409, True)
    waived = ok(step(people["zhao"], case["number"], "waive", assignment=ids["assisting"], reason="已不需要监测"))
    assert waived["assignments"][1]["state"] == "waived"
    assert step(people["cgj"], case["number"], "reply", reply="已修好").json()["state"] == "replied"


def test_of_two_who_decide_at_the_same_version_one_is_told(people):
    case = replied(people)
    seen = people["zhao"].get(f"/cases/{case['number']}").headers["ETag"]
    url, match = f"/cases/{case['number']}/transitions", {"If-Match": seen}

    first = people["zhao"].post(url, json={"action": "approve"}, headers=match)
    late = people["qian"].post(url, json={"action": "send_back", "reasons": ["perfunctory"]}, headers=match)

    assert (first.status_code, late.status_code, late.json()["code"]) == (200, 412, "stale_version")


def test_a_share_of_somebody_else_does_not_exist(people):
    case = dispatched(people)
    share = case["assignments"][0]["id"]

    for answer in (
        people["gaj"].get(f"/assignments/{share}"),
        people["gaj"].post(f"/assignments/{share}/transitions", json={"action": "sign"}),
        people["zhao"].get("/assignments/nothing"),
        people["zhao"].post("/extensions/nothing/decision", json={"granted": True}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ok(people["cgj"].post(f"/assignments/{share}/transitions", json={"action": "sign"}))["state"] == "signed"


def test_the_timeline_says_in_plain_words_who_has_it_and_until_when(people, clock):
    case = handled(people)
    share = case["assignments"][0]["id"]
    asked = ok(people["cgj"].post(f"/assignments/{share}/extensions", json={"amount": 2, "reason": "等待配件"}))
    ok(people["zhao"].post(f"/extensions/{asked['id']}/decision", json={"granted": True}))
    clock.later(days=1)

    told = people["wang"].get(f"/cases/{case['number']}/timeline").json()

    assert [item["text"] for item in told["items"]] == [
        "已登记",
        "已受理",
        "已交城市管理局办理",
        "承办单位已签收",
        "办理期限延长到 2026-03-18 09:30：等待配件",
    ]
    assert (told["now"]["department_name"], told["now"]["due_at"]) == ("城市管理局", "2026-03-18T09:30:00+08:00")
    assert told["citizen_days"] == 1.0
    own = people["cgj"].get(f"/cases/{case['number']}/timeline").json()
    assert [item["step"] for item in own["items"]] == ["sign", "grant_extension"]
