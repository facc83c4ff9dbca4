"""Whom a case should go to: pure sums first, then what a dispatcher is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.model import AssignmentRow, RulingRow, new_id
from cases.suggestions import MOST, Claim, Why, suggest
from cases.words import Part, Role
from config import city as cities
from config.settings import ROOT

LAMP = {"kind": "complaint", "category": "urban_construction", "place": "人民路12号", "summary": "路灯不亮",
        "phone": "13800001111"}  # fmt: skip


def test_the_best_leads_and_claims_add_up():
    found = suggest([
        Claim("a", Why.CATEGORY, "主管城管"),
        Claim("b", Why.SAID, "说到路灯", 0.8),
        Claim("b", Why.DISPATCHED, "3 件相似工单中 3 件由其主办"),
    ])  # fmt: skip

    assert [(each.department, each.part) for each in found] == [("b", Part.LEAD), ("a", Part.ASSISTING)]
    assert found[0].score == round(1 - 0.44 * 0.4, 2)


def test_who_took_it_on_first_goes_before_the_sum_and_a_ruling_before_both():
    sums = [Claim("a", why, "", 1.0) for why in (Why.CATEGORY, Why.SAID, Why.DISPATCHED)]
    first, ruled = Claim("b", Why.FIRST, "", 0.9), Claim("c", Why.RULED, "", 0.7)

    assert suggest([*sums, first])[0].department == "b"
    assert suggest([*sums, first, ruled])[0].department == "c"


PARTS = st.sampled_from(Part)
CLAIMS = st.lists(
    st.builds(
        Claim, st.sampled_from("abcdefgh"), st.sampled_from(Why), st.just(""), st.floats(0, 1), st.sampled_from(Part)
    )
)


@given(CLAIMS, st.sets(st.sampled_from("abcdefgh")))
def test_whatever_is_claimed_one_leads_at_most_and_the_excluded_never(claims, excluded):
    found = suggest(claims, excluded)

    assert not {each.department for each in found} & excluded
    assert [each.part for each in found].count(Part.LEAD) <= 1
    assert len({each.department for each in found}) == len(found) <= MOST
    assert all(0 <= each.score <= 1 and each.claims for each in found)


# ---- what a dispatcher is told
@pytest.fixture(scope="module")
def town():
    """The shipped city, with its words, its departments and what they are responsible for."""
    return cities.load(ROOT / "config")


@pytest.fixture
def city(town):
    return town


@pytest.fixture
def zhao(office):
    with office.person("zhao", Role.DISPATCHER) as client:
        yield client


def new(client, **other):
    return client.post("/cases", json=LAMP | other).json()["number"]


def help_for(client, number):
    answer = client.get(f"/cases/{number}/suggestions")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_owner_of_the_category_and_whoever_the_words_name_are_suggested_with_reasons(zhao):
    found = help_for(zhao, new(zhao))["items"]

    reasons = {each["department"]: [reason["reason"] for reason in each["reasons"]] for each in found}
    assert [each["part"] for each in found] == ["lead", *["assisting"] * (len(found) - 1)]
    assert "主管城建" in reasons["construction"]
    assert any("路灯" in reason for reason in reasons["street_lighting"])


def test_the_department_that_took_the_matter_on_first_stays_responsible(zhao, office):
    before = new(zhao)
    zhao.post(f"/cases/{before}/transitions", json={"action": "dispatch", "lead": "police"})
    with office.person("sun", Role.CLERK, "police") as sun:
        sun.post(f"/cases/{before}/transitions", json={"action": "sign"})

    found = help_for(zhao, new(zhao))["items"]

    assert found[0]["department"] == "police"
    assert found[0]["reasons"][0]["why_label"] == "首接负责"
    assert before in found[0]["reasons"][0]["reason"]


def test_a_ruling_is_a_precedent_for_what_is_alike(zhao, database, clock):
    before = new(zhao, place="和平路3号")
    with database.session() as session:
        session.add(RulingRow(id=new_id(), case_number=before, category="urban_construction", place="和平路3号",
                              department="parks", against="construction", text="道路照明由园林中心办理",
                              by="qian", at=clock()))  # fmt: skip

    found = help_for(zhao, new(zhao))["items"][0]
    other = help_for(zhao, new(zhao, summary="井盖缺失"))["items"][0]

    assert (found["department"], found["reasons"][0]["why"]) == ("parks", "ruled")
    assert "道路照明" in found["reasons"][0]["reason"]
    assert other["department"] == "construction"


def test_who_is_complained_about_is_never_suggested(zhao):
    found = help_for(zhao, new(zhao, accused="street_lighting"))

    assert {"street_lighting", "construction"}.isdisjoint(each["department"] for each in found["items"])
    told = [(each["department"], "回避" in each["reason"]) for each in found["excluded"]]
    assert told == [("construction", True), ("street_lighting", True)]  # and whoever stands above them


def test_a_tip_off_that_accuses_a_department_by_its_words_does_not_go_there(zhao):
    found = help_for(
        zhao,
        new(
            zhao, kind="tip_off", category="city_management", summary="城管局乱收费", text="我举报城管局不作为，乱收费"
        ),
    )

    assert found["doubts"]
    assert "urban_management" not in [each["department"] for each in found["items"]]


def test_who_gave_the_case_back_is_not_asked_again(zhao, database):
    number = new(zhao)
    zhao.post(f"/cases/{number}/transitions", json={"action": "dispatch", "lead": "construction"})
    with database.session() as session:
        session.query(AssignmentRow).one().progress = "returned"

    found = help_for(zhao, number)

    assert "construction" not in [each["department"] for each in found["items"]]
    assert found["excluded"][0]["reason"] == "已退回本工单"
