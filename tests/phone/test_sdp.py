"""Session descriptions: what two telephones tell each other about their audio."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.sdp import EVENTS, Description, read, write
from phone.sip import SipError


def test_what_is_written_is_read():
    here = Description("127.0.0.1", 40000, {"PCMA": 8, "PCMU": 0, EVENTS: 101}, "sendonly")
    assert read(write(here, session=1, version=2)) == here


def test_the_other_sides_numbers_and_order_count():
    theirs = read(
        b"v=0\r\nc=IN IP4 10.0.0.1\r\na=inactive\r\nm=video 9 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 9 97 8 0\r\n"
        b"c=IN IP4 10.0.0.2\r\na=rtpmap:97 telephone-event/8000\r\na=rtpmap:96 H264/90000\r\n"
    )
    assert (theirs.host, theirs.port, theirs.codec, theirs.events) == ("10.0.0.2", 4000, "PCMA", 97)
    assert theirs.direction == "inactive"
    assert theirs.kinds == ("video", "audio")


def test_a_video_line_is_answered_and_refused():
    answer = write(Description("h", 1, {"PCMU": 0}, kinds=("video", "audio")), session=1, version=1).decode()
    assert answer.index("m=video 0 ") < answer.index("m=audio 1 ")


@pytest.mark.parametrize(("theirs", "ours"), [("sendrecv", "sendrecv"), ("sendonly", "recvonly"),
                                              ("recvonly", "sendonly"), ("inactive", "inactive")])  # fmt: skip
def test_being_put_on_hold_is_mirrored(theirs, ours):
    assert Description("h", 1, {}, theirs).answered_direction == ours


def test_without_a_common_codec_there_is_no_call():
    with pytest.raises(SipError):
        _ = read(b"v=0\r\nc=IN IP4 1.1.1.1\r\nm=audio 1 RTP/AVP 9\r\n").codec


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_worse(data):
    for rubbish in (data, b"v=0\r\nm=audio " + data, b"m=audio 1 RTP/AVP 0\r\na=rtpmap:" + data):
        try:
            _ = read(rubbish).codec
        except SipError:
            continue
