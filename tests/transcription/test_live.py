"""Live captions over real sockets from a real process: right words, bounded delay, and no way to harm a call."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from config.settings import Settings
from tests.transcription.speakers import SILENCE, Speaker, clip, text_of, told
from transcription import live
from transcription.caption import Caption
from transcription.live import MAX_QUESTION_BYTES, Captions
from transcription.understood import Understood


class Room:
    """Captions, and what they told."""

    def __init__(self, on_caption: Callable[[Caption], None] = lambda _caption: None) -> None:
        self.heard: list[tuple[float, Caption]] = []
        self.understood: list[Understood] = []
        self.restarted = threading.Event()
        self._then = on_caption
        self.captions = Captions(Settings(), self._on_caption, self.restarted.set, self.understood.append, port=0)

    def _on_caption(self, caption: Caption) -> None:
        self.heard.append((time.monotonic(), caption))
        self._then(caption)

    def finals(self, tap: uuid.UUID) -> list[str]:
        return [c.text for _at, c in self.heard if c.final and c.tap == str(tap)]

    def speaker(self) -> Speaker:
        return Speaker(self.captions.address)

    def until(self, what: Callable[[], object], seconds: float = 10.0) -> None:
        give_up = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < give_up, self.captions.health()
            time.sleep(0.01)

    def until_ready(self) -> None:
        self.until(lambda: self.captions.health().ok)


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    room.captions.start()
    room.until_ready()
    yield room
    room.captions.stop()


def test_words_appear_while_they_are_spoken_and_are_final_soon_after(room: Room) -> None:
    speaker = room.speaker()
    speaker.say(clip("outage").pcm + SILENCE)
    room.until(lambda: room.finals(speaker.tap))
    captions = [c for _at, c in room.heard]
    *growing, final = captions
    assert len(growing) >= 3
    assert not any(c.final for c in growing)
    assert all(a.text != b.text for a, b in pairwise(growing))  # only changes are told
    assert final.text == text_of("outage")
    assert {c.tap for c in captions} == {str(speaker.tap)}
    assert {c.number for c in captions} == {1}
    for word, (text, start, end) in zip(final.words, told()["outage"]["words"], strict=True):
        assert (word.text, word.start, word.end) == (text, pytest.approx(start, abs=0.1), pytest.approx(end, abs=0.1))
    at = room.heard[-1][0] - speaker.began
    assert at - final.end < 1.5  # Vosk itself waits 0.5 s of silence before it calls an utterance ended
    speaker.hang_up()


def test_two_legs_at_once_are_not_mixed_up_and_numbers_are_digits(room: Room) -> None:
    citizen, operator = room.speaker(), room.speaker()
    voices = [
        threading.Thread(target=citizen.say, args=(clip("address").pcm,), kwargs={"pace": 2}),
        threading.Thread(target=operator.say, args=(clip("telephone").pcm,), kwargs={"pace": 2}),
    ]
    for voice in voices:
        voice.start()
    for voice in voices:
        voice.join()
    assert room.captions.health().taps == 2
    citizen.hang_up()
    operator.hang_up()
    room.until(lambda: room.finals(citizen.tap) and room.finals(operator.tap))
    assert room.finals(citizen.tap) == ["我家住中山路3号楼2单元502室"]
    assert room.finals(operator.tap) == ["我的电话是13805712345"]
    room.until(lambda: room.captions.health().taps == 0)


def test_a_leg_that_is_cut_off_is_heard_to_its_last_word(room: Room) -> None:
    speaker = room.speaker()
    speaker.say(clip("water").pcm, pace=2)
    speaker.socket.close()  # no farewell
    room.until(lambda: room.finals(speaker.tap))
    assert room.finals(speaker.tap) == [text_of("water")]


@pytest.mark.slow
def test_a_telephone_that_stops_sending_ends_the_utterance(room: Room) -> None:
    speaker = room.speaker()
    speaker.say(clip("fire").pcm)
    room.until(lambda: room.finals(speaker.tap))  # and no frame has come since
    speaker.say(clip("fire").pcm)
    room.until(lambda: len(room.finals(speaker.tap)) == 2)
    first, second = [c for _at, c in room.heard if c.final]
    assert second.number == first.number + 1
    assert second.start > first.end + 1
    speaker.hang_up()


@pytest.mark.slow
def test_a_killed_recogniser_is_replaced_and_the_room_is_told(room: Room) -> None:
    speaker = room.speaker()
    speaker.say(clip("outage").pcm[:16000], pace=4)
    os.kill(room.captions.worker_pid, signal.SIGKILL)
    assert room.restarted.wait(5)
    room.until_ready()
    with suppress(OSError):
        speaker.say(clip("outage").pcm, pace=4)  # its connection ended with the worker: only captions are lost
    again = room.speaker()
    again.say(clip("fire").pcm, pace=2)
    again.hang_up()
    room.until(lambda: room.finals(again.tap))
    assert room.finals(again.tap) == [text_of("fire")]
    assert room.captions.health().restarts == 1


@pytest.mark.slow
def test_a_stopped_recogniser_is_noticed_and_who_knocks_meanwhile_is_let_in(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SILENT_SECONDS", 1.0)
    room.until(lambda: room.captions.health().ok)
    time.sleep(0.6)  # a beat, so that the shorter patience counts
    os.kill(room.captions.worker_pid, signal.SIGSTOP)
    knocking = room.speaker()  # nobody answers, but the connection stands
    knocking.say(clip("fire").pcm, pace=2)
    assert room.restarted.wait(6)
    knocking.hang_up()
    room.until(lambda: room.finals(knocking.tap))
    assert room.finals(knocking.tap)[0].endswith("派人")
    assert room.captions.health().restarts == 1


@pytest.mark.slow
def test_hostile_peers_harm_nobody(room: Room) -> None:
    pid = room.captions.worker_pid
    speaker = room.speaker()
    said = threading.Thread(target=speaker.say, args=(clip("outage").pcm + SILENCE,))
    said.start()
    hello = b"\x01\x00\x10" + uuid.uuid4().bytes
    for attack in (
        b"",
        b"\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(10_000),
        hello + b"\x10\xff\xff" + bytes(100),
        hello + (b"\x10\xff\xfe" + os.urandom(65534)) * 160,  # 10 MB of noise at once
        hello + hello,
        b"\x10\x01\x40" + bytes(320),
    ):
        with socket.create_connection(room.captions.address) as peer, suppress(OSError):
            peer.sendall(attack)
    idle = [socket.create_connection(room.captions.address) for _ in range(50)]
    said.join()
    room.until(lambda: room.finals(speaker.tap))
    assert room.finals(speaker.tap) == [text_of("outage")]
    room.until(lambda: room.captions.health().taps == 1)
    assert room.captions.worker_pid == pid
    assert room.captions.health().dropped_seconds > 100  # the noise, which was not worth hearing
    for peer in idle:
        peer.close()
    speaker.hang_up()


@pytest.mark.slow
def test_memory_is_given_back_when_taps_end(room: Room) -> None:
    def resident() -> int:
        pages = Path(f"/proc/{room.captions.worker_pid}/statm").read_text().split()[1]
        return int(pages) * 4096 // 1_000_000

    def round_of_taps() -> None:
        speakers = [room.speaker() for _ in range(10)]
        for speaker in speakers:
            speaker.say(clip("fire").pcm[:32000], pace=100)
            speaker.hang_up()
        room.until(lambda: room.captions.health().taps == 0)

    for _ in range(3):
        round_of_taps()
    before = resident()
    for _ in range(10):
        round_of_taps()
    assert resident() - before < 20


def test_a_receiver_that_fails_does_not_end_the_captions() -> None:
    def fail(_caption: Caption) -> None:
        raise RuntimeError("the page is gone")

    room = Room(fail)
    room.captions.start()
    room.until_ready()
    speaker = room.speaker()
    speaker.say(clip("fire").pcm, pace=2)
    speaker.hang_up()
    room.until(lambda: room.finals(speaker.tap))
    room.captions.stop()


def test_a_port_that_is_taken_is_told_and_not_raised() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        captions = Captions(Settings(), lambda _c: None, port=other.getsockname()[1])
        captions.start()
        give_up = time.monotonic() + 5
        while "in use" not in captions.health().detail and time.monotonic() < give_up:
            time.sleep(0.01)
        assert not captions.health().ok
        assert "in use" in captions.health().detail
        captions.stop()


@pytest.mark.slow
def test_a_recogniser_whose_parent_was_killed_ends_too() -> None:
    program = """
import time
from config.settings import Settings
from transcription.live import MAX_QUESTION_BYTES, Captions
from transcription.understood import Understood
captions = Captions(Settings(), print, port=0)
captions.start()
while not captions.health().ok:
    time.sleep(0.01)
print(captions.worker_pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    give_up = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_model_that_is_not_there_is_told_and_calls_go_on(tmp_path: Path) -> None:
    captions = Captions(Settings(vosk_model=tmp_path / "nothing"), lambda _c: None, port=0)
    captions.start()
    give_up = time.monotonic() + 10
    while "HOTLINE_VOSK_MODEL" not in captions.health().detail and time.monotonic() < give_up:
        time.sleep(0.01)
    assert "HOTLINE_VOSK_MODEL" in captions.health().detail
    assert not captions.health().ok
    captions.stop()


def test_nothing_is_left_after_stop() -> None:
    room = Room()
    room.captions.start()
    room.until_ready()
    pid, address = room.captions.worker_pid, room.captions.address
    room.captions.stop()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_the_tap_of_a_question_is_told_its_answer_and_nothing_else(room: Room) -> None:
    assert not room.captions.ask("1", ["长" * MAX_QUESTION_BYTES])
    for words, sentence in (("路灯坏了", "lamps"), ("停水了", "outage"), ("没有这个词汇呀", "water")):
        tap = uuid.uuid4()
        assert room.captions.ask(str(tap), [words])
        speaker = Speaker(room.captions.address, name=tap)
        speaker.say(clip(sentence).pcm + SILENCE, pace=2)
        speaker.hang_up()
    room.until(lambda: len([heard for heard in room.understood if heard.final]) == 2)
    room.until(lambda: room.captions.health().taps == 0)

    assert [heard.words for heard in room.understood] == [""] * 4, (
        "somebody speaks; the sentences say more than the words"
    )
    assert room.heard == []


def test_nobody_is_asked_to_listen_who_is_not_there() -> None:
    assert not Captions(Settings(), lambda _caption: None, port=0).ask("1", ["停水"])
