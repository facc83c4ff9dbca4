"""A clerk writes a reply: it is kept, it is looked at before and after, and it tells no more than it may."""

from dataclasses import replace

import pytest
from test_case_api import LAMP, register, step

from cases.reply_facts import private
from cases.words import Role
from config.city import load
from config.read_city import SHIPPED

GOOD = "3月9日下午，维护人员到人民路12号现场核查，路灯灯泡烧毁，当晚已更换灯泡2只，恢复照明。如再有问题请拨87031101。"


@pytest.fixture
def city(city):
    shipped = load(SHIPPED)
    return replace(city, reply_words=shipped.reply_words, workdays=shipped.workdays, districts=shipped.districts)


@pytest.fixture
def wang(office):
    return office.person("wang", Role.OPERATOR)


@pytest.fixture
def clerk(office):
    return office.person("liu", Role.CLERK, "cgj")


def dispatched(wang, **changes) -> str:
    number = register(wang, **changes)["number"]
    assert step(wang, number, "dispatch", lead="cgj").status_code == 200
    return number


def rules(answer: dict) -> list[str]:
    return [finding["rule"] for finding in answer["findings"]]


def save(client, number, text, **more):
    return client.post(f"/cases/{number}/reply-drafts", json={"text": text} | more)


def test_a_clerk_is_warned_before_submitting(office, wang, clerk):
    number = dispatched(wang)

    bad = save(clerk, number, "您反映的问题已收悉，不归我们管。")
    assert bad.status_code == 201, bad.text
    assert rules(bad.json()["check"]) == ["too_short", "refusing", "vague", "no_measure", "no_date", "no_contact",
                                          "point_unanswered"]  # fmt: skip
    assert bad.json()["check"]["points"] == ["人民路十二号的路灯坏了三天了"]

    ticks = [{"text": "人民路十二号的路灯坏了三天了", "answered": True}]
    good = save(clerk, number, GOOD, points=ticks, evidence=2, solved="yes").json()
    assert rules(good["check"]) == ["no_contact"], "and that he has still to do"
    kept = clerk.get(f"/cases/{number}/reply-drafts").json()["items"]
    assert [(each["content"]["text"], each["version"]) for each in kept] == [(GOOD, 2)]
    assert rules(clerk.post(f"/reply-drafts/{good['id']}/check").json()) == ["no_contact"]


def test_a_draft_is_its_authors_alone_and_survives_other_windows(office, wang, clerk):
    number = dispatched(wang)
    first = save(clerk, number, GOOD)
    other = office.person("chen", Role.CLERK, "cgj")

    assert save(other, number, "另一份").json()["id"] != first.json()["id"]
    assert other.post(f"/reply-drafts/{first.json()['id']}/check").status_code == 404
    clerk.post(f"/cases/{number}/reply-drafts", json={"text": "新"}, headers={"If-Match": first.headers["etag"]})
    lost = clerk.post(f"/cases/{number}/reply-drafts", json={"text": "旧"}, headers={"If-Match": first.headers["etag"]})
    assert lost.status_code == 412
    assert save(office.system("gaj"), number, "不是我的").status_code == 404


def test_a_reviewer_sees_the_same_reasons_after(office, wang, clerk, clock):
    number = dispatched(wang)
    step(clerk, number, "sign")
    share = wang.get(f"/cases/{number}").json()["assignments"][0]["id"]
    assert wang.get(f"/assignments/{share}/reply-check").status_code == 409

    step(clerk, number, "reply", reply="已收悉，已转相关部门处理。")

    found = wang.get(f"/assignments/{share}/reply-check").json()
    assert {"too_short", "vague", "no_measure"} <= set(rules(found))
    assert clerk.get(f"/assignments/{share}/reply-check").status_code == 403


def test_what_a_department_wrote_before_gives_its_template_away(office, wang, clerk):
    first, second = dispatched(wang), dispatched(wang)
    step(clerk, first, "sign")
    step(clerk, first, "reply", reply=GOOD)

    assert "template" in rules(save(clerk, second, GOOD.replace("3月9日", "3月10日")).json()["check"])
    assert "template" not in rules(save(clerk, first, GOOD).json()["check"]), "its own reply is not another one"


def test_a_promise_with_a_date_is_followed_up(office, wang, clerk):
    number = dispatched(wang)
    checked = save(clerk, number, "3月9日已现场核查，将于3月20日前更换灯泡。").json()["check"]
    assert checked["follow_up"] == "2026-03-20"


def test_the_points_of_a_protected_case_tell_nobodys_number(office, wang, clerk):
    number = dispatched(wang, confidential=True, text="我是王女士，电话13800001111。路灯坏了")

    seen = save(clerk, number, "已收悉").json()

    assert "13800001111" not in str(seen)
    assert LAMP["caller_name"] not in str(seen)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("已电话联系13800001111告知", ["13800001111"]),
        ("联系人138 0000 1111。", ["138 0000 1111"]),
        ("身份证110101199003071234已核", ["110101199003071234"]),
        ("当事人王建国称无异议，王建国已签字", ["王建国", "王建国"]),
        ("如有问题请拨打87031101，或12345", []),
        ("工单20260309000112345号", []),
    ],
)
def test_what_is_private_in_a_public_text(text, found):
    assert [span.text for span in private(text, "13900002222", "王建国")] == found


def test_a_salutation_is_no_name():
    assert not list(private("王女士：您好", "", "王女士"))
