"""What may not become of a case, and who may not do it: limits, roles, second persons, reasons that must be given."""

import pytest
from case_stories import OBJECTION, dispatched, events, everybody, handled, ok, replied, visited, with_rules
from test_case_api import register, step


@pytest.fixture
def office(small_office):
    """On SQLite: these stories say nothing about the kind of database."""
    return small_office


@pytest.fixture(scope="session")
def city(city):
    return with_rules(city)


@pytest.fixture
def people(office, clock):
    return everybody(office, clock)


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


def test_a_direct_answer_says_whether_it_settled_it(people):
    number = register(people["wang"], kind="consultation")["number"]

    said = ok(step(people["wang"], number, "answer", answer="工作日九点到五点。", solved=True))

    assert said["history"][-1]["data"] == {"answer": "工作日九点到五点。", "solved": True}


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


def test_an_assisting_department_may_be_waived_and_the_lead_never(people):
    case = handled(people, assisting=["hbj"])
    ids = {a["part"]: a["id"] for a in case["assignments"]}

    lead = people["zhao"].post(f"/assignments/{ids['lead']}/transitions", json={"action": "waive", "reason": "无关"})
    assert (lead.status_code, "主办单位必须答复" in lead.json()["detail"]) == (409, True)
    waived = ok(step(people["zhao"], case["number"], "waive", assignment=ids["assisting"], reason="已不需要监测"))
    assert waived["assignments"][1]["state"] == "waived"
    assert step(people["cgj"], case["number"], "reply", reply="已修好").json()["state"] == "replied"


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


@pytest.mark.parametrize("action", [["sign"], {}, None, 7, "fly", "register", "merge"])
def test_an_action_that_is_none_is_refused_with_those_there_are(people, action):
    number = register(people["wang"])["number"]

    refused = people["wang"].post(f"/cases/{number}/transitions", json={"action": action})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/action")


def test_a_department_may_say_return_and_extend(people):
    number = dispatched(people)["number"]
    assert ok(step(people["cgj"], number, "return", **OBJECTION))["state"] == "return_requested"

    other = handled(people)["number"]
    said = {"action": "extend", "reason": "等待配件", "data": {"amount": 2}}
    asked = ok(people["cgj"].post(f"/cases/{other}/transitions", json=said))
    assert asked["history"][-1]["step"] == "request_extension"
