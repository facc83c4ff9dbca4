"""A case's way over real HTTP: registered, dispatched, signed, replied. On both databases."""

import threading

import pytest

from cases import intake
from cases.words import Role

LAMP = {
    "kind": "complaint",
    "category": "city_management",
    "urgency": "urgent",
    "place": "人民路 12 号",
    "phone": "13800001111",
    "caller_name": "王女士",
    "summary": "路灯不亮",
    "text": "人民路十二号的路灯坏了三天了",
}


@pytest.fixture
def wang(office):
    return office.person("wang", Role.OPERATOR)


def register(client, **changes) -> dict:
    answer = client.post("/cases", json=LAMP | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def step(client, number: str, action: str, **more):
    return client.post(f"/cases/{number}/transitions", json={"action": action, **more})


def test_a_case_goes_to_its_departments_and_comes_back_with_a_reply(office, wang, clock):
    case = register(wang)
    assert (case["state"], case["number"]) == ("registered", "202603090001")
    assert len(case["code"]) == 10

    case = step(wang, case["number"], "dispatch", lead="cgj", assisting=["hbj"]).json()
    assert case["state"] == "dispatched"
    assert case["due_at"] == "2026-03-12T09:30:00+08:00", "three calendar days from dispatch"
    assert [(a["department"], a["part"], a["state"]) for a in case["assignments"]] == [
        ("cgj", "lead", "waiting"),
        ("hbj", "assisting", "waiting"),
    ]

    cgj = office.system("cgj")
    clock.later(minutes=5)
    assert cgj.get(f"/cases/{case['number']}").json()["possible"] == ["sign", "request_return"]
    assert step(cgj, case["number"], "sign").json()["state"] == "handling"
    hbj = office.system("hbj")
    step(hbj, case["number"], "sign")
    too_early = step(cgj, case["number"], "reply", reply="好了").json()
    assert (too_early["code"], too_early["possible"]) == ("not_possible_now", ["contact", "request_extension"])
    assert "还有 1 个协办单位没有答复" in too_early["detail"]
    step(hbj, case["number"], "reply", reply="噪声未超标。")
    done = step(cgj, case["number"], "reply", reply="已更换灯泡，今晚恢复照明。").json()
    assert done["state"] == "replied"

    seen = wang.get(f"/cases/{case['number']}").json()
    lead = seen["assignments"][0]
    assert lead["delivered_at"] == lead["signed_at"] == lead["replied_at"] == "2026-03-09T09:35:00+08:00"
    assert lead["reply"] == "已更换灯泡，今晚恢复照明。"
    steps = [h["step"] for h in seen["history"]]
    assert steps == ["register", "accept", "dispatch", "deliver", "sign", "deliver", "sign", "reply", "reply"]


def test_a_consultation_is_answered_on_the_spot(office, wang):
    case = register(wang, kind="consultation")

    answered = step(wang, case["number"], "answer", answer="周一至周五上午九点到下午五点。").json()

    assert (answered["state"], answered["possible"]) == ("answered", ["told", "reopen"])
    refused = step(wang, case["number"], "dispatch", lead="cgj")
    assert refused.status_code == 409
    assert refused.json()["code"] == "not_possible_now"
    assert refused.json()["title"] == "现在不能这样做"


def test_a_refusal_says_what_is_possible_now(office, wang):
    case = register(wang)
    step(wang, case["number"], "dispatch", lead="cgj")

    reply_before_signing = step(office.system("cgj"), case["number"], "reply", reply="好了")

    assert reply_before_signing.status_code == 409
    assert reply_before_signing.json()["possible"] == ["sign", "request_return"]
    assert "现在可以：签收、申请退单" in reply_before_signing.json()["detail"]


def test_a_department_sees_its_own_cases_and_nobody_elses(office, wang):
    case = register(wang)
    other = register(wang, summary="另一件")
    step(wang, case["number"], "dispatch", lead="cgj")
    step(wang, other["number"], "dispatch", lead="gaj")
    cgj, clerk = office.system("cgj"), office.person("liu", Role.CLERK, "cgj")

    for client in (cgj, clerk):
        assert [c["number"] for c in client.get("/cases").json()["items"]] == [case["number"]]
        strangers = client.get(f"/cases/{other['number']}")
        nothing = client.get("/cases/202603099999")
        assert (strangers.status_code, strangers.json()) == (nothing.status_code, nothing.json()) != (200, None)
        assert step(client, other["number"], "sign").status_code == 404
        assert client.get("/cases", params={"department": "gaj"}).json()["items"][0]["number"] == case["number"]
        assert client.post("/cases", json=LAMP).status_code == 403
        assert client.get("/calls/c1").status_code == 403


def test_an_operator_does_not_sign_for_a_department(office, wang):
    case = register(wang)
    step(wang, case["number"], "dispatch", lead="cgj")

    assert step(wang, case["number"], "sign").status_code == 403


@pytest.mark.parametrize("secret", [{"confidential": True}, {"kind": "tip_off"}])
def test_who_called_stays_secret_from_the_department(small_office, secret):
    wang = small_office.person("wang", Role.OPERATOR)
    case = register(wang, **secret)
    step(wang, case["number"], "dispatch", lead="cgj")
    cgj = small_office.system("cgj")

    everything = cgj.get(f"/cases/{case['number']}").text + cgj.get("/cases").text

    assert "13800001111" not in everything
    assert "王女士" not in everything
    assert cgj.get("/cases", params={"phone": "13800001111"}).json()["items"] == []
    own = wang.get(f"/cases/{case['number']}").json()["phone"]
    assert own == ("13800001111" if "confidential" in secret else None), "a tip-off's takes two persons"


def test_names_and_numbers_never_stand_in_the_history(small_office):
    wang = small_office.person("wang", Role.OPERATOR)
    case = register(wang)
    changed = wang.patch(f"/cases/{case['number']}", json={"phone": "13900002222", "place": "解放路"}).json()

    assert changed["phone"] == "13900002222"
    assert changed["history"][-1]["data"] == {"fields": {"phone": [], "place": ["人民路 12 号", "解放路"]}}


def test_of_two_people_with_the_same_page_one_is_told(office, wang):
    case = register(wang)
    first = wang.get(f"/cases/{case['number']}")
    etag = {"If-Match": first.headers["ETag"]}

    good = wang.patch(f"/cases/{case['number']}", json={"place": "解放路"}, headers=etag)
    late = wang.patch(f"/cases/{case['number']}", json={"place": "中山路"}, headers=etag)

    assert good.status_code == 200
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    assert wang.get(f"/cases/{case['number']}").json()["place"] == "解放路"


def test_twenty_posts_with_one_key_are_one_case(office, wang):
    answers = []

    def post():
        answers.append(wang.post("/cases", json=LAMP, headers={"Idempotency-Key": "k1"}))

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["number"] for a in answers}) == 1
    assert len(wang.get("/cases").json()["items"]) == 1
    other = wang.post("/cases", json=LAMP | {"place": "别处"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_twenty_cases_at_once_get_twenty_numbers(office, wang):
    threads = [threading.Thread(target=register, args=(wang,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    numbers = [c["number"] for c in wang.get("/cases").json()["items"]]
    assert sorted(numbers) == [f"20260309{n:04d}" for n in range(1, 21)]


def test_pages_of_a_list_have_every_case_once(office, wang, clock):
    for _ in range(7):
        register(wang)
        clock.later(seconds=1)
    seen, cursor = [], None
    while True:
        answer = wang.get("/cases", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        seen += [c["number"] for c in answer.json()["items"]]
        register(wang)  # new ones arrive while somebody pages
        if (cursor := answer.json()["next"]) is None:
            break
        assert 'rel="next"' in answer.headers["Link"]

    assert seen == [f"20260309{n:04d}" for n in range(7, 0, -1)]


@pytest.mark.parametrize(
    ("changes", "pointer", "says"),
    [
        ({"kind": "nonsense"}, "/kind", "complaint"),
        ({"category": "nonsense"}, "/category", "city_management（城管）"),
        ({"urgency": "soon"}, "/urgency", "at_once"),
        ({"summary": "", "text": " "}, "/summary", "至少填一项"),
        ({"call": "never"}, "/call", "没有这通电话"),
        ({"summary": "长" * 201}, "/summary", "最多 200"),
    ],
)
def test_a_wrong_field_is_named_and_explained_in_chinese(small_office, changes, pointer, says):
    wang = small_office.person("wang", Role.OPERATOR)
    answer = wang.post("/cases", json=LAMP | changes)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert says in error["detail"]
    assert "13800001111" not in answer.text


def test_dispatch_knows_its_departments(small_office):
    wang = small_office.person("wang", Role.OPERATOR)
    number = register(wang)["number"]

    for wrong in ({"lead": "nobody"}, {"lead": "cgj", "assisting": ["cgj"]}, {"lead": ""}, {}):
        assert step(wang, number, "dispatch", **wrong).status_code == 422
    assert wang.get(f"/cases/{number}").json()["state"] == "registered", "a refusal changes nothing"


def test_a_case_from_a_live_call_is_joined_to_it(sqlite, city, settings, clock):
    from case_office import Office
    from test_intake import history

    office = Office(sqlite, city, settings, clock, live_events=lambda key: history()[:5] if key == "c1" else ())
    try:
        wang = office.person("wang", Role.OPERATOR)
        case = register(wang, call="c1")
        assert wang.get("/calls/c1").json()["cases"] == [case["number"]]
        with sqlite.session() as session:
            intake.import_call(session, history())
        call = wang.get("/calls/c1").json()
        assert (call["ended_because"], len(call["events"])) == ("hangup", len(history()))
        assert call["satisfaction"] is None
    finally:
        office.close()


def test_whoever_is_nobody_gets_nothing(small_office):
    stranger = small_office.anonymous()
    for path in ("/cases", "/cases/1", "/users/me", "/departments", "/deliveries", "/calls/c1"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert stranger.get("/cases", headers={"Authorization": "Bearer hk_00000000_x"}).status_code == 401


def test_every_error_is_a_problem_document(small_office):
    wang = small_office.person("wang", Role.OPERATOR)

    for answer in (
        wang.get("/nowhere"),
        wang.delete("/cases"),
        wang.post("/cases", content=b"{"),
        wang.get("/cases", params={"limit": 0}),
        wang.get("/cases", params={"cursor": "%%%"}),
        wang.patch("/cases/1", json={"colour": "red"}),
        wang.get("/cases/1", headers={"If-Match": "x"}),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "code"} <= answer.json().keys()
        assert not answer.json()["title"].isascii(), "people read it in Chinese"


def test_logging_in_is_by_password_and_out_is_out(small_office, clock):
    from cases import people

    with small_office.database.session() as session:
        people.add_person(session, "zhao", Role.DISPATCHER, "correct horse", now=clock())
    stranger = small_office.anonymous()

    wrong = stranger.post("/tokens", json={"name": "zhao", "password": "wrong horse"})
    unknown = stranger.post("/tokens", json={"name": "nobody", "password": "correct horse"})
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    token = stranger.post("/tokens", json={"name": "zhao", "password": "correct horse"}).json()
    assert token["expires_at"] == "2026-03-09T21:30:00+08:00"
    with_it = {"Authorization": f"Bearer {token['token']}"}
    assert stranger.get("/users/me", headers=with_it).json()["role"] == "dispatcher"
    assert stranger.delete("/tokens/current", headers=with_it).status_code == 204
    assert stranger.get("/users/me", headers=with_it).status_code == 401


def test_guessing_passwords_over_http_soon_has_to_wait(small_office, clock):
    stranger = small_office.anonymous()
    guesses = [stranger.post("/tokens", json={"name": "zhao", "password": f"guess {n}"}) for n in range(6)]

    assert [g.status_code for g in guesses] == [401] * 5 + [429]
    assert int(guesses[-1].headers["Retry-After"]) > 200


def test_a_pages_cookie_may_read_but_not_write(small_office, clock):
    from cases import people

    with small_office.database.session() as session:
        zhao = people.add_person(session, "zhao", Role.DISPATCHER, "correct horse", now=clock())
        token, _ends = people.new_token(session, zhao, "page", hours=1, now=clock())
    browser = small_office.anonymous()

    assert browser.get("/cases", headers={"Cookie": f"hotline={token}"}).status_code == 200
    assert browser.post("/cases", json=LAMP, headers={"Cookie": f"hotline={token}"}).status_code == 401


def test_a_deadline_is_explained_to_whom_the_case_concerns(office, wang):
    case = register(wang)
    step(wang, case["number"], "dispatch", lead="cgj", assisting=["hbj"])

    told = wang.get(f"/cases/{case['number']}/deadline").json()
    own = office.system("hbj").get(f"/cases/{case['number']}/deadline").json()

    assert [each["department"] for each in told["assignments"]] == ["cgj", "hbj"]
    assert own["assignments"] == told["assignments"][1:]
    lead = told["assignments"][0]
    assert (lead["due_at"], lead["provisional"]) == ("2026-03-12T09:30:00+08:00", False)
    assert lead["explained"][0] == "2026-03-09 09:30 交办，从交办起计时"
    assert lead["rules"].startswith("statute/urgent-")
    assert office.system("gaj").get(f"/cases/{case['number']}/deadline").status_code == 404
    assert office.anonymous().get(f"/cases/{case['number']}/deadline").status_code == 401


def test_a_case_that_is_not_dispatched_has_no_deadline(office, wang):
    assert wang.get(f"/cases/{register(wang)['number']}/deadline").json()["assignments"] == []
