"""An operator's acts and what the desk's stream shows of them, over real HTTP."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from pathlib import Path

import httpx
import pytest

from ivr.board import Cause, Status
from ivr.room import Step
from tests.console.desk_house import House, built, eventually, house, opened_house, signed_in, stream

__all__ = ["built", "house"]
ROOM = "20261122-0417"
DRAFT = {
    "summary": "和平小区路灯不亮",
    "kind": "help",
    "category": [{"code": "urban_construction", "score": 0.9, "reason": "说到“路灯”"}],
    "urgency": "ordinary",
    "place": "文晖路 180 号",
    "phone": "",
    "departments": [{"code": "street_lighting", "role": "lead", "score": 0.9, "reason": "承办“路灯”"}],
    "reasons": {},
}


def in_a_talk(house: House, room_id: str = ROOM) -> None:
    house.switchboard.rings("limin", room_id=room_id)
    house.switchboard.answers("limin", room_id)
    eventually(lambda: (room := house.hub.room(room_id)) and room.recording == "on")


def test_the_first_message_is_the_whole_state(house: House) -> None:
    in_a_talk(house)
    house.switchboard.waits("13968027711", seconds=47, priority=1)
    house.caption(1, 1, "路灯一个多星期不亮了")
    house.hub.draft(ROOM, DRAFT)
    with signed_in(house) as client, stream(client) as until:
        first = until("#p-draft")

    for words in (
        "138 0571 2345",
        "139 6802 7711",
        "优先",
        "超 15 秒",
        "路灯一个多星期不亮了",
        "和平小区路灯不亮",
        "录音中",
    ):
        assert words in first, words


def test_a_department_is_a_row_from_the_moment_it_is_asked_for(house: House) -> None:
    in_a_talk(house)
    with signed_in(house) as client, stream(client) as until:
        until("#p-draft")
        assert client.post(f"/desk/rooms/{ROOM}/departments/street_lighting").status_code == 200
        assert "请求中" in until("取消")
        leg = house.switchboard.department().leg
        house.switchboard.step(ROOM, leg, Step.RANG)
        until("振铃中")
        house.switchboard.step(ROOM, leg, Step.FAILED, Cause.NO_ANSWER)
        said = until("再次呼叫")

    assert "无人接听" in said
    assert "市民仍在通话中" in said


def test_the_buttons_of_a_row_act_on_that_row(house: House) -> None:
    in_a_talk(house)
    with signed_in(house) as client:
        client.post(f"/desk/rooms/{ROOM}/departments/street_lighting")
        leg = house.switchboard.department().leg
        house.switchboard.step(ROOM, leg, Step.JOINED)
        for act in ("mute", "unmute", "hold", "resume", "whisper", "unwhisper", "remove"):
            assert client.post(f"/desk/rooms/{ROOM}/legs/{leg}/{act}").status_code == 200, act

    changes = [what[1:] for what in house.switchboard.asked if what[0] == "change"]
    assert all(change[0] == leg for change in changes)
    assert [change[1] for change in changes] == [
        "(True, None, Ellipsis)",
        "(False, None, Ellipsis)",
        "(None, True, Ellipsis)",
        "(None, False, Ellipsis)",
        f"(None, None, '{ROOM}-2')",
        "(None, None, None)",
    ]
    assert house.switchboard.asked[-1] == ("remove", leg)


def test_whoever_is_not_in_the_talk_changes_nothing(house: House) -> None:
    in_a_talk(house)
    with signed_in(house, "wangdd") as other:
        for path in (f"departments/{'police'}", f"legs/{ROOM}-1/mute", "leave", "recording/pause"):
            answer = other.post(f"/desk/rooms/{ROOM}/{path}")
            assert answer.status_code == 409
            assert "您不在这个通话里" in answer.text
        assert "已经结束" in other.post("/desk/rooms/nothing/leave").text

    assert house.switchboard.asked == []


def test_only_departments_of_the_city_can_be_called_and_each_once(house: House) -> None:
    in_a_talk(house)
    with signed_in(house) as client:
        assert "没有这个单位" in client.post(f"/desk/rooms/{ROOM}/departments/13800000000").text
        client.post(f"/desk/rooms/{ROOM}/departments/police")
        assert "已经在通话中，或正在呼叫" in client.post(f"/desk/rooms/{ROOM}/departments/police").text

    assert [what[2] for what in house.switchboard.asked] == ["police"]


def test_a_draft_is_for_those_who_were_in_the_call_and_for_supervisors(house: House) -> None:
    in_a_talk(house, "20261122-0800")
    address = "/desk/calls/20261122-0800/draft"
    with signed_in(house) as limin, signed_in(house, "zhaoqiang") as zhao, signed_in(house, "wangdd") as wang:
        limin.post(address, data={"summary": "只给自己看", "touched": "summary"})
        assert "只给自己看" in limin.get(address).text
        assert "只给自己看" in wang.get(address).text
        assert zhao.get(address).status_code == 403
        assert zhao.post(address, data={"summary": "改掉", "touched": "summary"}).status_code == 403
        assert zhao.post(address.replace("/draft", "/case"), data={"summary": "改掉"}).status_code == 403
        assert (
            limin.post("/desk/calls/no-such-call/draft", data={"summary": "x", "touched": "summary"}).status_code == 403
        )
        assert "只给自己看" in limin.get(address).text


def test_whoever_signs_out_leaves_the_line_at_once(house: House) -> None:
    with signed_in(house, fresh=True) as client:
        client.post("/desk/status", data={"status": "ready"})
        assert house.switchboard.operators["limin"].status is Status.READY
        client.post("/logout")

    assert house.switchboard.operators["limin"].status is Status.AWAY


def test_recording_is_paused_and_goes_on(house: House) -> None:
    in_a_talk(house)
    with signed_in(house) as client, stream(client) as until:
        until("录音中")
        client.post(f"/desk/rooms/{ROOM}/recording/pause")
        until("录音已暂停", "继续录音")
        client.post(f"/desk/rooms/{ROOM}/recording/resume")
        until("录音中")


def test_ending_for_everybody_sends_the_department_away_too(house: House) -> None:
    in_a_talk(house)
    with signed_in(house) as client:
        client.post(f"/desk/rooms/{ROOM}/departments/street_lighting")
        leg = house.switchboard.department().leg
        house.switchboard.step(ROOM, leg, Step.JOINED)
        client.post(f"/desk/rooms/{ROOM}/end")

    assert [what[1] for what in house.switchboard.asked if what[0] == "remove"] == [leg, f"{ROOM}-2"]
    assert house.switchboard.rooms[ROOM].ended_at


def test_typing_is_kept_and_no_suggestion_overwrites_it(house: House) -> None:
    in_a_talk(house)
    with signed_in(house) as client:
        typed = {"place": "我手写的地点", "kind": "help", "touched": "place"}
        assert "已保存" in client.post(f"/desk/calls/{ROOM}/draft", data=typed).text
        house.hub.draft(ROOM, DRAFT)
        form = client.get(f"/desk/calls/{ROOM}/draft").text

    assert "我手写的地点" in form
    assert 'value="文晖路 180 号"' not in form
    assert 'value="市路灯管理处"' in form, "what nobody touched is filled"


def test_a_case_is_registered_once_and_its_receipts_grow(house: House) -> None:
    from datetime import UTC, datetime

    from cases import assignment, case
    from cases.actor import Actor
    from cases.words import Role

    in_a_talk(house)
    good = {"summary": "路灯不亮", "kind": "help", "category": "urban_construction", "urgency": "ordinary",
            "lead": "市路灯管理处", "phone": "13805712345", "name": "王先生", "touched": "summary"}  # fmt: skip
    with signed_in(house) as client, stream(client) as until:
        until("#p-draft")
        missing = client.post(f"/desk/calls/{ROOM}/case", data={**good, "lead": ""})
        assert missing.status_code == 422
        assert 'href="#f-lead"' in missing.text
        assert "路灯不亮" in missing.text
        first = client.post(f"/desk/calls/{ROOM}/case", data=good)
        again = client.post(f"/desk/calls/{ROOM}/case", data=good)
        number = re.search(r'data-no="(\d+)"', first.text)
        assert number
        assert number[1] in again.text
        until("已登记并派单")
        with house.database.session() as session:
            clerk = Actor("clerk1", Role.CLERK, "street_lighting")
            row = case.find(session, number[1], clerk, lock=True)
            assignment.sign(session, row, assignment.own(session, row, clerk), clerk, now=datetime.now(UTC))
        house.hub.case(number[1], ROOM)
        signed = until(f"#receipts[data-no=&#34;{number[1]}&#34;]", "tag fine")

    assert signed.count("tag fine") >= 2, "delivered and signed"


def test_the_citizen_follows_the_case_by_number_and_code(house: House) -> None:
    house.switchboard.rings("limin", room_id="20261122-0500")
    house.switchboard.answers("limin", "20261122-0500")
    good = {"summary": "公厕没水", "kind": "help", "category": "city_management", "urgency": "ordinary",
            "lead": "环卫中心", "phone": "13900001111"}  # fmt: skip
    with signed_in(house) as client:
        done = client.post("/desk/calls/20261122-0500/case", data=good).text
    number, code = re.search(r'data-no="(\d+)"', done), re.search(r'class="code">(\w+)<', done)
    assert number
    assert code
    with httpx.Client(base_url=house.url, follow_redirects=True) as citizen:
        seen = citizen.get("/cases", params={"no": f"{number[1][:4]} {number[1][4:]}", "code": code[1].lower()})
        wrong, unknown = citizen.get(f"/cases/{number[1]}?code=XXXX"), citizen.get("/cases/202001010001?code=XXXX")

    assert "市环境卫生管理中心" in seen.text
    assert "已登记" in seen.text
    assert "13900001111" not in seen.text
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.text.replace(number[1], "") == unknown.text.replace("202001010001", "")


def test_the_caller_is_known_from_before(house: House) -> None:
    house.switchboard.rings("limin", "13811112222", "20261122-0600")
    house.switchboard.answers("limin", "20261122-0600")
    good = {"summary": "噪音扰民", "kind": "complaint", "category": "environment", "urgency": "urgent",
            "lead": "环保局", "phone": "13811112222", "name": "陈女士", "touched": "name"}  # fmt: skip
    with signed_in(house) as client:
        client.post("/desk/calls/20261122-0600/case", data=good)
        house.switchboard.clear()
        house.switchboard.rings("limin", "13811112222", "20261122-0601")
        with stream(client) as until:
            first = until("噪音扰民", "有以往工单")

    assert "陈女士" in first


def test_texts_that_look_like_pages_or_messages_stay_texts(house: House) -> None:
    in_a_talk(house)
    evil = '<img src=x onerror=alert(1)><hx-partial hx-target="#bar">x</hx-partial>\n\ndata: <b>evil</b>'
    house.caption(1, 1, evil, unsure=("<img src=x onerror=alert(1)>",))
    house.hub.draft(ROOM, {**DRAFT, "summary": evil, "place": f'"{evil}'})
    with signed_in(house) as client, stream(client) as until:
        first = until("#p-draft")

    assert "<img" not in first
    assert '<hx-partial hx-target="#bar">x' not in first
    assert "\n\ndata: <b>" not in first
    assert "&lt;img" in first


def test_the_longest_texts_fit_and_no_longer_ones_come_in(house: House) -> None:
    in_a_talk(house, "20261122-0700")
    house.caption(1, 1, "长" * 3000, room_id="20261122-0700")
    house.hub.draft("20261122-0700", {**DRAFT, "summary": "长" * 5000})
    with signed_in(house) as client:
        address = "/desk/calls/20261122-0700/draft"
        assert client.post(address, data={"summary": "字" * 9000, "touched": "summary"}).status_code == 200
        form = client.get(address).text

    assert "字" * 2000 in form
    assert "字" * 2001 not in form


def test_programmes_follow_the_same_changes_as_json_and_resume(house: House) -> None:
    in_a_talk(house)
    with signed_in(house) as client:
        with stream(client, "/api/v1/events") as until:
            state = until("event: state")
            assert ROOM in state
            house.caption(1, 1, "第一句")
            first = until("第一句")
        marker = re.findall(r"id: (\S+)", first)[-1]
        house.caption(1, 2, "第二句")
        with stream(client, "/api/v1/events", **{"Last-Event-ID": marker}) as until:
            resumed = until("第二句")
        with stream(client, "/api/v1/events", **{"Last-Event-ID": "long-ago"}) as until:
            until("event: state")

    assert "event: state" not in resumed
    assert "第一句" not in resumed


def test_a_desk_that_is_lost_leaves_the_line_and_returns_to_it(tmp_path: Path) -> None:
    with opened_house(tmp_path, grace_seconds=1.0) as house, signed_in(house) as client:
        status = lambda: house.switchboard.operators["limin"]  # noqa: E731
        with stream(client) as until:
            until("#p-draft")
            client.post("/desk/status", data={"status": "ready"})
            for _ in range(8):
                assert client.post("/desk/pulse").status_code == 204
                time.sleep(0.2)
            assert status().status is Status.READY, "a living desk stays"
        eventually(lambda: (status().status, status().reason) == (Status.PAUSED, "话务台断开"))
        with stream(client) as until:
            until("#p-draft")
            eventually(lambda: status().status is Status.READY)


def test_an_operator_who_works_without_a_desk_is_left_alone(tmp_path: Path) -> None:
    with opened_house(tmp_path, grace_seconds=0.3) as house:
        house.switchboard.set_operator("limin", "ready")
        time.sleep(1.2)
        assert house.switchboard.operators["limin"].status is Status.READY


def test_a_desk_survives_a_database_that_cannot_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_talk(house)
    with signed_in(house) as client:
        assert client.get("/desk").status_code == 200

        def gone(*_: object, **__: object) -> None:
            raise OSError("the database is gone")

        monkeypatch.setattr(house.database, "session", gone)
        with stream(client) as until:
            first = until("来电人的工单暂时取不到", "#captions")
            assert client.post(f"/desk/rooms/{ROOM}/legs/{ROOM}-1/hold").status_code == 200
            until("恢复市民")

    assert "138 0571 2345" in first


@pytest.mark.slow
def test_a_hundred_desks_see_the_line_change_within_300_ms(tmp_path: Path) -> None:
    """The waiting line is what every desk shows. Ten changes; of each, how long until 95 desks had the bytes.

    The middle one of the ten counts: one that fell into another program's busy moment says nothing of ours.
    """
    with opened_house(tmp_path) as house, signed_in(house):
        delays = asyncio.run(_hundred_desks(house))

    assert [len(each) for each in delays] == [100] * 10
    assert statistics.median(sorted(each)[94] for each in delays) < 0.3


async def _hundred_desks(house: House) -> list[list[float]]:
    sent = [0.0] * 10
    delays: list[list[float]] = [[] for _ in sent]

    async def desk() -> None:
        cookies = {"hotline": house.sessions["limin"]}
        client = httpx.AsyncClient(base_url=house.url, cookies=cookies, timeout=30)
        async with client, client.stream("GET", "/desk/stream") as answer:
            async for text in answer.aiter_text():
                came = time.monotonic()
                for n in map(int, re.findall(r"1990000(\d{4})", text.replace(" ", ""))):
                    delays[n].append(came - sent[n])

    desks = [asyncio.create_task(desk()) for _ in range(100)]
    await asyncio.sleep(5)
    for n in range(len(sent)):
        house.switchboard.places = ()
        sent[n] = time.monotonic()
        house.switchboard.waits(f"1990000{n:04}")
        await asyncio.sleep(0.5)
    for each in desks:
        each.cancel()
    return delays
