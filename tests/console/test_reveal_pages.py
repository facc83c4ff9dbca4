"""Seeing who called by page: a clerk with a purpose, and two supervisors together for a tip-off."""

from __future__ import annotations

import re

from cases import people
from cases.words import Role
from console.hub import Viewer
from console.pages.ports import NewCase
from tests.console.desk_house import PASSWORD, House, built, house, now, signed_in

__all__ = ["built", "house"]
LIMIN = Viewer("limin", "limin", "operator")


def dispatched(house: House, call: str, **changes: str) -> str:
    new = {"summary": "路灯不亮", "kind": "complaint", "category": "urban_construction", "urgency": "urgent",
           "phone": "13805712345", "name": "王秀英", "lead": "street_lighting"}  # fmt: skip
    return house.ports.cases.register(NewCase(call, **(new | changes)), LIMIN).no


def test_a_clerk_sees_the_number_once_and_with_a_purpose(house: House) -> None:
    no = dispatched(house, "reveal-1")
    with signed_in(house, "clerk1") as clerk:
        path = f"/department/cases/{no}"
        assert f'action="{path}/reveals"' in clerk.get(path).text

        without = clerk.post(f"{path}/reveals", data={"field": "phone", "purpose": " "})
        shown = clerk.post(f"{path}/reveals", data={"field": "phone", "purpose": "约看现场"})

    assert (without.status_code, "请写明查看的用途" in without.text) == (409, True)
    assert "13805712345" in re.sub(r"\s|&nbsp;", "", shown.text)
    assert shown.headers["cache-control"] == "no-store"


def test_a_confidential_citizens_number_is_not_for_the_department(house: House) -> None:
    made = NewCase("reveal-2", summary="路灯不亮", kind="complaint", category="urban_construction", urgency="urgent",
                   phone="13805712345", name="王秀英", lead="street_lighting", confidential=True)  # fmt: skip
    no = house.ports.cases.register(made, LIMIN).no
    with signed_in(house, "clerk1") as clerk:
        path = f"/department/cases/{no}"
        assert "/reveals" not in clerk.get(path).text
        refused = clerk.post(f"{path}/reveals", data={"field": "phone", "purpose": "约看现场"})
    assert (refused.status_code, "转接" in refused.text) == (409, True)


def test_a_tip_off_is_opened_by_two(house: House) -> None:
    no = dispatched(house, "reveal-3", kind="tip_off")
    with house.database.session() as session:
        people.add_person(session, "second", Role.SUPERVISOR, PASSWORD, now=now())
    with signed_in(house, "wangdd") as first, signed_in(house, "second") as second:
        asked = first.post(f"/desk/cases/{no}/reveals", data={"field": "phone", "purpose": "保护举报人"})
        assert "申请已提交" in asked.text
        assert "/grant" not in first.get("/desk/reveals").text, "nobody grants their own"
        [grant] = re.findall(r'action="(/desk/reveals/\w+/grant)"', second.get("/desk/reveals").text)

        assert second.post(grant).status_code == 303
        opened = first.post(grant.replace("/grant", "/open"))
        again = first.post(grant.replace("/grant", "/open"))

    assert "13805712345" in re.sub(r"\s|&nbsp;", "", opened.text)
    assert (again.status_code, "已查看" in again.text) == (409, True)
    with signed_in(house, "limin") as operator:
        assert operator.get("/desk/reveals").status_code == 403
