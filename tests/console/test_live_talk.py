"""Captions on their way from the recogniser to the desk: at the right moment, each in its own line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from config.city import load
from config.settings import ROOT
from console.hub import Hub
from console.live_talk import LiveTalk
from ivr.board import Board, Participant, ParticipantState, Room
from ivr.call import Role
from ivr.legs import tap_id
from transcription.caption import Caption
from transcription.transcript import Word

BEGAN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Talk:
    """A citizen in a room, and a clock."""

    def __init__(self) -> None:
        citizen = Participant("c-1", Role.CITIZEN, "", "市民", ParticipantState.TALKING)
        board = Board(rooms=(Room("c", "13805712345", BEGAN, (citizen,)),))
        exchange = SimpleNamespace(board=lambda: board)
        self.now = BEGAN
        self.hub = Hub(lambda: board)
        self.hub.look()
        self.talk = LiveTalk(exchange, self.hub, load(ROOT / "config"), lambda: self.now)  # type: ignore[arg-type]

    def hears(self, number: int, text: str, start: float, end: float, *, final: bool, at: float) -> None:
        """`at`: seconds since the room was opened."""
        self.now = BEGAN + timedelta(seconds=at)
        words = (Word(text, start, end, 1.0),) if final else ()
        self.talk.on_caption(Caption(tap_id("c-1"), number, text, final, start, end, 1.0 if final else 0.0, words))

    @property
    def lines(self) -> list[tuple[float, str]]:
        return [(round(line.start, 1), line.text) for line in self.hub.captions("c")]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_a_caption_stands_at_the_moment_when_it_was_said(talk: Talk) -> None:
    """The leg is tapped from second 2 on; its owner listens first and speaks from second 9 on."""
    talk.hears(1, "路灯", 7.0, 7.5, final=False, at=9.5)
    talk.hears(1, "路灯坏了", 7.1, 8.0, final=True, at=10.9)
    assert talk.lines == [(9.1, "路灯坏了")]


def test_after_a_pause_of_the_recording_new_words_do_not_replace_the_old(talk: Talk) -> None:
    talk.hears(1, "路灯坏了", 1.0, 2.0, final=True, at=4.0)
    talk.hears(1, "已经三天了", 1.0, 1.5, final=False, at=31.5)
    talk.hears(1, "已经三天了", 1.0, 2.0, final=True, at=32.9)
    assert talk.lines == [(3.0, "路灯坏了"), (31.0, "已经三天了")]


def test_the_draft_grows_in_the_order_in_which_things_were_said(talk: Talk) -> None:
    talk.hears(1, "人民路附近的路灯坏了", 5.0, 7.0, final=True, at=7.0)
    talk.hears(2, "我要投诉", 9.0, 10.0, final=True, at=10.0)
    draft = talk.hub.draft_of("c")
    assert (draft["kind"], draft["place"]) == ("complaint", "人民路附近")
