"""Open311 GeoReport v2 over real HTTP: programs report, everybody reads what a person has made public."""

import json
from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.georeport import reporters
from cases.georeport.documents import Form, written
from cases.words import Role

LAMP = {
    "service_code": "city_management",
    "address_string": "人民路 12 号",
    "description": "路灯坏了三天，夜里看不见路",
    "phone": "13800001111",
    "first_name": "小明",
    "last_name": "王",
    "email": "wang@example.org",
}


@pytest.fixture
def open311(office):
    return httpx.Client(base_url=f"{office.root}/open311/v2", trust_env=False, timeout=30)


@pytest.fixture
def key(office):
    with office.database.session() as session:
        return reporters.add(session, "city-app", now=office.clock())


@pytest.fixture
def reported(open311, key):
    return open311.post("/requests.json", data=LAMP | {"api_key": key}).json()[0]["service_request_id"]


@pytest.fixture
def lead(office):
    return office.person("lin", Role.SUPERVISOR)


def publish(lead, number, **changes):
    words = {"summary": "人民路路灯不亮", "place": "人民路", "answer": ""}
    return lead.put(f"/cases/{number}/publication", json=words | changes)


def numbers(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["service_request_id"] for each in answer.json()]


def test_a_report_is_a_registered_case_that_only_its_program_sees(open311, office, key, lead):
    made = open311.post("/requests.json", data=LAMP | {"api_key": key, "attribute[kind]": "complaint"})
    assert made.status_code == 201, made.text
    receipt = made.json()[0]
    number = receipt["service_request_id"]

    case = lead.get(f"/cases/{number}").json()
    assert (case["state"], case["kind"], case["category"]) == ("registered", "complaint", "city_management")
    assert (case["place"], case["text"]) == ("人民路 12 号", LAMP["description"])
    assert case["code"] in receipt["service_notice"]
    assert numbers(open311.get("/requests.json", params={"api_key": key})) == [number]
    assert numbers(open311.get("/requests.json")) == []
    assert open311.get(f"/requests/{number}.json").status_code == 404
    assert open311.get(f"/requests/{number}.json", params={"api_key": key}).status_code == 200


def test_everybody_reads_the_words_written_for_the_public_and_no_others(open311, lead, reported):
    assert publish(lead, reported, answer="已修好").status_code == 200
    shown = open311.get(f"/requests/{reported}.json", params={"extensions": "true"}).json()[0]

    assert (shown["description"], shown["address"]) == ("人民路路灯不亮", "人民路")
    assert (shown["status"], shown["status_notes"]) == ("open", "已修好")
    assert shown["extended_attributes"]["state_zh"] == "待受理"
    assert [note["description"] for note in shown["notes"]] == ["登记"]
    told = json.dumps(shown, ensure_ascii=False)
    assert not any(secret in told for secret in ("13800001111", "小明", "wang@example.org", "看不见", "12 号"))

    assert lead.delete(f"/cases/{reported}/publication").status_code == 204
    assert open311.get(f"/requests/{reported}.json").status_code == 404


def test_a_protected_case_cannot_be_made_public(open311, lead, office):
    words = {"kind": "tip_off", "category": "environment", "summary": "偷排污水"}
    number = lead.post("/cases", json=words).json()["number"]
    assert publish(lead, number).status_code == 409
    assert open311.get("/requests.json").json() == []


def test_an_operator_does_not_decide_what_is_public(office, reported):
    assert publish(office.person("wang", Role.OPERATOR), reported).status_code == 403


def test_the_same_report_sent_twice_is_one_case(open311, key, reported):
    headers = {"Idempotency-Key": "report-1"}
    first = open311.post("/requests.json", data=LAMP | {"api_key": key}, headers=headers)
    again = open311.post("/requests.json", data=LAMP | {"api_key": key}, headers=headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len(numbers(open311.get("/requests.json", params={"api_key": key}))) == 2


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "rk_00000000_" + "x" * 43}, 403, "api_key"),
        ({"service_code": "moon"}, 404, "service_code"),
        ({"address_string": ""}, 400, "地点"),
        ({"lat": "91", "long": "0"}, 400, "lat"),
        ({"lat": "nan", "long": "0"}, 400, "lat"),
        ({"description": "长" * 4001}, 400, "4000"),
        ({"attribute[kind]": "shout"}, 400, "complaint"),
    ],
)
def test_what_is_wrong_with_a_report_is_told_in_geo_reports_own_form(open311, key, changes, status, told):
    sent = LAMP | {"api_key": key} | changes
    errors = open311.post("/requests.json", data=sent)
    assert errors.status_code == status
    assert told in errors.json()[0]["description"]
    xml = ET.fromstring(open311.post("/requests.xml", data=sent).content)
    assert [(each.tag, each.findtext("code")) for each in xml] == [("error", str(status))]


def test_a_disabled_program_reports_no_more(open311, office, key):
    with office.database.session() as session:
        reporters.disable(session, "city-app")
    assert open311.post("/requests.json", data=LAMP | {"api_key": key}).status_code == 403


def test_a_place_may_be_a_point(open311, key, lead):
    sent = LAMP | {"api_key": key, "address_string": "", "lat": "30.25", "long": "120.16"}
    number = open311.post("/requests.json", data=sent).json()[0]["service_request_id"]
    assert lead.get(f"/cases/{number}").json()["place"] == "北纬 30.25，东经 120.16"


def test_a_list_is_the_last_ninety_days_of_what_was_asked_for(open311, lead, reported, clock):
    publish(lead, reported)
    for wanted, found in [
        ({}, True),
        ({"status": "open"}, True),
        ({"status": "closed"}, False),
        ({"service_code": "environment"}, False),
        ({"service_code": "environment,city_management"}, True),
        ({"start_date": "2026-03-01T00:00:00Z", "end_date": "2026-03-10T00:00:00Z"}, True),
        ({"end_date": "2026-03-01T00:00:00+08:00"}, False),
        ({"page": 2, "page_size": 1}, False),
    ]:
        assert numbers(open311.get("/requests.json", params=wanted)) == [reported] * found, wanted
    clock.later(days=91)
    assert numbers(open311.get("/requests.json")) == []
    assert numbers(open311.get("/requests.json", params={"service_request_id": f"x,{reported}"})) == [reported]


@pytest.mark.parametrize(
    "wanted",
    [
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"},
        {"start_date": "2026-01-01T00:00:00"},
        {"end_date": "yesterday"},
        {"status": "half-open"},
        {"page_size": 0},
        {"page": "x"},
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(open311, wanted):
    answer = open311.get("/requests.xml", params=wanted)
    assert answer.status_code == 400
    assert ET.fromstring(answer.content).findtext("error/description")


def test_services_and_discovery_are_there_in_both_forms(open311):
    assert [s["service_code"] for s in open311.get("/services.json").json()] == ["city_management", "environment"]
    xml = open311.get("/services.xml")
    assert xml.headers["content-type"].startswith("text/xml")
    assert [s.findtext("service_name") for s in ET.fromstring(xml.content)] == ["城管", "环保"]
    definition = open311.get("/services/environment.json").json()
    assert "complaint" in [value["key"] for value in definition["attributes"][0]["values"]]
    assert (
        ET.fromstring(open311.get("/services/environment.xml").content).findtext("attributes/attribute/code") == "kind"
    )
    assert open311.get("/services/moon.json").status_code == 404
    for form in ("json", "xml"):
        assert b"/open311/v2" in open311.get(f"/discovery.{form}").content
    assert open311.get("/tokens/x.json").status_code == 404
    assert open311.get("/nothing.xml").content.startswith(b"<?xml")


@given(st.text())
def test_whatever_people_write_the_xml_is_well_formed_and_says_the_same(text):
    xml = ET.fromstring(written(Form.XML, "service_requests", [{"description": text, "lat": None}]))
    legal = "".join(
        c for c in text if c in "\t\n\r" or "\u0020" <= c <= "\ud7ff" or (c >= "\ue000" and c not in "\ufffe\uffff")
    )
    said = xml.findtext("request/description") or ""
    assert said.replace("\r\n", "\n").replace("\r", "\n") == legal.replace("\r\n", "\n").replace("\r", "\n")
