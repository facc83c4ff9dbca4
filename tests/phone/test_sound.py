"""From samples to packets and back: codecs, packets, the recording's time line, and ears."""

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import g711
from phone.heard import Heard
from phone.hearing import ever, is_silent, loudness, tones
from phone.packets import FRAME, Event, Packet, ahead, pack, pack_event, unpack, unpack_event
from phone.voice import Voice, read_wav, tone, write_wav


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_every_code_is_its_own_best_code(codec):
    codes = bytes(range(256))
    again = g711.decode(g711.encode(g711.decode(codes, codec), codec), codec)
    assert again == g711.decode(codes, codec)


@pytest.mark.parametrize(
    ("codec", "code", "sample"),
    [("PCMU", 0x00, -32124), ("PCMU", 0x80, 32124), ("PCMU", 0xFF, 0), ("PCMA", 0x2A, -32256), ("PCMA", 0xD5, 8)],
)
def test_codes_mean_what_the_standard_says(codec, code, sample):
    assert g711.decode(bytes([code]), codec)[0] == sample


@given(st.integers(-32768, 32767), st.sampled_from(["PCMU", "PCMA"]))
def test_coding_loses_little(sample, codec):
    back = g711.decode(g711.encode([sample], codec), codec)[0]
    assert abs(back - sample) <= max(24, abs(sample) // 24)


@given(st.integers(0, 127), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.binary(max_size=200), st.booleans())
def test_a_packet_packed_is_the_packet_unpacked(payload, seq, stamp, data, marker):
    packet = unpack(pack(payload, seq, stamp, 7, data, marker=marker))
    if marker and 64 <= payload <= 95:
        assert packet is None  # where RTCP lives; no telephone uses these
    else:
        assert packet == Packet(payload, marker, seq, stamp, 7, data)


@given(st.binary(max_size=60))
def test_no_bytes_harm_the_ear(data):
    unpack(data)
    unpack(b"\xb1" + data)
    unpack_event(data)


def test_keys_are_told_as_the_standard_says():
    assert pack_event(Event("#", True, 960)) == bytes([11, 0x80 | 10, 0x03, 0xC0])
    assert unpack_event(bytes([5, 10, 0, 160])) == Event("5", False, 160)
    assert unpack_event(bytes([16, 0, 0, 0])) is None  # flash is no key


def test_counters_wrap():
    assert ahead(3, 2**32 - 2) == 5
    assert ahead(65535, 1, 16) == -2


def packets(samples, start=1000, seq=65530):
    for i in range(0, len(samples), FRAME):
        frame = g711.encode(samples[i : i + FRAME], "PCMU")
        yield Packet(0, False, (seq + i // FRAME) & 0xFFFF, start + i, 9, frame)


def test_jitter_leaves_no_trace_in_the_recording():
    said = tone(440, seconds=1)
    heard = Heard()
    for n, packet in enumerate(packets(said)):
        heard.add(packet, "PCMU", 100 + n * 0.02 + random.uniform(0, 0.1))
    assert heard.samples() == g711.decode(g711.encode(said, "PCMU"), "PCMU")


def test_what_is_lost_is_silence_and_what_is_late_fills_its_place():
    frames = list(packets([8000] * FRAME * 5))
    heard = Heard()
    for n in (0, 1, 4, 3):
        heard.add(frames[n], "PCMU", 100 + n * 0.02)
    levels = [round(loudness(heard.between(100 + n * 0.02, 100.02 + n * 0.02)), -3) for n in range(5)]
    assert levels == [8000, 8000, 0, 8000, 8000]


def test_a_pause_of_the_sender_is_a_pause_in_the_recording():
    heard = Heard()
    first, second = list(packets([8000] * FRAME * 2))
    heard.add(first, "PCMU", 50.0)
    heard.add(second, "PCMU", 52.0)  # its timestamp claims 20 ms; two seconds have passed
    assert len(heard.samples()) == 2 * 8000 + FRAME


def test_silence_is_heard_before_the_first_and_after_the_last_packet():
    heard = Heard()
    heard.add(next(iter(packets([8000] * FRAME))), "PCMU", 10.0)
    around = heard.between(9.99, 10.03)
    assert len(around) == 320
    assert is_silent(around[:80])
    assert loudness(around[80:240]) > 7000
    assert is_silent(around[240:])
    assert list(Heard().between(1, 1.01)) == [0] * 80


def noisy(*frequencies, level=0.1, seconds=0.4, noise=60):
    """Tones mixed and coded as on the line, with noise under them."""
    dice = random.Random(5)
    mixed = [sum(s) + dice.gauss(0, noise) for s in zip(*(tone(hz, level, seconds) for hz in frequencies), strict=True)]
    return g711.decode(g711.encode((round(s) for s in mixed), "PCMU"), "PCMU")


ALL = (330, 440, 620, 880, 1100)


@pytest.mark.parametrize("said", [{440}, {440, 620}, {440, 880}, {440, 620, 880}, {330, 620, 1100}])
@pytest.mark.parametrize("level", [0.01, 0.1, 0.3])
def test_mixed_tones_are_told_apart(said, level):
    assert tones(noisy(*said, level=level), ALL) == said


def test_one_quiet_among_loud_ones_is_found():
    loud, quiet = noisy(440, level=0.3), noisy(620, level=0.06)
    assert tones([a + b for a, b in zip(loud, quiet, strict=True)], ALL) == {440, 620}


def test_a_tone_that_has_just_begun_or_ended_is_not_there_yet_or_no_more():
    assert tones([0] * 1600 + tone(440, seconds=0.2), ALL) == set()
    assert tones(tone(440, seconds=0.2) + [0] * 1600, ALL) == set()


def test_a_word_between_is_not_overheard():
    heard = [0] * 4000 + tone(620, seconds=0.25) + [0] * 4000
    assert tones(heard, ALL) == set()
    assert ever(heard, ALL) == {620}
    assert ever([0] * 8000, ALL) == set()


def test_noise_and_silence_are_no_tones():
    dice = random.Random(3)
    assert tones([round(dice.gauss(0, 3000)) for _ in range(3200)], ALL) == set()
    assert tones(array("h", bytes(6400)), ALL) == set()
    assert tones([], ALL) == set()


def test_a_sound_is_played_to_its_end_and_a_loop_has_no_seam():
    voice = Voice()
    voice.say(bytes(range(200)), "PCMU")
    assert voice.next_frame().data == bytes(range(160))
    assert voice.next_frame().data == bytes(range(160, 200)) + b"\xff" * 120
    assert voice.played
    voice.say(b"abc", "PCMU", loop=True)
    assert voice.next_frame().data + voice.next_frame().data == (b"abc" * 200)[:320]
    assert not voice.played


def test_keys_interrupt_the_sound_without_losing_any_of_it():
    voice = Voice()
    voice.say(bytes(range(160)) * 2, "PCMU")
    voice.press("1")
    pressed = []
    while not voice.pressed:
        pressed.append(voice.next_frame())
    events = [frame.event for frame in pressed if frame.event]
    assert {event.key for event in events} == {"1"}
    assert [event.end for event in events] == [False] * 6 + [True] * 3
    assert voice.next_frame().data == bytes(range(160))
    with pytest.raises(ValueError, match="keys"):
        voice.press("1x")


def test_sounds_go_into_files_and_come_back(tmp_path):
    samples = tone(440, seconds=0.1)
    write_wav(tmp_path / "a.wav", samples)
    assert read_wav(tmp_path / "a.wav") == samples


def test_a_file_of_another_rate_is_refused_by_name(tmp_path):
    import wave

    with wave.open(str(tmp_path / "hifi.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
    with pytest.raises(ValueError, match=r"hifi\.wav must be WAV with 8000 Hz"):
        read_wav(tmp_path / "hifi.wav")
