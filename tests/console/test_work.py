"""The work on cases by page: lists for each, a case with what can be done, and steps taken by form."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from cases import case
from cases.actor import Actor
from cases.words import Kind, Role
from console.hub import Viewer
from console.pages.ports import NewCase
from tests.console.desk_house import House, built, house, signed_in

__all__ = ["built", "house"]
LIMIN = Viewer("limin", "limin", "operator")


@pytest.fixture
def clerk(house: House) -> Iterator[httpx.Client]:
    with signed_in(house, "clerk1") as client:
        yield client


@pytest.fixture
def lead(house: House) -> Iterator[httpx.Client]:
    with signed_in(house, "wangdd") as client:
        yield client


_calls = iter(range(100))


def dispatched(house: House, **changes: str) -> str:
    new = {"summary": "路灯不亮", "kind": "complaint", "category": "urban_construction", "urgency": "urgent"}
    citizen = {"phone": "13805712345", "name": "王秀英"}
    made = NewCase(f"work-{next(_calls)}", **(new | changes), **citizen, lead="street_lighting")
    return house.ports.cases.register(made, LIMIN).no


def take(client: httpx.Client, path: str, action: str, **fields: str) -> httpx.Response:
    """Fill in the form of a step as the page shows it."""
    shown = client.get(path).text
    form = re.search(rf'name="action" value="{action}">.*?</form>', shown, re.S)
    assert form, f"no form for {action} on {path}"
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    return client.post(path, data=hidden | {"action": action} | fields)


def test_a_clerk_finds_the_case_signs_and_replies(house: House, clerk: httpx.Client) -> None:
    no = dispatched(house)
    listed = clerk.get("/department").text
    assert f"/department/cases/{no}" in listed
    assert re.search(r"待签收 <b[^>]*>[1-9]", listed)
    path = f"/department/cases/{no}"
    assert "怎么算出来的" in clerk.get(path).text

    signed = take(clerk, path, "sign")
    assert (signed.status_code, signed.headers["location"]) == (303, f"{path}?done=sign")
    assert "已签收" in clerk.get(f"{path}?done=sign").text
    written = {"true": "true", "solved": "yes", "reply": "11 月 20 日已更换灯泡，今晚恢复照明。"}
    warned = take(clerk, path, "reply", **written)
    assert warned.status_code == 409
    assert "没有联系市民" in warned.text
    assert written["reply"] in warned.text
    replied = take(clerk, path, "reply", **written, confirmed="yes")
    assert replied.status_code == 303, replied.text
    assert f"/department/cases/{no}" in clerk.get("/department?tab=replied").text


def test_a_clerk_sees_who_called_only_as_far_as_the_work_needs(house: House, clerk: httpx.Client) -> None:
    shown = clerk.get(f"/department/cases/{dispatched(house)}").text
    assert "13805712345" not in shown.replace(" ", "")
    assert "王秀英" not in shown


def test_another_departments_case_does_not_exist(house: House, clerk: httpx.Client) -> None:
    made = NewCase("work-other", summary="投诉", kind="complaint", category="city_management", urgency="ordinary",
                   lead="urban_management")  # fmt: skip
    no = house.ports.cases.register(made, LIMIN).no
    assert clerk.get(f"/department/cases/{no}").status_code == 404
    assert clerk.post(f"/department/cases/{no}", data={"action": "sign", "version": "3"}).status_code == 404


def test_what_was_typed_stays_when_a_step_is_refused(house: House, clerk: httpx.Client) -> None:
    path = f"/department/cases/{dispatched(house)}"
    take(clerk, path, "sign")
    refused = take(clerk, path, "reply", true="true", reply="写了很久的答复", confirmed="yes")
    assert refused.status_code == 409
    assert "写了很久的答复" in refused.text
    assert "请填写“是否解决”" in refused.text
    assert "<title>错误：" in refused.text


def test_two_people_at_one_case_do_not_undo_each_others_work(house: House, clerk: httpx.Client) -> None:
    path = f"/department/cases/{dispatched(house)}"
    shown = clerk.get(path).text
    old = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    take(clerk, path, "sign")
    stale = clerk.post(path, data=old | {"action": "sign"})
    assert stale.status_code == 409
    assert "别人更新过" in stale.text


def test_a_supervisor_reviews_what_was_replied(house: House, clerk: httpx.Client, lead: httpx.Client) -> None:
    no = dispatched(house)
    take(clerk, f"/department/cases/{no}", "sign")
    take(clerk, f"/department/cases/{no}", "reply", true="true", solved="no", reply="已研究", confirmed="yes")
    assert f"/desk/cases/{no}" in lead.get("/desk/dispatch?tab=review").text
    assert "答复过短" in lead.get(f"/desk/cases/{no}").text
    assert "答复过短" not in clerk.get(f"/department/cases/{no}").text
    sent_back = take(lead, f"/desk/cases/{no}", "send_back", reasons="perfunctory", text="请写明修复日期")
    assert sent_back.status_code == 303, sent_back.text
    assert f"/department/cases/{no}" in clerk.get("/department?tab=again").text


def test_nobody_sees_the_lists_of_others(house: House, clerk: httpx.Client, lead: httpx.Client) -> None:
    assert clerk.get("/desk/dispatch").status_code == 403
    assert lead.get("/department").status_code == 403
    assert httpx.get(f"{house.url}/department", follow_redirects=False).headers["location"].startswith("/login")


def test_hostile_texts_stay_texts(house: House, clerk: httpx.Client) -> None:
    no = dispatched(house, summary="<script>alert(1)</script>", place="<img src=x onerror=alert(1)>")
    for shown in (clerk.get("/department").text, clerk.get(f"/department/cases/{no}").text):
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown


def test_whoever_dispatches_is_told_whom_to_send_it_to_and_what_is_like_it(house: House, lead: httpx.Client) -> None:
    dispatched(house, summary="和平小区东门路灯不亮", place="文晖路 180 号")
    with house.database.session() as session:
        again = case.Fields(
            kind=Kind.COMPLAINT,
            category="urban_construction",
            place="文晖路 180 号",
            phone="13805712345",
            summary="和平小区东门路灯又不亮了",
        )
        by = Actor("limin", Role.OPERATOR)
        no = case.register(session, again, by, city=house.ports.city, now=house.ports.now()).number
    shown = lead.get(f"/desk/cases/{no}").text
    assert "建议派给" in shown
    assert "市路灯管理处" in shown.split("建议派给")[1].split("</ul>")[0]
    assert "本人同一事项未办结" in shown
    assert re.search(r'name="lead"[^>]*value="市路灯管理处"', shown)
