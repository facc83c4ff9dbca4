"""The knowledge base and the city's catalogues: what operators read answers from."""

import pytest

from cases.words import Role
from config.city import load
from config.settings import ROOT

CARD = {
    "title": "医保卡遗失后怎么补办",
    "answer": "带身份证到任一街道便民服务中心，当场补办，不收费；热线十二号窗口。",
    "category": "civil_affairs",
    "owner": "civil_affairs",
    "review_on": "2026-06-30",
    "legal_basis": "市医疗保障服务规范第 8 条",
}


@pytest.fixture(scope="session")
def city():
    found = load(ROOT / "config")
    CARD["category"], CARD["owner"] = found.categories[0].code, found.departments[0].code
    return found


@pytest.fixture
def wang(office):
    return office.person("wang", Role.OPERATOR)


@pytest.fixture
def lead(office):
    return office.person("lin", Role.SUPERVISOR)


@pytest.fixture
def entry(lead, city):
    made = lead.post("/knowledge", json=CARD)
    assert made.status_code == 201, made.text
    return made.json()


def found(client, **wanted):
    return [each["title"] for each in client.get("/knowledge", params=wanted).json()["items"]]


@pytest.mark.parametrize("typed", ["医保", "补办 医保卡", "身份证", "12号窗口", "十二号", "第 8 条"])
def test_an_answer_is_found_by_any_two_characters_of_it(wang, entry, typed):
    assert found(wang, q=typed) == [CARD["title"]]


def test_what_is_in_the_title_comes_first(wang, lead, entry):
    lead.post("/knowledge", json=CARD | {"title": "社保转移", "answer": "医保卡随社保一起转移"})
    assert found(wang, q="医保卡") == [CARD["title"], "社保转移"]
    assert found(wang, q="100%") == []


def test_an_answer_read_from_an_entry_counts_for_it(wang, entry):
    case = {"kind": "consultation", "category": CARD["category"], "summary": "医保卡怎么补办"}
    number = wang.post("/cases", json=case).json()["number"]
    step = {"action": "answer", "text": CARD["answer"], "knowledge": entry["id"], "solved": True}
    assert wang.post(f"/cases/{number}/transitions", json=step | {"knowledge": "nothing"}).status_code == 422
    assert wang.post(f"/cases/{number}/transitions", json=step).json()["state"] == "answered"
    assert wang.get(f"/knowledge/{entry['id']}").json()["used"] == 1
    assert wang.post(f"/knowledge/{entry['id']}/unhelpful").json()["unhelpful"] == 1


def test_an_entry_past_its_review_says_so_and_is_still_found(office, wang, entry, clock):
    assert found(wang, past_review=True) == []
    clock.later(days=150)
    later = office.person("zhao", Role.OPERATOR)
    assert found(later, past_review=True) == [CARD["title"]]
    assert later.get("/knowledge").json()["items"][0]["past_review"] is True


def test_two_who_change_one_entry_do_not_undo_each_other(lead, entry):
    path = f"/knowledge/{entry['id']}"
    first = lead.put(path, json=CARD | {"answer": "网上也可以补办"}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert lead.put(path, json=CARD, headers={"If-Match": '"1"'}).status_code == 412


def test_a_withdrawn_answer_is_found_by_nobody(wang, lead, entry):
    assert lead.delete(f"/knowledge/{entry['id']}").status_code == 204
    assert found(wang, q="医保") == []
    assert wang.get(f"/knowledge/{entry['id']}").json()["withdrawn"] is True


def test_operators_read_and_departments_do_not(office, wang, entry):
    assert wang.post("/knowledge", json=CARD).status_code == 403
    assert office.system("street_lighting").get("/knowledge").status_code == 403


@pytest.mark.parametrize(("changes", "field"), [
    ({"title": " "}, "title"), ({"category": "moon"}, "category"), ({"owner": "moon"}, "owner"),
])  # fmt: skip
def test_an_entry_without_what_it_needs_is_refused(lead, city, changes, field):
    refused = lead.post("/knowledge", json=CARD | changes)
    assert refused.json()["errors"][0]["pointer"] == f"/{field}"


def test_the_citys_catalogues_are_told(wang, city):
    assert [each["code"] for each in wang.get("/categories").json()["items"]] == [c.code for c in city.categories]
    lines = wang.get("/services", params={"q": "12315"}).json()["items"]
    assert (lines[0]["number"], bool(lines[0]["on_duty"])) == ("12315", True)
    assert len(wang.get("/services").json()["items"]) == 65
    assert wang.get("/rules").json()["preset"] == "seed"
    year = wang.get("/calendar/2026").json()
    assert "2026-02-14" in [each["date"] for each in year["workdays"]]
    assert wang.get("/calendar/2031").status_code == 404
