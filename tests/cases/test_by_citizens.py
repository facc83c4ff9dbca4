"""Citizens who do without the telephone: complain on the web, add, rate, say that nothing is solved, withdraw."""

import pytest

from cases.words import Role
from config.city import load
from config.settings import ROOT

WORDS = "和平小区东门往北的路灯一个多星期不亮了，晚上看不见，希望尽快修好。"


@pytest.fixture(scope="session")
def city():
    return load(ROOT / "config")


@pytest.fixture
def anyone(office):
    return office.anonymous()


@pytest.fixture
def lead(office):
    return office.person("lin", Role.SUPERVISOR)


@pytest.fixture
def complaint(anyone):
    made = anyone.post("/public/cases", json={"text": WORDS, "phone": "13800001111", "name": "王秀英"})
    assert made.status_code == 201, made.text
    return made.json()


def act(client, case, what, **more):
    return client.post(f"/public/cases/{case['number']}/{what}", json={"code": case["code"], **more})


def step(client, case, action, **more):
    answer = client.post(f"/cases/{case['number']}/transitions", json={"action": action, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def until_visit(office, lead, case):
    """Accepted, dispatched, signed, replied, approved."""
    step(lead, case, "dispatch", lead="street_lighting")
    department = office.system("street_lighting")
    step(department, case, "sign")
    step(department, case, "reply", reply="3 月 9 日已更换 6 盏灯具，当晚恢复照明。", solved="yes", true=True)
    assert step(lead, case, "approve")["state"] == "return_visit"


def test_ones_own_words_are_enough_and_the_rest_is_guessed_for_a_person_to_look_at(lead, complaint):
    case = lead.get(f"/cases/{complaint['number']}").json()
    assert (case["state"], case["category"], case["text"]) == ("registered", "urban_construction", WORDS)
    assert case["kind"] in ("complaint", "help")
    assert case["created_by"] == "citizen"


def test_a_complaint_may_be_anonymous_and_what_was_chosen_stands(anyone, lead):
    chosen = {"text": WORDS, "kind": "suggestion", "category": "utilities", "place": "文晖路"}
    made = anyone.post("/public/cases", json=chosen).json()
    case = lead.get(f"/cases/{made['number']}").json()
    assert (case["kind"], case["category"], case["place"], case["phone"]) == ("suggestion", "utilities", "文晖路", "")


def test_what_is_added_reaches_the_department_that_works_on_it(office, lead, anyone, complaint):
    step(lead, complaint, "dispatch", lead="street_lighting")
    added = act(anyone, complaint, "supplements", text="昨天还有人摔倒了，电话 13911112222")
    assert added.status_code == 201, added.text
    seen = office.system("street_lighting").get(f"/cases/{complaint['number']}").json()
    assert ["昨天还有人摔倒了" in each["text"] for each in seen["supplements"]] == [True]
    assert "13911112222" not in str(seen)


def test_a_rating_is_the_return_visit_and_closes_the_case(office, lead, anyone, complaint):
    assert act(anyone, complaint, "rating", solved="yes", satisfied="very").status_code == 409
    until_visit(office, lead, complaint)
    rated = act(anyone, complaint, "rating", solved="yes", satisfied="very", words="很快")
    assert (rated.status_code, rated.json().get("state")) == (200, "closed"), rated.text


def test_not_solved_goes_back_to_the_department_before_and_after_closing(office, lead, anyone, complaint, clock):
    until_visit(office, lead, complaint)
    assert act(anyone, complaint, "not-solved", text="还是不亮").json()["state"] == "rework"
    department = office.system("street_lighting")
    step(department, complaint, "reply", reply="3 月 9 日已重新接线，现场已确认恢复照明。", solved="yes", true=True)
    step(lead, complaint, "approve")
    assert act(anyone, complaint, "rating", solved="yes", satisfied="yes").json()["state"] == "closed"
    clock.later(days=20)
    assert act(anyone, complaint, "not-solved", text="又坏了").json()["state"] == "rework"


def test_a_case_closed_long_ago_is_not_taken_up_by_a_click(office, lead, anyone, complaint, clock):
    until_visit(office, lead, complaint)
    act(anyone, complaint, "rating", solved="yes", satisfied="yes")
    clock.later(days=31)
    late = act(anyone, complaint, "not-solved", text="又坏了")
    assert late.status_code == 409
    assert "30 天" in late.json()["detail"]


def test_who_no_longer_wants_it_withdraws(anyone, complaint):
    assert act(anyone, complaint, "withdrawal").json()["state"] == "cancelled"
    assert act(anyone, complaint, "supplements", text="其实").status_code == 409


@pytest.mark.parametrize("what", ["supplements", "rating", "not-solved", "withdrawal"])
def test_without_the_code_nothing_can_be_done(anyone, complaint, what):
    more = {"text": "x"} if what in ("supplements", "not-solved") else {}
    more |= {"solved": "yes", "satisfied": "yes"} if what == "rating" else {}
    wrong = act(anyone, complaint | {"code": "2222222222"}, what, **more)
    unknown = act(anyone, complaint | {"number": "209901010001"}, what, **more)
    assert (wrong.status_code, wrong.json()["detail"]) == (unknown.status_code, unknown.json()["detail"])
    assert wrong.status_code == 404


def test_one_address_cannot_flood_the_hotline(anyone):
    answers = [anyone.post("/public/cases", json={"text": WORDS}).status_code for _ in range(11)]
    assert answers == [201] * 10 + [429]


def test_the_same_complaint_sent_twice_is_one_case(anyone):
    twice = [anyone.post("/public/cases", json={"text": WORDS}, headers={"Idempotency-Key": "w1"}) for _ in range(2)]
    assert twice[0].json() == twice[1].json()


def test_words_that_say_nothing_ask_for_a_category(anyone):
    refused = anyone.post("/public/cases", json={"text": "啊"})
    assert refused.json()["errors"][0]["pointer"] == "/category"
    assert anyone.post("/public/cases", json={"text": " "}).json()["errors"][0]["pointer"] == "/text"
