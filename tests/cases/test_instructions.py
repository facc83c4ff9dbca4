"""The mayor says something about a case: who may close it, and who hears of it."""

from datetime import timedelta

import pytest
from test_case_api import LAMP, register, step

from cases import instructions
from cases.words import Role

WORDS = "请城管局三日内解决，并回告。"
ORDER = {"said_by": "张市长", "words": WORDS, "demand": "三日内修复"}


@pytest.fixture
def wang(office):
    return office.person("wang", Role.OPERATOR)


@pytest.fixture
def chief(office):
    return office.person("zhou", Role.SUPERVISOR)


def test_an_instruction_starts_a_case_of_its_own_as_urgent(office, chief, clock):
    made = chief.post("/instructions", json=ORDER | {"new_case": LAMP | {"urgency": "ordinary"}})

    assert made.status_code == 201, made.text
    given = made.json()
    assert (given["issuer"], given["taken_by"], given["state"]) == ("zhou", "zhou", "open")
    assert given["report_by"] == "2026-03-12T09:30:00+08:00", "three days"
    assert chief.get(f"/cases/{given['case']}").json()["urgency"] == "urgent"


def test_only_the_issuer_closes_it_and_only_after_a_report(office, wang, chief, clock):
    number = register(wang)["number"]
    taken = wang.post("/instructions", json=ORDER | {"case": number, "issuer": "zhou"}).json()
    key = taken["id"]

    too_early = chief.post(f"/instructions/{key}/close", json={"text": "同意"})
    assert (too_early.status_code, too_early.json()["detail"]) == (409, "还没有回告办理情况，不能销号")
    reported = wang.post(f"/instructions/{key}/reports", json={"text": "已派城管局，明日修复。"})
    assert reported.status_code == 201

    for stranger in (wang, office.person("wu", Role.SUPERVISOR)):
        assert stranger.post(f"/instructions/{key}/close", json={"text": "同意"}).status_code == 403
        later = {"until": (clock() + timedelta(days=9)).isoformat(), "reason": "缺料"}
        assert stranger.post(f"/instructions/{key}/extend", json=later).status_code == 403

    extended = chief.post(f"/instructions/{key}/extend", json=later).json()
    assert extended["report_by"] == "2026-03-18T09:30:00+08:00"
    closed = chief.post(f"/instructions/{key}/close", json={"text": "已办，同意销号。"}).json()
    assert (closed["state"], [each["kind"] for each in closed["events"]]) == ("closed", ["report", "extend", "close"])
    assert chief.post(f"/instructions/{key}/reports", json={"text": "再报"}).status_code == 409


def test_an_operator_has_to_say_whose_instruction_it_is(office, wang, chief):
    number = register(wang)["number"]

    nobodys = wang.post("/instructions", json=ORDER | {"case": number})
    own = wang.post("/instructions", json=ORDER | {"case": number, "issuer": "wang"})

    assert nobodys.status_code == own.status_code == 422
    assert "只有批示人可以销号" in nobodys.json()["detail"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"report_by": "2026-03-20T09:30:00+08:00"}, "最长 3 天"),
        ({"said_at": "2026-03-10T09:30:00+08:00"}, "不能晚于现在"),
        ({"words": " "}, "批示原话"),
        ({"case": ""}, "case（已有工单的编号）"),
        ({"case": "209901010001"}, "没有这个工单"),
    ],
)
def test_a_refusal_says_what_is_wrong(office, wang, chief, change, said):
    number = register(wang)["number"]

    refused = chief.post("/instructions", json=ORDER | {"case": number} | change)

    assert refused.status_code in (404, 422)
    assert said in refused.json()["detail"]


def test_the_list_shows_what_is_open_and_what_is_overdue(office, wang, chief, clock):
    number = register(wang)["number"]
    key = chief.post("/instructions", json=ORDER | {"case": number}).json()["id"]
    clock.later(hours=11)
    soon = {"report_by": (clock() + timedelta(minutes=30)).isoformat()}
    second = chief.post("/instructions", json=ORDER | {"case": number} | soon).json()["id"]
    wang.post(f"/instructions/{key}/reports", json={"text": "在办"})
    clock.later(minutes=45)

    items = chief.get("/instructions", params={"state": "open", "case": number}).json()["items"]

    assert [(each["id"], each["overdue"]) for each in items] == [(second, True), (key, False)]
    assert chief.get("/instructions", params={"state": "closed"}).json()["items"] == []


def test_no_department_reads_the_mayors_words(office, wang, chief):
    number = register(wang)["number"]
    step(wang, number, "dispatch", lead="cgj")
    key = chief.post("/instructions", json=ORDER | {"case": number}).json()["id"]

    for stranger in (office.system("cgj"), office.person("liu", Role.CLERK, "cgj")):
        assert stranger.get("/instructions").status_code == 403
        assert stranger.get(f"/instructions/{key}").status_code == 403


def test_sending_it_twice_notes_it_once(office, wang, chief):
    number = register(wang)["number"]
    key = {"Idempotency-Key": "i-1"}

    first, again = (chief.post("/instructions", json=ORDER | {"case": number}, headers=key).json() for _n in range(2))

    assert first == again
    with office.database.session() as session:
        assert len(instructions.open_for(session, number)) == 1
