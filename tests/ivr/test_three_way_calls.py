"""Three-way calls (三方通话) over real SIP and RTP: tones prove who hears whom."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ivr.board import Cause, ParticipantState
from ivr.live import Refused
from phone import Phone, PhoneCall, hearing
from tests.house import CITIZEN, DEPARTMENT, OPERATOR, House, eventually

pytestmark = pytest.mark.calls
MUSIC = 330
S = ParticipantState


@dataclass
class Talk:
    """A citizen and an operator in a room, both sounding."""

    house: House
    room: str
    citizen: PhoneCall
    operator: PhoneCall
    phone: Phone

    def leg(self, name: str) -> str:
        found = self.house.participant(name)
        assert found is not None
        return found.leg

    def add_department(self, code: str = "water") -> PhoneCall:
        """Bring a department in, and wait until all three hear each other."""
        self.house.trunk.answering = "auto"
        self.house.exchange.add(self.room, department=code, by="op1")
        department = self.house.trunk.wait_for_ring(3)
        department.wait_up(3).play_tone(DEPARTMENT)
        assert self.citizen.hears({OPERATOR, DEPARTMENT}, within=3)
        assert self.operator.hears({CITIZEN, DEPARTMENT}, within=3)
        assert department.hears({CITIZEN, OPERATOR}, within=3)
        return department

    def change(self, name: str, **changes: object) -> None:
        self.house.exchange.change(self.room, self.leg(name), **changes)

    def cause(self, code: str) -> Cause | None:
        found = self.house.participant(code)
        return found.cause if found else None


@pytest.fixture
def talk(house: House) -> Iterator[Talk]:
    with house.operator("op1") as phone:
        citizen = house.citizen()
        ring = phone.wait_for_ring(5)
        ring.answer()
        assert citizen.hears({OPERATOR}, within=3)
        assert ring.hears({CITIZEN}, within=3)
        room = house.room()
        assert room is not None
        yield Talk(house, room.id, citizen, ring, phone)
        for call in (citizen, ring):
            call.hang_up()


def gone_within_two_seconds(talk: Talk) -> None:
    """No ghost leg, no ringing telephone, no place in the line."""
    eventually(lambda: not talk.house.channels(), "no leg left in Asterisk", 2)
    board = talk.house.exchange.board()
    assert board.rooms == ()
    assert board.places == ()


def is_asked_and_seen_off(citizen: PhoneCall) -> None:
    """The talk is over, and the flow goes on: the survey, an answer by key, goodbye."""
    assert citizen.comes_to_hear(lambda samples: bool(hearing.tones(samples, (2900,))), within=4)
    citizen.press("5")
    assert citizen.comes_to_hear(lambda samples: bool(hearing.tones(samples, (1900,))), within=6)
    citizen.wait_ended(3)


def test_the_three_hear_each_other(talk: Talk) -> None:
    department = talk.add_department()
    assert department.dialled == "87031001"
    assert department.caller == "12345"


def test_each_leg_is_recorded_in_a_file_with_one_speaker(talk: Talk) -> None:
    talk.add_department()
    time.sleep(0.5)
    room = talk.room
    talk.citizen.hang_up()
    eventually(lambda: room in talk.house.telephony.spool.finished_calls(), "the finished call")
    files = sorted(talk.house.settings.recordings_dir.rglob(f"{room}-*.wav"))
    heard = [_tones(file) for file in files]
    assert heard == [{CITIZEN}, {OPERATOR}, {DEPARTMENT}]


def test_pausing_the_recording_leaves_silence_in_every_file(talk: Talk) -> None:
    talk.house.exchange.record(talk.room, "paused")
    time.sleep(1)
    assert talk.citizen.hears({OPERATOR})
    talk.house.exchange.record(talk.room, "on")
    time.sleep(0.6)
    room = talk.room
    talk.citizen.hang_up()
    eventually(lambda: room in talk.house.telephony.spool.finished_calls(), "the finished call")
    for number in (1, 2):
        (file,) = talk.house.settings.recordings_dir.rglob(f"{room}-{number}.wav")
        assert _longest_silence(file) == pytest.approx(1.0, abs=0.35)


def test_a_muted_department_is_heard_by_nobody_and_hears_everybody(talk: Talk) -> None:
    department = talk.add_department()
    talk.change("water", muted=True)
    assert talk.citizen.hears({OPERATOR}, within=2)
    assert talk.operator.hears({CITIZEN}, within=2)
    assert department.hears({CITIZEN, OPERATOR})
    talk.change("water", muted=False)
    assert talk.citizen.hears({OPERATOR, DEPARTMENT}, within=2)


def test_a_held_citizen_hears_music_and_nobody_hears_the_citizen(talk: Talk) -> None:
    department = talk.add_department()
    talk.change("", held=True)
    assert talk.citizen.comes_to_hear(
        lambda s: _hears_music(s) and not hearing.tones(s, (OPERATOR, DEPARTMENT)), within=3
    )
    assert talk.operator.hears({DEPARTMENT}, within=2)
    assert department.hears({OPERATOR}, within=2)
    talk.change("", held=False)
    assert talk.citizen.hears({OPERATOR, DEPARTMENT}, within=3)
    assert department.hears({CITIZEN, OPERATOR}, within=2)


def test_a_held_department_hears_music_not_the_talk(talk: Talk) -> None:
    department = talk.add_department()
    talk.change("water", held=True)
    assert department.comes_to_hear(lambda s: _hears_music(s) and not hearing.tones(s, (OPERATOR, CITIZEN)), within=3)
    assert talk.citizen.hears({OPERATOR}, within=2)
    talk.change("water", held=False)
    assert department.hears({CITIZEN, OPERATOR}, within=3)


def test_a_department_may_whisper_to_the_operator(talk: Talk) -> None:
    talk.add_department()
    talk.change("water", whisper_to=talk.leg("op1"))
    assert talk.citizen.hears({OPERATOR}, within=3)
    assert talk.operator.hears({CITIZEN, DEPARTMENT}, within=3)
    talk.change("water", whisper_to=None)
    assert talk.citizen.hears({OPERATOR, DEPARTMENT}, within=3)


def test_a_supervisor_listens_unheard_then_whispers_to_the_operator(talk: Talk) -> None:
    with talk.house.operator("sup1", ready=False, tone=1200, answering="auto") as supervisor:
        talk.house.exchange.add(talk.room, operator="sup1", muted=True, by="sup1")
        listening = supervisor.wait_for_ring(3)
        assert listening.hears({CITIZEN, OPERATOR}, within=3)
        assert talk.citizen.hears({OPERATOR})
        talk.change("sup1", whisper_to=talk.leg("op1"))
        assert talk.operator.comes_to_hear(lambda s: hearing.tones(s, (CITIZEN, 1200)) == {CITIZEN, 1200}, within=3)
        assert not hearing.tones(talk.citizen.heard_since(talk.citizen.now() - 0.5), (1200,))


def test_a_removed_department_hears_nothing_more(talk: Talk) -> None:
    department = talk.add_department()
    talk.house.exchange.remove(talk.room, talk.leg("water"))
    department.wait_ended(2)
    assert talk.citizen.hears({OPERATOR}, within=2)
    assert talk.house.participant("water").state is S.LEFT


@pytest.mark.parametrize(
    ("answering", "cause"),
    [("busy", Cause.BUSY), ("refuse", Cause.REFUSED), ("ring", Cause.NO_ANSWER), ("unavailable", Cause.UNREACHABLE),
     ("not_found", Cause.UNREACHABLE)],
)  # fmt: skip
def test_a_department_that_cannot_be_had_comes_back_with_the_true_cause(
    talk: Talk, answering: str, cause: Cause
) -> None:
    talk.house.trunk.answering = answering
    talk.house.exchange.add(talk.room, department="water", by="op1")
    eventually(lambda: talk.cause("water"), "a cause", 6)
    assert talk.cause("water") is cause
    assert talk.citizen.hears({OPERATOR})
    assert talk.operator.hears({CITIZEN})


def test_a_ringing_department_can_be_cancelled(talk: Talk) -> None:
    talk.house.trunk.answering = "ring"
    asked = talk.house.exchange.add(talk.room, department="water", by="op1")
    ringing = talk.house.trunk.wait_for_ring(3)
    talk.house.exchange.remove(talk.room, asked.leg)
    ringing.wait_ended(2)
    eventually(lambda: talk.house.participant("water").state is S.FAILED, "a cancelled row")


def test_only_departments_on_the_list_can_be_called(talk: Talk) -> None:
    for name in ("nobody", "87031001", "water&PJSIP/trunk/sip:00@x", ""):
        with pytest.raises(Refused):
            talk.house.exchange.add(talk.room, department=name, by="op1")
    assert len(talk.house.room().participants) == 2


def test_the_operator_leaves_and_citizen_and_department_go_on(talk: Talk) -> None:
    department = talk.add_department()
    talk.operator.hang_up()
    assert talk.citizen.hears({DEPARTMENT}, within=3)
    assert department.hears({CITIZEN}, within=3)
    department.hang_up()
    is_asked_and_seen_off(talk.citizen)
    gone_within_two_seconds(talk)


def test_a_held_citizen_comes_back_when_the_operator_leaves(talk: Talk) -> None:
    department = talk.add_department()
    talk.change("", held=True)
    assert department.hears({OPERATOR}, within=2)
    talk.operator.hang_up()
    assert talk.citizen.hears({DEPARTMENT}, within=3)
    assert department.hears({CITIZEN}, within=3)


def test_the_department_drops_and_the_others_go_on(talk: Talk) -> None:
    department = talk.add_department()
    department.hang_up()
    assert talk.citizen.hears({OPERATOR}, within=3)
    assert talk.operator.hears({CITIZEN}, within=3)


def test_the_operator_hangs_up_and_the_citizen_hears_goodbye(talk: Talk) -> None:
    talk.operator.hang_up()
    is_asked_and_seen_off(talk.citizen)
    gone_within_two_seconds(talk)


def test_the_operator_hangs_up_while_a_department_rings_and_nothing_rings_on(talk: Talk) -> None:
    talk.house.trunk.answering = "ring"
    talk.house.exchange.add(talk.room, department="water", by="op1")
    ringing = talk.house.trunk.wait_for_ring(3)
    talk.operator.hang_up()
    ringing.wait_ended(2)
    is_asked_and_seen_off(talk.citizen)
    gone_within_two_seconds(talk)


def test_the_citizen_hangs_up_and_nobody_stays_behind(talk: Talk) -> None:
    department = talk.add_department()
    talk.citizen.hang_up()
    talk.operator.wait_ended(2)
    department.wait_ended(2)
    gone_within_two_seconds(talk)


def test_the_citizen_hangs_up_while_held_and_while_a_department_rings(talk: Talk) -> None:
    talk.house.trunk.answering = "ring"
    talk.house.exchange.add(talk.room, department="water", by="op1")
    ringing = talk.house.trunk.wait_for_ring(3)
    talk.change("", held=True)
    talk.citizen.hang_up()
    ringing.wait_ended(2)
    talk.operator.wait_ended(2)
    gone_within_two_seconds(talk)


def _hears_music(samples: object) -> bool:
    return bool(hearing.tones(samples, (250, 330)))  # type: ignore[arg-type]


def _tones(file: object) -> set[int]:
    with wave.open(str(file)) as sound:
        frames = sound.readframes(sound.getnframes())
    from array import array

    samples = array("h", frames)
    return set(hearing.tones(samples[-4000:], (CITIZEN, OPERATOR, DEPARTMENT)))


def _longest_silence(file: object) -> float:
    from array import array

    with wave.open(str(file)) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    longest = run = 0
    for start in range(0, len(samples) - 160, 160):
        run = run + 1 if hearing.is_silent(samples[start : start + 160]) else 0
        longest = max(longest, run)
    return longest * 0.02
