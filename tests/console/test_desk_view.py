"""Which rows, words and buttons the desk shows: decided without a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.city import City, load
from config.settings import ROOT
from console.hub import Missed
from console.pages import form, screen, times, view
from console.pages.suggest import suggestions
from ivr import room as rooms
from ivr.board import Activity, Board, Cause, Operator, Place, Room, Status
from ivr.call import Role
from ivr.room import Step

NOW = datetime(2026, 11, 22, 0, 15, tzinfo=UTC)  # a Sunday, 08:15 in the city


@pytest.fixture(scope="module")
def city() -> City:
    return load(ROOT / "config")


def with_department(what: Step, cause: Cause | None = None) -> Room:
    room = rooms.open_room("r1", "13805712345", "r1-1", NOW)
    room = rooms.ask(room, "r1-2", Role.OPERATOR, "limin", "limin", NOW)
    room, _ = rooms.step(room, "r1-2", Step.JOINED, NOW)
    room = rooms.ask(room, "r1-3", Role.DEPARTMENT, "street_lighting", "市路灯管理处", NOW)
    return rooms.step(room, "r1-3", what, NOW, cause=cause)[0]


def labels(room: Room, leg: str, city: City, me: str = "limin") -> list[str]:
    row = next(r for r in view.rows(room, me, city) if r.leg == leg)
    return [b.label for b in row.buttons]


def test_a_leg_that_rings_can_be_cancelled_and_nothing_else(city: City) -> None:
    assert labels(with_department(Step.RANG), "r1-3", city) == ["取消"]


def test_a_citizen_alone_in_the_room_waits_and_does_not_talk(city: City) -> None:
    room = rooms.open_room("r1", "13805712345", "r1-1", NOW)
    room = rooms.ask(room, "r1-2", Role.OPERATOR, "limin", "limin", NOW)
    assert [r.state for r in view.rows(room, "limin", city)] == ["等待接听", "请求中"]

    answered, _ = rooms.step(room, "r1-2", Step.JOINED, NOW)
    assert [r.state for r in view.rows(answered, "limin", city)] == ["通话中", "通话中"]


def test_each_participant_in_the_talk_has_their_own_buttons(city: City) -> None:
    room = with_department(Step.JOINED)

    assert labels(room, "r1-3", city) == ["静音", "保持", "耳语", "请离"]
    assert labels(room, "r1-2", city) == ["静音"]
    held, _ = rooms.step(room, "r1-3", Step.HOLD, NOW)
    assert labels(held, "r1-3", city) == ["恢复", "请离"]
    whispering, _ = rooms.step(room, "r1-3", Step.WHISPER, NOW, to="r1-2")
    assert labels(whispering, "r1-3", city) == ["停止耳语", "请离"]


@pytest.mark.parametrize(
    ("cause", "word"),
    [(Cause.BUSY, "占线"), (Cause.REFUSED, "拒接"), (Cause.NO_ANSWER, "无人接听"), (Cause.UNREACHABLE, "无法接通")],
)
def test_a_failed_call_says_why_and_what_can_be_done(city: City, cause: Cause, word: str) -> None:
    row = view.rows(with_department(Step.FAILED, cause), "limin", city)[-1]

    assert row.state == word
    assert "市民仍在通话中" in row.note
    assert [b.label for b in row.buttons] == ["再次呼叫", "改请市住房和城乡建设局"]


def test_a_second_attempt_takes_over_from_the_failed_one(city: City) -> None:
    room = with_department(Step.FAILED, Cause.BUSY)
    room = rooms.ask(room, "r1-4", Role.DEPARTMENT, "street_lighting", "市路灯管理处", NOW)
    failed, again = view.rows(room, "limin", city)[-2:]

    assert (failed.state, failed.tag, failed.note, failed.buttons) == ("占线", "idle", "", ())
    assert again.state == "请求中"


def test_who_is_not_in_the_talk_has_no_buttons(city: City) -> None:
    room = with_department(Step.JOINED)

    assert all(not row.buttons for row in view.rows(room, "zhaoqiang", city))
    left, _ = rooms.step(room, "r1-2", Step.LEFT, NOW)
    assert all(not row.buttons for row in view.rows(left, "limin", city))


def test_a_call_that_only_rings_does_not_take_the_draft_of_the_one_before() -> None:
    last = replace(with_department(Step.JOINED), ended_at=NOW)
    ringing = rooms.open_room("r2", "139", "r2-1", NOW)
    ringing = rooms.ask(ringing, "r2-2", Role.OPERATOR, "limin", "limin", NOW)
    operator = Operator("limin", Status.READY, NOW, Activity.RINGING, room="r2")
    board = Board(rooms=(ringing,), operators=(operator,))

    shown = view.my_room(board, "limin", last)
    assert shown == ringing
    assert view.drafted_room(shown, "limin", last) == last
    answered, _ = rooms.step(ringing, "r2-2", Step.JOINED, NOW)
    assert view.drafted_room(answered, "limin", last) == answered


DRAFT = {
    "kind": "complaint",
    "category": [{"code": "urban_construction", "score": 0.9, "reason": "说到“路灯”"}, {"code": "no_such", "score": 1}],
    "urgency": "urgent",
    "place": "文晖路 180 号",
    "phone": "",
    "summary": "路灯不亮",
    "departments": [
        {"code": "street_lighting", "role": "lead", "score": 0.9, "reason": "承办“路灯”"},
        {"code": "construction", "role": "assisting", "score": 0.5, "reason": "主管城建"},
    ],
    "reasons": {"kind": {"reason": "说到“修好”", "source": {"sentence": "你们上次说三天修好。"}}},
}


def test_a_suggestion_fills_what_nobody_touched_and_nothing_else(city: City) -> None:
    filled = form.fill({"place": "我手写的地点", "summary": ""}, suggestions(DRAFT, city), "13805712345")

    assert filled.values["place"] == "我手写的地点"
    assert filled.values["summary"] == "", "emptied by hand is touched too"
    assert filled.values["kind"] == "complaint"
    assert filled.values["lead"] == "市路灯管理处"
    assert filled.values["assisting"] == "市住房和城乡建设局"
    assert filled.values["phone"] == "13805712345"
    assert {"kind", "lead"} <= filled.guessed
    assert filled.guessed.isdisjoint({"place", "summary"})


def test_a_suggestion_names_its_reason_and_the_sentence(city: City) -> None:
    kind = suggestions(DRAFT, city)["kind"][0]

    assert (kind.label, kind.reason, kind.sentence) == ("投诉", "说到“修好”", "你们上次说三天修好。")


def test_hostile_or_empty_drafts_suggest_nothing(city: City) -> None:
    for draft in ({}, {"kind": "nonsense", "category": None, "departments": [{"code": "x", "role": "lead"}]}):
        assert not any(suggestions(draft, city).values())


GOOD = {
    "summary": "路灯不亮",
    "kind": "help",
    "category": "urban_construction",
    "urgency": "ordinary",
    "lead": "路灯处",
}


def test_a_complete_form_becomes_a_case_for_departments_by_code(city: City) -> None:
    assert form.problems(form.Sent(GOOD, frozenset()), city) == {}
    new = form.new_case("r1", form.Sent({**GOOD, "assisting": "城管局，市公安局"}, frozenset()), city)
    assert (new.lead, new.assisting) == ("street_lighting", ("urban_management", "police"))


def test_what_was_answered_at_once_needs_its_answer_and_no_department(city: City) -> None:
    unanswered = form.Sent({**GOOD, "lead": ""}, frozenset(), answered=True)
    assert list(form.problems(unanswered, city)) == ["answer"]
    answered = form.Sent({**GOOD, "lead": "尚未选好的单位", "answer": "工作日九点到五点"}, frozenset(), answered=True)
    assert form.problems(answered, city) == {}
    new = form.new_case("r1", answered, city)
    assert (new.answer, new.lead, new.assisting) == ("工作日九点到五点", "", ())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"summary": ""}, "summary"),
        ({"kind": "x"}, "kind"),
        ({"category": ""}, "category"),
        ({"urgency": ""}, "urgency"),
        ({"urgency": "at_once"}, "urgency_reason"),
        ({"lead": ""}, "lead"),
        ({"lead": "路灯"}, "lead"),
        ({"assisting": "火星办"}, "assisting"),
        ({"assisting": "市路灯管理处"}, "assisting"),
    ],
)
def test_what_is_missing_is_told_at_its_field(city: City, changes: dict[str, str], field: str) -> None:
    assert list(form.problems(form.Sent({**GOOD, **changes}, frozenset()), city)) == [field]


def test_numbers_and_moments_read_as_people_say_them() -> None:
    assert times.phone("13805712345") == "138 0571 2345"
    assert times.phone("057188124490") == "0571 8812 4490"
    assert times.phone("01088124490") == "010 8812 4490"
    assert times.phone("87031001") == "8703 1001"
    assert times.phone("") == "号码未显示"
    assert times.case_no("202611220001") == "2026 1122 0001"
    assert times.due(NOW + timedelta(hours=2, minutes=10), NOW) == "今天 10:25 前（还有 2 小时 10 分）"
    assert times.due(NOW + timedelta(days=3), NOW) == "11 月 25 日（周三）08:15 前（还有 3 天）"
    assert times.due(NOW - timedelta(days=2, hours=3), NOW) == "逾期 2 天 3 小时"


def test_the_line_tells_a_kept_place_from_a_citizen_who_waits() -> None:
    waits = Place("c1", "13800000001", NOW, 0, 1)
    kept = Place("c2", "13800000002", NOW, 0, 2, callback=True)
    shown = screen.wait((waits, kept), (True, False), 1)
    assert "1 人排队，1 人预约回拨" in shown
    assert shown.count(">预约回拨<") == 1
    assert "预约" not in screen.wait((waits,), (True,), 1)


def test_a_callback_that_was_missed_is_shown_until_it_is_made_good() -> None:
    assert "未接通的回拨 1 个" in screen.missed((Missed("c1", "13800000001", NOW, NOW),))
    assert screen.missed(()) == ""


def test_a_callback_tells_the_operator_why_and_leaves_nothing_to_write_up_when_nobody_came(city: City) -> None:
    room = rooms.open_room("r1", "13805712345", "r1-2", NOW, why="预约回拨：08:15 起等候", called=True)
    room = rooms.ask(room, "r1-3", Role.OPERATOR, "limin", "limin", NOW)
    assert "08:15 起等候" in screen.caller(room, view.bar(room, "limin"), screen.Known(), 0)
    room, _ = rooms.step(room, "r1-3", Step.JOINED, NOW)
    room, _ = rooms.step(room, "r1-2", Step.FAILED, NOW, cause=Cause.BUSY)
    assert [row.state for row in view.rows(room, "limin", city)] == ["占线", "通话中"]
    assert not view.met(room)
    assert view.met(rooms.open_room("r2", "13805712345", "r2-1", NOW))
