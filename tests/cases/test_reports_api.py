"""Reports over HTTP: who sees which figures, what is behind each, what is taken out, and in which forms they come."""

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor

import docx
import openpyxl
import pytest
from lived_cases import Lives

from cases import report_facts
from cases.reasons import Satisfied
from cases.words import Role

WEEK = {"week": "2026-W11"}  # of the test's clock
WRONG_TIMES = [
    {"week": "2026-10"},
    {"week": "2026-W10", "month": "2026-03"},
    {"from": "2026-03-09", "to": "2026-03-01"},
    {"from": "2020-01-01", "to": "2026-03-01"},
]


@pytest.fixture
def lives(office, city, clock):
    return Lives(office.database, city, clock)


@pytest.fixture
def chief(office):
    return office.person("chen", Role.SUPERVISOR)


def later(office, clock, **span):
    """Time passes, and everybody has to log in again."""
    clock.later(**span)
    return office.person(f"chief-{clock().timestamp():.0f}", Role.SUPERVISOR)


def figure(client, code, **asked):
    items = client.get("/reports/kpi", params=WEEK | asked).json()["items"]
    return next(each for each in items if each["code"] == code)


def test_an_open_overdue_case_lowers_the_rate_and_is_named(lives, office, clock):
    done = lives.settled()
    forgotten = lives.dispatched()
    chief = later(office, clock, days=8)
    asked = {"from": "2026-03-09", "to": "2026-03-17"}
    rate = chief.get("/reports/kpi/on_time/exceptions", params=asked).json()
    assert (rate["n"], rate["of"], rate["items"]) == (1, 2, [forgotten])
    assert done not in rate["items"]
    assert "到期日" in rate["denominator"]


def test_the_link_beside_a_figure_leads_to_its_exceptions(lives, chief, clock):
    lives.settled(satisfied=Satisfied.NO)
    found = figure(chief, "satisfied")
    assert (found["n"], found["of"], found["share"]) == (0, 1, 0.0)
    behind = chief.get(found["exceptions"].removeprefix("/api/v1")).json()
    assert (behind["n"], behind["of"], len(behind["items"])) == (0, 1, 1)


def test_nobody_at_home_is_never_satisfied(lives, office, clock):
    lives.settled()
    lives.not_at_home(lives.settled(satisfied=None))
    chief = later(office, clock, hours=1)
    assert (figure(chief, "satisfied")["n"], figure(chief, "satisfied")["of"]) == (1, 1)
    assert (figure(chief, "satisfied_of_closed")["n"], figure(chief, "satisfied_of_closed")["of"]) == (1, 2)
    assert (figure(chief, "reached")["n"], figure(chief, "visited")["n"]) == (1, 2)


def test_each_of_the_six_hundred_percents_lists_what_is_missing(lives, office, clock):
    lives.settled()
    untouched = lives.registered()
    chief = later(office, clock, hours=25)
    six = chief.get("/reports/six-hundred", params=WEEK).json()["items"]
    assert [each["code"] for each in six] == ["accepted", "registered", "dispatched", "supervised", "told", "visited"]
    for each in six:
        behind = chief.get(f"/reports/six-hundred/{each['code']}/exceptions", params=WEEK).json()
        assert len(behind["items"]) == each["of"] - each["n"]
    assert chief.get("/reports/six-hundred/accepted/exceptions", params=WEEK).json()["items"] == [untouched]


def test_an_unknown_figure_or_time_is_refused_with_what_there_is(chief):
    missing = chief.get("/reports/six-hundred/on_time/exceptions", params=WEEK)
    assert missing.status_code == 404
    assert "visited（回访率）" in missing.json()["detail"]
    for asked in (*WRONG_TIMES, {"department": "nobody"}, {"format": "pdf"}):
        assert chief.get("/reports/kpi", params=asked).status_code == 422, asked


# ---- who sees what
def test_a_department_sees_its_own_figures_and_no_other(lives, office, chief):
    lives.settled("hbj")
    lives.settled("cgj")
    clerk = office.person("zhao", Role.CLERK, "hbj")
    own = clerk.get("/reports/kpi", params=WEEK).json()
    assert own["department"] == "hbj"
    assert figure(clerk, "closed")["of"] <= 1
    assert figure(clerk, "once")["of"] == 1
    assert figure(chief, "once")["of"] == 2
    assert clerk.get("/reports/kpi", params=WEEK | {"department": "cgj"}).status_code == 404
    assert clerk.get("/reports/weekly").status_code == 403


def test_operators_read_no_reports_and_strangers_nothing(office):
    assert office.person("li", Role.OPERATOR).get("/reports/kpi").status_code == 403
    assert office.anonymous().get("/reports/ranking").status_code == 401


# ---- the ranking
def test_a_department_with_four_cases_is_not_ranked(lives, chief, clock):
    for _ in range(4):
        lives.settled("hbj")
    (group,) = chief.get("/reports/ranking", params=WEEK).json()["groups"]
    assert group["ranked"] == []
    (placing,) = group["too_few"]
    assert (placing["department"], placing["place"], placing["score"]) == ("hbj", None, None)
    assert next(f for f in placing["figures"] if f["code"] == "satisfied")["lower_bound"] < 0.6


# ---- exclusions and appeals
def test_a_case_is_taken_out_by_two_persons_and_shown_apart(lives, office, chief, clock):
    number = lives.settled(satisfied=Satisfied.NO)
    body = {"case": number, "figure": "satisfied", "reason": "诉求超出法定职责"}
    asked = chief.post("/reports/exclusions", json=body).json()
    assert figure(chief, "satisfied")["of"] == 1

    decision = {"granted": True, "because": "经核实情况属实"}
    alone = chief.post(f"/reports/exclusions/{asked['id']}/decision", json=decision)
    assert (alone.status_code, "另一个人" in alone.json()["detail"]) == (409, True)
    second = office.person("sun", Role.SUPERVISOR).post(f"/reports/exclusions/{asked['id']}/decision", json=decision)
    assert (second.json()["granted"], second.json()["decided_by"]) == (True, "sun")

    found = figure(chief, "satisfied")
    assert (found["of"], found["excluded"]) == (0, 1)
    behind = chief.get("/reports/kpi/satisfied/exceptions", params=WEEK).json()
    assert behind["excluded_items"] == [number]
    assert chief.post("/reports/exclusions", json=body).status_code == 409


def test_the_same_request_twice_asks_once(lives, chief):
    body = {"case": lives.settled(), "reason": "重复登记"}
    one, two = (chief.post("/reports/exclusions", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (one.status_code, one.json()) == (201, two.json())
    assert len(chief.get("/reports/exclusions", params={"decided": False}).json()["items"]) == 1


def test_a_department_appeals_about_its_own_cases_before_publication(lives, office, chief, clock):
    mine, theirs, other = lives.settled("hbj"), lives.settled("cgj"), lives.settled("hbj")
    clerk = office.person("zhao", Role.CLERK, "hbj")
    appeal = clerk.post("/reports/exclusions", json={"case": mine, "reason": "市民要求超出政策"})
    assert (appeal.status_code, appeal.json()["department"]) == (201, "hbj")
    assert clerk.post("/reports/exclusions", json={"case": theirs, "reason": "x"}).status_code == 404
    assert clerk.post(f"/reports/exclusions/{appeal.json()['id']}/decision", json={"granted": True, "because": "x"}
                      ).status_code == 403  # fmt: skip

    assert chief.post("/reports/ranking/publication", params=WEEK).json()["code"] == "conflict"
    chief = later(office, clock, days=7)
    waiting = chief.post("/reports/ranking/publication", params=WEEK)
    assert "没有决定" in waiting.json()["detail"]
    chief.post(f"/reports/exclusions/{appeal.json()['id']}/decision", json={"granted": False, "because": "应予办理"})
    published = chief.post("/reports/ranking/publication", params=WEEK)
    assert (published.status_code, published.json()["period"]["name"]) == (201, "2026-W11")
    clerk = office.person("qian", Role.CLERK, "hbj")
    assert clerk.get("/reports/ranking/publication/2026-W11").json()["published_at"] == "2026-03-16T09:30:00+08:00"
    too_late = clerk.post("/reports/exclusions", json={"case": other, "reason": "漏了"})
    assert (too_late.status_code, "已经公布" in too_late.json()["detail"]) == (409, True)
    assert chief.post("/reports/ranking/publication", params=WEEK).status_code == 409


# ---- forms
def test_the_weekly_analysis_comes_as_a_page_a_table_and_a_document(lives, office, clock):
    number, question = lives.settled(phone="13912345678", caller_name="张三"), lives.answered()
    chief = later(office, clock, days=7)
    told = chief.get("/reports/weekly").json()
    assert told["week"] == "2026-W11"
    assert [(c["code"], c["n"], c["cases"]) for c in told["what"]] == [("environment", 1, [number])]
    assert [(w["code"], w["n"]) for w in told["who"]] == [("hbj", 1)]
    assert {c["code"]: c["cases"] for c in told["kinds"]} == {"complaint": [number], "consultation": [question]}

    files = {form: chief.get("/reports/weekly", params={"format": form}) for form in ("csv", "xlsx", "docx")}
    for form, answer in files.items():
        assert f"weekly-2026-W11.{form}" in answer.headers["content-disposition"]
        assert b"13912345678" not in answer.content
    rows = list(csv.reader(io.StringIO(files["csv"].content.decode("utf-8-sig"))))
    assert ["环保", "1", ""] in rows
    assert ["何事：环保", number] in rows
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"].content))
    assert (("何事：环保", number)) in list(book["依据"].values)
    assert ("环保", 1, None) in list(book["何事"].values)
    paper = docx.Document(io.BytesIO(files["docx"].content))
    assert "每周综合分析（2026-W11）" in paper.paragraphs[0].text
    assert any(cell.text == "环保" for table in paper.tables for cell in table.column_cells(0))


def test_every_report_comes_as_a_file(lives, chief):
    lives.settled()
    for report in ("kpi", "ranking", "kpi/on_time/exceptions", "six-hundred/told/exceptions"):
        for form in ("csv", "xlsx", "docx"):
            answer = chief.get(f"/reports/{report}", params=WEEK | {"format": form})
            assert answer.status_code == 200, report
            assert len(answer.content) > 50


# ---- for everybody
def test_everybody_sees_last_months_figures_without_small_numbers(lives, office, clock):
    for _ in range(6):
        lives.answered()
    lives.settled()
    clock.later(days=30)
    told = office.anonymous().get("/public/stats").json()
    totals = {each["code"]: each["n"] for each in told["totals"]}
    kinds = {each["code"]: each["n"] for each in told["kinds"]}
    assert (told["month"], totals["registered"], totals["closed"]) == ("2026-03", 7, None)
    assert (kinds["complaint"], kinds["consultation"], kinds["praise"]) == (None, None, 0)
    assert next(r for r in told["rates"] if r["code"] == "satisfied")["share"] is None
    assert "cases" not in str(told)


def test_a_month_that_is_not_over_is_not_published(office):
    for month, status in (("2026-03", 404), ("2030-01", 404), ("2000-01", 404), ("March", 422)):
        assert office.anonymous().get("/public/stats", params={"month": month}).status_code == status


def test_a_month_is_computed_once_and_by_one_at_a_time(small_office, city, clock, monkeypatch):
    asked, begun, go_on = [], threading.Event(), threading.Event()

    def slowly(session, month, *, now):
        asked.append(month.name)
        begun.set()
        assert go_on.wait(10)
        return read(session, month, now=now)

    read = report_facts.read
    monkeypatch.setattr(report_facts, "read", slowly)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(small_office.anonymous().get, "/public/stats", params={"month": "2026-02"})
        assert begun.wait(10)
        turned_away = small_office.anonymous().get("/public/stats", params={"month": "2026-01"})
        go_on.set()
        assert first.result().status_code == 200
    assert (turned_away.status_code, turned_away.headers["retry-after"]) == (503, "2")
    assert small_office.anonymous().get("/public/stats", params={"month": "2026-02"}).json() == first.result().json()
    assert asked == ["2026-02"]


def test_what_a_person_says_to_be_a_repeat_complaint_counts_as_one(lives, chief):
    first, again = lives.settled(), lives.dispatched()
    before = figure(chief, "repeated")["n"]
    assert chief.put(f"/cases/{again}/repeat-of", json={"number": first}).status_code == 200
    assert figure(chief, "repeated")["n"] == before + 1
