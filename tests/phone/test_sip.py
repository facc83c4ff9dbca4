"""SIP messages: what is written is read again, and nothing that comes from the network can hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import sip
from phone.address import Address, Uri, split_list, split_params
from phone.sip import Request, Response, SipError, parse, serialise

INVITE = (
    "INVITE sip:12345@127.0.0.1:5060 SIP/2.0\r\n"
    "v: SIP/2.0/UDP 127.0.0.1:40000;rport;branch=z9hG4bK1\r\n"
    "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK0\r\n"
    'f: "市民 \\"小张\\", 城东" <sip:13805712345@127.0.0.1>;tag=abc\r\n'
    "t: <sip:12345@127.0.0.1:5060>\r\n"
    "i: one@two\r\n"
    "CSeq: 7 INVITE\r\n"
    "Subject: folded\r\n onto two lines\r\n"
    "Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n"
    "l: 4\r\n\r\nv=0\ntrailing"
).encode()

words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)
tokens = st.text("abcXYZ019-", min_size=2, max_size=12)
headers = st.lists(st.tuples(tokens, words), max_size=8).map(tuple)


def test_an_invite_as_telephones_send_it_is_understood():
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("INVITE", "sip:12345@127.0.0.1:5060")
    assert (message.branch, message.call_id, message.cseq) == ("z9hG4bK1", "one@two", (7, "INVITE"))
    assert message.from_ == Address("sip:13805712345@127.0.0.1", '市民 "小张", 城东', (("tag", "abc"),))
    assert (message.from_.user, message.to.user) == ("13805712345", "12345")
    assert message.header("subject") == "folded onto two lines"
    assert message.every("Record-Route") == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert message.body == b"v=0\n"


def test_an_answer_goes_back_the_way_the_request_came():
    answer = sip.answer(parse(INVITE), 486, to_tag="xyz", source=("127.0.0.1", 41000))
    assert answer.first_line == "SIP/2.0 486 Busy Here"
    assert "rport=41000" in answer.every("Via")[0]
    assert "received=127.0.0.1" in answer.every("Via")[0]
    assert answer.every("Via")[1].startswith("SIP/2.0/UDP 10.0.0.9")
    assert (answer.to.tag, answer.from_.tag, answer.cseq) == ("xyz", "abc", (7, "INVITE"))


@given(tokens, words.map(lambda user: Uri(user, "host", 5070)), headers, st.binary(max_size=200))
def test_a_request_written_is_the_request_read(method, uri, headers, body):
    request = Request(headers, body, method, str(uri))
    assert parse(serialise(request)) == request
    assert Uri.parse(request.uri).user == uri.user


@given(st.integers(100, 699), headers, st.binary(max_size=200))
def test_a_response_written_is_the_response_read(status, headers, body):
    response = Response(headers, body, status, "As It Is")
    assert parse(serialise(response)) == response


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=30), tokens)
def test_any_name_survives_being_shown(display, tag):
    address = Address("sip:1@h", display, (("tag", tag),))
    assert Address.parse(str(address)) == address


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_nothing_worse(data):
    for rubbish in (data, INVITE[: len(data)] + data, data + INVITE[len(data) :]):
        try:
            message = parse(rubbish)
        except SipError:
            continue
        touch_everything(message)
        serialise(message)


@given(st.lists(words, max_size=4), st.integers(0, len(INVITE)), st.text(max_size=20))
def test_a_damaged_invite_can_be_looked_at_without_harm(parts, at, damage):
    try:
        message = parse(INVITE[:at] + damage.encode() + INVITE[at:])
    except SipError:
        return
    touch_everything(message)


def touch_everything(message):
    _ = message.from_.user, message.to.tag, message.contact, message.cseq, message.branch
    for value in message.every("Via") + message.every("Record-Route"):
        Uri.parse(Address.parse(value).uri)


@pytest.mark.parametrize("text", ["a\r\nX: y", "a\nb", "a\0"])
def test_no_value_can_bring_a_header_of_its_own(text):
    with pytest.raises(SipError):
        serialise(Request((("Subject", text),)))


@pytest.mark.parametrize("length", ["99", "-1", "x", "1e3", "²", "9" * 5000])
def test_a_length_that_does_not_fit_is_refused(length):
    with pytest.raises(SipError):
        parse(f"OPTIONS sip:a SIP/2.0\r\nContent-Length: {length}\r\n\r\nbody".encode())


def test_commas_in_quotes_and_brackets_do_not_part():
    assert split_list('"a, b" <sip:x,y>, c') == ['"a, b" <sip:x,y>', "c"]
    assert split_params('Digest;a="1;2";flag') == ("Digest", {"a": "1;2", "flag": ""})


def test_a_name_in_the_old_encoding_of_chinese_exchanges_passes_through_unharmed():
    gbk = '"市民"'.encode("gbk")
    data = b"OPTIONS sip:a SIP/2.0\r\nFrom: " + gbk + b" <sip:a@b>;tag=1\r\nContent-Length: 0\r\n\r\n"
    assert gbk in serialise(parse(data))
