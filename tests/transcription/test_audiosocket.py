"""AudioSocket frames come out whole however the bytes arrive, and garbage is recognised at once."""

from __future__ import annotations

import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.audiosocket import BadFrame, Decoder, FrameKind

NAME = uuid.UUID(int=12345)
HELLO = b"\x01\x00\x10" + NAME.bytes
STREAM = HELLO + b"\x10\x00\x04abcd" + b"\x03\x00\x015" + b"\x10\x00\x00" + b"\x00\x00\x00"
FRAMES = [(FrameKind.UUID, NAME.bytes), (FrameKind.SOUND, b"abcd"), (FrameKind.KEY, b"5"), (FrameKind.SOUND, b""),
          (FrameKind.HANGUP, b"")]  # fmt: skip


@given(st.lists(st.integers(1, len(STREAM)), max_size=20))
def test_frames_are_the_same_in_whatever_pieces_they_arrive(cuts: list[int]) -> None:
    decoder, found = Decoder(), []
    borders = [0, *sorted(cuts), len(STREAM)]
    for a, b in pairwise(borders):
        found += decoder.feed(STREAM[a:b])
    assert found == FRAMES
    assert decoder.tap == str(NAME)


@pytest.mark.parametrize(
    "bad",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x10\x00\x02ab",  # sound before the name
        b"\x01\x00\x02ab",  # half a name
        HELLO + HELLO,
        HELLO + b"\x42\xff\xff",
    ],
)
def test_a_peer_that_is_not_asterisk_is_recognised(bad: bytes) -> None:
    with pytest.raises(BadFrame):
        list(Decoder().feed(bad))


@given(st.binary(max_size=200))
def test_garbage_is_a_bad_frame_or_is_waited_for(data: bytes) -> None:
    decoder = Decoder()
    try:
        frames = list(decoder.feed(data))
    except BadFrame:
        return
    assert sum(len(body) + 3 for _kind, body in frames) <= len(data)
