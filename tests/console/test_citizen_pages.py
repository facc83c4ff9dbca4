"""What citizens do by page, without JavaScript: complain, look, add, rate, say that it is not solved."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from cases import visit_links, visits
from cases.actor import Actor
from cases.model import CaseRow
from cases.words import Role
from tests.console.desk_house import House, built, house, signed_in
from tests.console.test_work import take

__all__ = ["built", "house"]
WORDS = "和平小区东门往北的路灯一个多星期不亮了，晚上看不见，希望尽快修好。"


@pytest.fixture
def browser(house: House) -> Iterator[httpx.Client]:
    with house.database.engine.begin() as connection:  # every test's complaints come from one address
        connection.exec_driver_sql("DELETE FROM login_tries")
    headers = {"sec-fetch-site": "same-origin"}
    with httpx.Client(base_url=house.url, headers=headers, timeout=10, trust_env=False) as client:
        yield client


def complain(browser: httpx.Client, **more: str) -> tuple[str, str]:
    made = browser.post("/report", data={"text": WORDS, "phone": "13800001111", "name": "王秀英"} | more)
    assert made.status_code == 201, made.text
    found = re.search(r'href="/cases/(\d+)\?code=(\w+)"', made.text)
    assert found
    return found[1], found[2]


def act(browser: httpx.Client, no: str, code: str, what: str, **more: str) -> httpx.Response:
    return browser.post(f"/cases/{no}/{what}", data={"code": code} | more)


def replied(house: House, no: str) -> None:
    with signed_in(house, "wangdd") as lead, signed_in(house, "clerk1") as clerk:
        assert take(lead, f"/desk/cases/{no}", "dispatch", lead="市路灯管理处").status_code == 303
        take(clerk, f"/department/cases/{no}", "sign")
        text = "11 月 20 日已更换 6 盏灯具，当晚恢复照明，联系人 13911112222。"
        take(clerk, f"/department/cases/{no}", "reply", true="true", solved="yes", reply=text, confirmed="yes")
        assert take(lead, f"/desk/cases/{no}", "approve").status_code == 303


def test_somebody_complains_in_their_own_words_and_follows_it_to_the_end(house: House, browser: httpx.Client) -> None:
    no, code = complain(browser)
    page = browser.get(f"/cases/{no}?code={code}")
    assert "待受理" in page.text
    assert "谁会看到" in browser.get("/report").text
    assert act(browser, no, code, "supplements", text="昨天有人摔倒").headers["location"].endswith("&done=supplements")
    replied(house, no)
    page = browser.get(f"/cases/{no}?code={code}")
    assert "已更换 6 盏灯具" in page.text
    assert "13911112222" not in page.text
    rated = act(browser, no, code, "rating", solved="yes", satisfied="yes")
    assert rated.status_code == 303, rated.text
    assert "已办结" in browser.get(f"/cases/{no}?code={code}").text


def test_not_solved_goes_back_and_says_so(house: House, browser: httpx.Client) -> None:
    no, code = complain(browser)
    replied(house, no)
    back = act(browser, no, code, "not-solved", text="还是不亮")
    assert "已转回办理，不会自动关闭" in browser.get(back.headers["location"]).text
    assert "退回重办" in browser.get(f"/cases/{no}?code={code}").text


def test_what_was_written_stays_when_something_is_missing(browser: httpx.Client) -> None:
    refused = browser.post("/report", data={"text": "啊", "place": "人民路 <b>12</b> 号"})
    assert refused.status_code == 422
    assert "请选择类别" in refused.text
    assert "人民路 &lt;b&gt;12&lt;/b&gt; 号" in refused.text


def test_what_cannot_be_done_now_is_told_in_place(house: House, browser: httpx.Client) -> None:
    no, code = complain(browser)
    early = act(browser, no, code, "rating", solved="yes", satisfied="yes")
    assert early.status_code == 409
    assert "现在不需要评价" in early.text


def test_a_stranger_does_nothing_to_a_case(browser: httpx.Client) -> None:
    no, _code = complain(browser)
    assert act(browser, no, "2222222222", "withdrawal").status_code == 404
    assert act(browser, no, "2222222222", "drop").status_code == 404
    assert browser.post(f"/cases/{no}/withdrawal", headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_one_address_cannot_flood_the_hotline(browser: httpx.Client) -> None:
    answers = [browser.post("/report", data={"text": WORDS}).status_code for _ in range(11)]
    assert answers[-1] == 422
    assert "次数过多" in browser.post("/report", data={"text": WORDS}).text


def link(house: House, no: str) -> str:
    with house.database.session() as session:
        row = session.get_one(CaseRow, no)
        visit = visits.open_for(session, row, now=house.ports.now())
        assert visit
        by = Actor("limin", Role.OPERATOR)
        return visit_links.new(session, visit, by, link_base="", now=house.ports.now())


def test_whoever_has_the_link_answers_once_and_sees_neither_name_nor_number(
    house: House, browser: httpx.Client
) -> None:
    no, code = complain(browser)
    replied(house, no)
    path = link(house, no)
    shown = browser.get(path)
    assert "已更换 6 盏灯具" in shown.text
    assert not any(secret in shown.text for secret in ("13800001111", "王秀英", "13911112222"))
    assert "请至少" in browser.post(path, data={"words": "谢谢"}).text
    assert "不会自动关闭" in browser.post(path, data={"solved": "no", "satisfied": "no", "words": "还是不亮"}).text
    assert "退回重办" in browser.get(f"/cases/{no}?code={code}").text
    assert browser.get(path).status_code == browser.get("/visits/nothing").status_code == 404
