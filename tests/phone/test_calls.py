"""Two telephones on real sockets: ringing, talking, refusing, holding, vanishing."""

import time

import pytest

from phone import Phone, PhoneError, Policy
from phone.hearing import CITIZEN, DEPARTMENT, OPERATOR


@pytest.fixture
def ann():
    with Phone("ann") as phone:
        yield phone


@pytest.fixture
def bob():
    with Phone("bob") as phone:
        yield phone


def at(phone, user="12345"):
    return f"sip:{user}@127.0.0.1:{phone.port}"


def talking(ann, bob):
    call = ann.call(at(bob))
    answered = bob.wait_for_ring(2).answer()
    return call.wait_up(2), answered.wait_up(2)


def test_a_call_is_answered_and_both_hear_each_other(ann, bob):
    citizen, operator = talking(ann, bob)
    citizen.play_tone(CITIZEN)
    operator.play_tone(OPERATOR)
    assert operator.hears({CITIZEN})
    assert citizen.hears({OPERATOR})
    citizen.hang_up()
    assert operator.wait_ended(2).ended_by == "them"
    assert citizen.wait_ended(2).ended_by == "us"
    assert (citizen.status, operator.status) == (200, 200)


def test_who_calls_and_what_was_dialled_is_known_while_it_rings(ann, bob):
    call = ann.call(at(bob, "3001"), caller_id="13805712345", display='市民 "小张"', headers={"X-Case": "2026-1"})
    ringing = bob.wait_for_ring(2)
    assert (ringing.dialled, ringing.caller, ringing.display) == ("3001", "13805712345", '市民 "小张"')
    assert ringing.headers["X-Case"] == "2026-1"
    call.wait_ringing(2)
    assert (call.state, ringing.state) == ("ringing", "ringing")


def test_moments_are_noted_for_measuring(ann, bob):
    call, _ = talking(ann, bob)
    call.hang_up()
    call.wait_ended(2)
    assert call.started_at <= call.ringing_at <= call.up_at <= call.ended_at <= call.now()


@pytest.mark.parametrize(
    ("policy", "status"),
    [("busy", 486), ("refuse", 603), ("unavailable", 480), ("not_found", 404), (503, 503), (Policy("busy", 0.2), 486)],
)
def test_a_refusal_comes_back_with_its_cause(ann, bob, policy, status):
    bob.answering = policy
    call = ann.call(at(bob)).wait_ended(2)
    assert (call.status, call.ended_by, call.up_at) == (status, "them", None)
    assert bob.calls[0].ended_by == "us"


def test_a_refusal_may_say_why(ann, bob):
    call = ann.call(at(bob))
    bob.wait_for_ring(2).reject(486, reason='Q.850;cause=17;text="User busy"')
    call.wait_ended(2)
    assert (call.status, call.cause, call.reason) == (486, "17", 'Q.850;cause=17;text="User busy"')


def test_one_listener_plays_many_departments(ann, bob):
    bob.answering = lambda call: {"3001": "busy", "3002": Policy("auto", 0.1)}.get(call.dialled, "not_found")
    bob.when_up = lambda call: call.play_tone(DEPARTMENT)
    assert ann.call(at(bob, "3001")).wait_ended(2).status == 486
    assert ann.call(at(bob, "9999")).wait_ended(2).status == 404
    assert ann.call(at(bob, "3002")).wait_up(2).hears({DEPARTMENT})


def test_a_phone_rings_until_the_caller_gives_up(ann, bob):
    bob.answering = "ring"
    call = ann.call(at(bob)).wait_ringing(2)
    ringing = bob.wait_for_ring(2)
    call.hang_up()
    assert (call.wait_ended(2).status, call.ended_by) == (487, "us")
    assert (ringing.wait_ended(2).status, ringing.ended_by) == (487, "them")


def test_a_call_cancelled_in_its_first_moment_still_ends(ann, bob):
    call = ann.call(at(bob))
    call.cancel()
    assert call.wait_ended(3).ended_by == "us"
    assert bob.wait_for_ring(2).wait_ended(2).ended_by == "them"


def test_whoever_answers_and_hangs_up_at_once_leaves_nothing_behind(ann, bob):
    call = ann.call(at(bob))
    answered = bob.wait_for_ring(2).answer()
    answered.hang_up()
    assert call.wait_ended(2).ended_by == "them"
    assert answered.ended_by == "us"


def test_a_phone_that_was_unplugged_says_nothing(ann, bob):
    bob.answering = "silent"
    call = ann.call(at(bob))
    with pytest.raises(PhoneError, match="ringing"):
        call.wait_ringing(0.7)
    assert call.state == "calling"


def test_audio_flows_from_the_first_moment_even_in_silence(ann, bob):
    call, answered = talking(ann, bob)
    time.sleep(0.5)
    assert len(call.heard) >= 0.4 * 8000
    assert len(answered.heard) >= 0.4 * 8000
    assert call.heard_from - answered.up_at < 0.1


def test_packets_come_in_step_and_do_not_drift(ann, bob):
    call, answered = talking(ann, bob)
    call.play_tone(CITIZEN)
    assert answered.hears({CITIZEN})
    start, before = answered.now(), answered._stream.heard.packets
    time.sleep(2)
    sent = answered._stream.heard.packets - before
    assert sent == pytest.approx((answered.now() - start) * 50, abs=4)


def test_a_file_is_heard_as_it_was_spoken(ann, bob, tmp_path):
    from phone.voice import read_wav, tone, write_wav

    call, answered = talking(ann, bob)
    said = tone(CITIZEN, 0.3, 0.5) + tone(OPERATOR, 0.3, 0.5)
    write_wav(tmp_path / "said.wav", said)
    mark = call.now()
    call.play(tmp_path / "said.wav").wait_played(3)
    time.sleep(0.1)
    answered.save_heard(tmp_path / "heard.wav")
    heard = read_wav(tmp_path / "heard.wav")[max(0, round((mark - answered.heard_from) * 8000)) :]
    start = next(i for i, sample in enumerate(heard) if abs(sample) > 100) - 1
    difference = [a - b for a, b in zip(said, heard[start : start + len(said)], strict=True)]
    assert max(map(abs, difference)) < 300


def test_a_stall_of_the_machine_delays_sound_but_loses_none(ann, bob):
    from phone.voice import tone

    call, answered = talking(ann, bob)
    said = tone(CITIZEN, 0.3, 1.0)
    mark = call.now()
    call.play(said)
    time.sleep(0.3)
    ann._loop.soon(lambda: time.sleep(0.35))
    call.wait_played(3)
    time.sleep(0.1)
    heard = [sample for sample in answered.heard_since(mark) if abs(sample) > 100]
    assert len(heard) == pytest.approx(sum(abs(sample) > 100 for sample in said), rel=0.01)


def test_keys_are_heard_once_each_in_their_order(ann, bob):
    call, answered = talking(ann, bob)
    call.press("5678")
    answered.press("#*1A1")
    call.wait_keys("#*1A1", 2)
    answered.wait_keys("5678", 2)
    time.sleep(0.1)
    assert (call.keys, answered.keys) == ("#*1A1", "5678")


def test_hold_and_unhold(ann, bob):
    call, answered = talking(ann, bob)
    call.play_tone(CITIZEN)
    answered.play_tone(OPERATOR)
    call.hold()
    assert answered.held_by_them
    assert call.hears(set())
    assert answered.hears({CITIZEN})
    call.unhold()
    assert not answered.held_by_them
    assert call.hears({OPERATOR})


def test_when_both_hold_at_once_both_holds_come_to_pass(ann, bob):
    call, answered = talking(ann, bob)
    with call._lock, answered._lock:
        call._session.reinvite("sendonly")
        answered._session.reinvite("sendonly")
    deadline = time.monotonic() + 5
    while not (call.held_by_them and answered.held_by_them) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert call.held_by_them
    assert answered.held_by_them


def test_alaw_phones_talk_too(ann):
    with Phone("carol", codecs=("PCMA",), answering="auto", when_up=lambda call: call.play_tone(OPERATOR)) as carol:
        call = ann.call(at(carol)).wait_up(2).play_tone(CITIZEN)
        assert call.hears({OPERATOR})
        assert carol.calls[0].hears({CITIZEN})
        assert carol.calls[0]._stream.heard.codec == "PCMA"


def test_whoever_echoes_is_heard_by_the_speaker(ann, bob):
    call, answered = talking(ann, bob)
    answered.echo()
    call.play_tone(CITIZEN)
    assert call.hears({CITIZEN})


def test_a_phone_that_vanishes_says_nothing_more(ann, bob):
    call, answered = talking(ann, bob)
    call.play_tone(CITIZEN)
    assert answered.hears({CITIZEN})
    call.abandon()
    assert answered.hears(set())
    answered.hang_up()
    time.sleep(0.7)  # long enough for the BYE to be repeated
    assert sum("BYE" in line for line in bob._wire.seen) >= 2
    assert not any("<- SIP/2.0 200 OK" in line and "BYE" in line for line in bob._wire.seen)
    bob.vanish()  # nobody will ever answer that BYE


def test_leaving_a_phone_hangs_up_its_calls(bob):
    with Phone("dora") as dora:
        dora.call(at(bob))
        answered = bob.wait_for_ring(2).answer()
    assert answered.wait_ended(2).ended_by == "them"


def test_waiting_in_vain_tells_what_for_and_hides_numbers(ann, bob):
    bob.answering = "ring"
    call = ann.call(at(bob, "13905718888"), caller_id="13805712345")
    with pytest.raises(PhoneError) as problem:
        call.wait_up(0.5)
    assert "in vain for: up" in str(problem.value)
    assert "180 Ringing" in str(problem.value)
    assert "139057" not in str(problem.value)
    with pytest.raises(PhoneError, match="a call to come in"):
        ann.wait_for_ring(0.1)


def test_awaiting_an_answer_stops_when_the_call_has_failed(ann, bob):
    bob.answering = "busy"
    start = time.monotonic()
    with pytest.raises(PhoneError, match="486"):
        ann.call(at(bob)).wait_up(5)
    assert time.monotonic() - start < 2


def test_a_line_end_in_a_name_is_refused_before_it_is_sent(ann, bob):
    with pytest.raises(ValueError, match="line end"):
        ann.call(at(bob), display="x\r\nX-Evil: 1")
    assert not bob.calls


def test_a_wrong_policy_is_named(ann, bob):
    with pytest.raises(PhoneError, match="no policy 'bussy'"):
        Policy("bussy")


def test_a_phone_forgets_what_is_over_and_nothing_else(ann, bob):
    over, alive = talking(ann, bob)[0], talking(ann, bob)[0]
    over.hang_up()
    ann.forget_calls()
    assert ann.calls == [alive]
    bob.calls[1].play_tone(OPERATOR)
    assert alive.hears({OPERATOR})
    ann.call(at(bob)).wait_ringing(2)
    bob.forget_rings()
    with pytest.raises(PhoneError):
        bob.wait_for_ring(0.1)


def test_twenty_calls_at_once_share_two_phones(ann, bob):
    bob.answering, bob.when_up = "auto", lambda call: call.play_tone(DEPARTMENT)
    calls = [ann.call(at(bob, f"{3000 + n}")) for n in range(20)]
    for call in calls:
        call.wait_up(5)
    assert all(call.hears({DEPARTMENT}) for call in calls)
    assert sorted(call.dialled for call in bob.calls) == [f"{3000 + n}" for n in range(20)]
