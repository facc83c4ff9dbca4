"""What the demonstration decides without a telephone: what it reads, what it measures, what it tells."""

from __future__ import annotations

import pytest

from config.city import load
from config.settings import ROOT
from console.demo.listening import Event, messages
from console.demo.script import FAST, FULL, VOICES
from console.demo.talk import complete_at, text_of
from console.demo.told import Told
from ivr.call import Role

DRAFT = {
    "kind": "complaint",
    "urgency": "ordinary",
    "place": "人民路附近",
    "phone": "",
    "category": [{"code": "urban_construction", "reason": "说到“路灯坏”"}],
    "departments": [{"code": "street_lighting", "role": "lead", "reason": "承办“路灯”"}],
    "reasons": {name: {"reason": f"{name} 的理由"} for name in ("kind", "urgency", "place", "phone")},
}


def caption(at: float, number: int, text: str, *, final: bool = False) -> Event:
    return Event(at, "caption", {"leg": "c-1", "number": number, "text": text, "final": final})


@pytest.fixture
def terminal() -> tuple[Told, list[str]]:
    written: list[str] = []
    return Told(written.append, load(ROOT / "config")), written


def test_a_stream_is_read_message_by_message() -> None:
    lines = 'retry: 1000\n\nevent: state\ndata: {"rooms": []}\n\nid: a-1\nevent: caption\ndata: {"text": "坏了"}\n\n'
    assert list(messages(iter(lines.split("\n")))) == [("state", {"rooms": []}), ("caption", {"text": "坏了"})]


def test_the_delay_ends_when_the_whole_text_can_be_read_not_when_it_is_final() -> None:
    captions = [
        caption(1.0, 1, "路灯"),
        caption(2.0, 1, "路灯坏了", final=True),
        caption(3.0, 2, "三天"),
        caption(4.0, 2, "三天了"),
        caption(5.0, 2, "三天了", final=True),
    ]
    assert text_of(captions) == "路灯坏了三天了"
    assert complete_at(captions) == 4.0


def test_a_field_of_the_draft_is_told_when_it_changes_and_with_its_reason(terminal: tuple[Told, list[str]]) -> None:
    told, written = terminal
    told.draft(DRAFT)
    assert any("主办 lead = 市路灯管理处（承办“路灯”）" in line for line in written)
    assert not any("phone" in line for line in written)
    written.clear()
    told.draft(DRAFT | {"urgency": "urgent"})
    assert [line.strip() for line in written] == ["草稿 紧急程度 urgency = 急件（urgency 的理由）"]


def test_who_is_in_the_talk_is_told_with_the_cause_of_a_failure(terminal: tuple[Told, list[str]]) -> None:
    told, written = terminal
    busy = {"role": "department", "title": "市路灯管理处", "state": "failed", "cause": "busy"}
    citizen = {"role": "citizen", "title": "市民", "state": "talking", "cause": None}
    for _twice in range(2):
        told.room({"participants": [citizen, busy]})
    assert [line.strip() for line in written] == ["在线 市民 通话中 · 承办单位 市路灯管理处 未接通（占线）"]


@pytest.mark.parametrize("script", [FULL, FAST], ids=["full", "fast"])
def test_all_three_speak_and_every_word_waited_for_is_said(script: object) -> None:
    assert {line.who for line in script.lines} == {Role.CITIZEN, Role.OPERATOR, Role.DEPARTMENT} == set(VOICES)
    for line in script.lines:
        assert line.words
        plain = line.text.replace("，", "")
        assert all(word in plain for word in line.words)
