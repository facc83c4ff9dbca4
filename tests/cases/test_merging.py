"""Merging: one case is worked on, every citizen keeps number, notice and return visit."""

import threading

import pytest
from sqlalchemy.exc import IntegrityError

from cases.model import CaseRow, MergeMember
from cases.words import Role

LAMP = {"kind": "complaint", "category": "city_management", "place": "人民路12号", "summary": "路灯不亮",
        "phone": "13800001111"}  # fmt: skip


@pytest.fixture
def zhao(office):
    with office.person("zhao", Role.DISPATCHER) as client:
        yield client


def new(client, **other):
    return client.post("/cases", json=LAMP | other).json()["number"]


def merge(client, number, into, **headers):
    return client.post(f"/cases/{number}/merge", json={"into": into}, headers=headers)


def state(client, number):
    return client.get(f"/cases/{number}").json()["state"]


def test_every_citizen_keeps_the_number_and_hears_of_their_own_case(zhao):
    first, second = new(zhao), new(zhao, phone="13900002222")

    answer = merge(zhao, second, first)

    assert (answer.status_code, answer.json()["number"], answer.json()["state"]) == (200, second, "merged")
    assert [each["number"] for each in zhao.get(f"/cases/{first}/merged").json()["items"]] == [second]
    assert state(zhao, first) == "registered"
    assert {"visit", "told"} <= set(answer.json()["possible"])  # the second citizen, too, is called and told


def test_a_merged_case_can_stand_by_itself_again_where_it_stood(zhao):
    first, second = new(zhao), new(zhao)
    zhao.post(f"/cases/{second}/transitions", json={"action": "accept"})
    merge(zhao, second, first)

    assert zhao.post(f"/cases/{second}/unmerge", json={"reason": ""}).status_code == 422
    assert zhao.post(f"/cases/{second}/unmerge", json={"reason": "不是同一盏灯"}).json()["state"] == "accepted"
    assert zhao.get(f"/cases/{first}/merged").json()["items"] == []
    assert merge(zhao, first, second).status_code == 200  # nothing of the old group is left


def test_there_are_no_chains_and_never_both_ways(zhao):
    first, second, third = new(zhao), new(zhao), new(zhao)
    merge(zhao, second, first)

    for number, into in ((first, second), (third, second), (first, third), (second, third), (third, third)):
        answer = merge(zhao, number, into)
        assert answer.status_code in (409, 422), (number, into)
        assert state(zhao, number) == ("merged" if number == second else "registered")
    assert first in merge(zhao, third, second).json()["detail"]  # it says which one it should be
    assert merge(zhao, third, first).status_code == 200


def test_two_people_who_merge_from_two_sides_at_once_make_one_group(zhao, office):
    first, second = new(zhao), new(zhao)
    with office.person("qian", Role.SUPERVISOR) as qian:
        answers = []
        both = [threading.Thread(target=lambda c=c, n=n, i=i: answers.append(merge(c, n, i).status_code))
                for c, n, i in ((zhao, first, second), (qian, second, first))]  # fmt: skip
        for each in both:
            each.start()
        for each in both:
            each.join()

    assert sorted(answers) == [200, 409]
    assert sorted((state(zhao, first), state(zhao, second))) == ["merged", "registered"]


def test_the_table_itself_refuses_a_chain(zhao, database, clock):
    first, second, third = new(zhao), new(zhao), new(zhao)
    merge(zhao, second, first)

    for number, primary in ((second, third), (first, second), (third, "nobody")):
        with pytest.raises(IntegrityError), database.session() as session:
            session.add(MergeMember(number=number, primary_number=primary, since=clock()))


def test_a_tip_off_is_not_merged_nor_is_an_instruction(zhao, database):
    first, instruction, tip_off = new(zhao), new(zhao), new(zhao, kind="tip_off")
    with database.session() as session:
        session.get_one(CaseRow, instruction).issuer = "mayor"

    assert merge(zhao, tip_off, first).status_code == merge(zhao, first, tip_off).status_code == 409
    assert merge(zhao, instruction, first).status_code == 409
    assert merge(zhao, first, instruction).status_code == 200


def test_who_may_not_merge_and_who_has_looked_too_long_ago(zhao, office):
    first, second = new(zhao), new(zhao)
    zhao.patch(f"/cases/{second}", json={"summary": "路灯又坏了"})

    assert merge(zhao, second, first, **{"If-Match": '"1"'}).status_code == 412
    assert merge(zhao, second, "202603099999").status_code == 404
    with office.person("wang", Role.OPERATOR) as wang, office.person("li", Role.CLERK, "cgj") as li:
        assert merge(wang, second, first).status_code == merge(li, second, first).status_code == 403
        assert li.get(f"/cases/{first}/similar").status_code == 403
