"""What the network does to telephones: loss, repetition, rubbish, proxies, and a registrar that asks for a password."""

import re
import socket
import threading
import time

import pytest

from phone import Phone, PhoneError, digest, sip
from phone.sip import Request, Response, parse, serialise

SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"


class Peer:
    """A bare socket that speaks just the SIP that a test writes."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(3)
        self.place = self.socket.getsockname()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, message, to):
        self.socket.sendto(message if isinstance(message, bytes) else serialise(message), ("127.0.0.1", to))

    def hear(self, what=""):
        """The next message whose first line contains this."""
        while True:
            message = parse(self.socket.recv(65535))
            if what in message.first_line:
                return message

    def request(self, method, phone, *, number=1, to_tag="", body=b"", branch="1", extra=()):
        host, port = self.place
        to = f"<sip:12345@127.0.0.1:{phone.port}>" + (f";tag={to_tag}" if to_tag else "")
        headers = (("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch};rport"), ("From", "<sip:p@h>;tag=peer"),
                   ("To", to), ("Call-ID", "call-1"), ("CSeq", f"{number} {method}"),
                   ("Contact", f"<sip:p@{host}:{port}>"), *extra)  # fmt: skip
        return Request(headers, body, method, f"sip:12345@127.0.0.1:{phone.port}")


@pytest.fixture
def peer():
    with Peer() as peer:
        yield peer


def test_an_invite_that_comes_twice_is_one_call(peer):
    with Phone("p", answering="auto") as phone:
        invite = peer.request("INVITE", phone, body=SDP)
        peer.say(invite, phone.port)
        first = peer.hear("200 OK")
        peer.say(invite, phone.port)
        assert peer.hear("200 OK") == first
        peer.say(peer.request("ACK", phone, to_tag=first.to.tag, branch="2"), phone.port)
        assert len(phone.calls) == 1
        assert phone.calls[0].state == "up"
        phone.vanish()


def test_a_200_is_repeated_until_the_ack_and_then_no_more(peer):
    with Phone("p", answering="auto") as phone:
        peer.say(peer.request("INVITE", phone, body=SDP), phone.port)
        first = peer.hear("200 OK")
        assert peer.hear("200 OK") == first  # half a second later
        peer.say(peer.request("ACK", phone, to_tag=first.to.tag, branch="2"), phone.port)
        peer.socket.settimeout(1.3)
        with pytest.raises(TimeoutError):
            peer.hear("200 OK")
        phone.vanish()


def test_a_refusal_is_repeated_until_the_ack(peer):
    with Phone("p", answering="busy") as phone:
        peer.say(peer.request("INVITE", phone, body=SDP), phone.port)
        first = peer.hear("486")
        assert peer.hear("486") == first
        peer.say(peer.request("ACK", phone, to_tag=first.to.tag), phone.port)
        peer.socket.settimeout(1.3)
        with pytest.raises(TimeoutError):
            peer.hear("486")


def test_an_invite_is_repeated_until_somebody_hears_it(peer):
    with Phone("p") as phone:
        call = phone.call(f"sip:x@127.0.0.1:{peer.place[1]}")
        first = peer.hear("INVITE")
        assert peer.hear("INVITE") == first
        peer.say(sip.answer(first, 180, to_tag="t"), phone.port)
        call.wait_ringing(2)
        peer.say(sip.answer(first, 404, to_tag="t"), phone.port)
        assert peer.hear("ACK").branch == first.branch
        peer.say(sip.answer(first, 404, to_tag="t"), phone.port)  # the ACK was lost: it comes again
        assert peer.hear("ACK").branch == first.branch
        assert call.wait_ended(2).status == 404


def test_a_late_yes_after_giving_up_is_hung_up(peer):
    with Phone("p") as phone:
        call = phone.call(f"sip:x@127.0.0.1:{peer.place[1]}")
        invite = peer.hear("INVITE")
        peer.say(sip.answer(invite, 180, to_tag="t"), phone.port)
        call.wait_ringing(2)
        call.cancel()
        assert peer.hear("CANCEL").branch == invite.branch
        peer.say(accepted(invite, peer), phone.port)
        peer.hear("ACK")
        bye = peer.hear("BYE")
        peer.say(sip.answer(bye, 200), phone.port)
        assert call.wait_ended(2).ended_by == "us"
        assert call.up_at is None


def accepted(invite, peer, *, routes=()):
    skeleton = sip.answer(invite, 200, to_tag="t")
    extra = [("Contact", f"<sip:inner@127.0.0.1:{peer.place[1]}>"), ("Content-Type", "application/sdp")]
    return Response((*skeleton.headers, *(("Record-Route", route) for route in routes), *extra), SDP, 200, "OK")


def test_proxies_that_asked_to_stay_in_the_way_are_passed(peer):
    proxy = f"<sip:127.0.0.1:{peer.place[1]};lr>"
    with Phone("p") as phone:
        call = phone.call(f"sip:x@127.0.0.1:{peer.place[1]}")
        peer.say(accepted(peer.hear("INVITE"), peer, routes=("<sip:far.example;lr>", proxy)), phone.port)
        ack = peer.hear("ACK")
        assert ack.uri == f"sip:inner@127.0.0.1:{peer.place[1]}"
        assert ack.every("Route") == [proxy, "<sip:far.example;lr>"]
        call.wait_up(2).hang_up()
        bye = peer.hear("BYE")
        assert bye.every("Route") == [proxy, "<sip:far.example;lr>"]
        peer.say(sip.answer(bye, 200), phone.port)


def test_an_invite_without_an_offer_gets_one_in_the_answer(peer):
    with Phone("p", answering="auto") as phone:
        peer.say(peer.request("INVITE", phone), phone.port)
        accepted = peer.hear("200 OK")
        assert b"m=audio" in accepted.body
        peer.say(peer.request("ACK", phone, to_tag=accepted.to.tag, branch="2", body=SDP), phone.port)
        phone.wait_for_ring(1)
        time.sleep(0.1)
        assert phone.calls[0]._stream._to == ("127.0.0.1", 9)
        phone.vanish()


@pytest.mark.parametrize(("method", "to_tag", "status"), [("OPTIONS", "", 200), ("NOTIFY", "", 200), ("BYE", "x", 481),
                                                          ("INVITE", "gone", 481), ("REFER", "", 405)])  # fmt: skip
def test_other_requests_are_answered_as_they_deserve(peer, method, to_tag, status):
    with Phone("p") as phone:
        peer.say(peer.request(method, phone, to_tag=to_tag), phone.port)
        answer = peer.hear()
        assert answer.status == status
        if method == "INVITE":
            peer.say(peer.request("ACK", phone, to_tag=to_tag), phone.port)


def test_no_datagram_stops_the_phone(peer):
    with Phone("p") as phone:
        invite = serialise(peer.request("INVITE", phone, body=b"no sdp at all"))
        for rubbish in (b"", b"\r\n\r\n", b"\0" * 60, invite[:90], invite.replace(b"CSeq: 1", b"CSeq: x"),
                        invite.replace(b"Via", b"Vja"), b"SIP/2.0 200 OK\r\n\r\n", b"\xff" * 2000):  # fmt: skip
            peer.say(rubbish, phone.port)
        peer.say(peer.request("OPTIONS", phone, branch="alive"), phone.port)
        while peer.hear("200").branch != "z9hG4bKalive":
            pass
        phone.vanish()


def test_an_offer_we_cannot_take_is_not_acceptable(peer):
    with Phone("p", answering="auto") as phone:
        peer.say(peer.request("INVITE", phone, body=SDP.replace(b"RTP/AVP 0", b"RTP/AVP 9")), phone.port)
        assert peer.hear("488").status == 488
        phone.vanish()


class Registrar(threading.Thread):
    """Asks every REGISTER for a password, in the algorithms given, and keeps what it granted."""

    def __init__(self, password, *, qop='qop="auth", ', algorithms=("MD5",), granted=60):
        super().__init__(daemon=True)
        self.password, self.qop, self.algorithms, self.granted = password, qop, algorithms, granted
        self.contacts, self.seen = [], []
        self.peer = Peer()
        self.peer.socket.settimeout(10)

    def run(self):
        while True:
            try:
                data, (_, port) = self.peer.socket.recvfrom(65535)
            except OSError:
                return
            self.peer.say(self.answer(parse(data)), port)

    def answer(self, request):
        self.seen.append(request)
        if not self.proves(request):
            skeleton = sip.answer(request, 401, to_tag="r")
            asks = (f'Digest realm="市长热线", nonce="n1", {self.qop}algorithm={name}' for name in self.algorithms)
            return Response((*skeleton.headers, *(("WWW-Authenticate", ask) for ask in asks)), b"", 401, "Unauthorized")
        contact = request.header("Contact")
        self.contacts = [] if "expires=0" in contact else [contact]
        granted = (("Contact", re.sub(r"expires=\d+", f"expires={self.granted}", contact)),) if self.contacts else ()
        return Response((*sip.answer(request, 200, to_tag="r").headers, *granted))

    def proves(self, request):
        said = digest.parse_fields(request.header("Authorization").removeprefix("Digest "))
        if not said:
            return False
        challenge = digest.Challenge("市长热线", "n1", said["algorithm"], said.get("qop", ""))
        return said["response"] == digest.digest(
            challenge, user="1001", password=self.password, method="REGISTER", uri=request.uri,
            cnonce=said.get("cnonce", ""), count=int(said.get("nc", "1"), 16)
        )  # fmt: skip


@pytest.mark.parametrize("asked", [{}, {"qop": ""}, {"algorithms": ("SHA-256", "MD5")}, {"algorithms": ("MD5-sess",)}])
def test_a_phone_signs_on_with_its_password_and_off_again(asked):
    registrar = Registrar("s3cret:@", **asked)
    registrar.start()
    with Phone("1001", server=registrar.peer.place, password="s3cret:@") as phone:
        phone.register(expires=60)
        assert phone.registered
        assert registrar.contacts[0].startswith(f"<sip:1001@127.0.0.1:{phone.port}>")
        phone.unregister()
        assert not phone.registered
        assert registrar.contacts == []
    registrar.peer.socket.close()


def test_a_wrong_password_is_told():
    registrar = Registrar("right")
    registrar.start()
    with Phone("1001", server=registrar.peer.place, password="wrong") as phone, pytest.raises(PhoneError, match="401"):
        phone.register()
    registrar.peer.socket.close()


def test_a_registration_is_renewed_before_it_ends_and_leaving_signs_off():
    registrar = Registrar("pw", granted=2)
    registrar.start()
    with Phone("1001", server=registrar.peer.place, password="pw") as phone:
        phone.register()
        time.sleep(1.8)
        assert len(registrar.seen) == 4  # two rounds of challenge and proof
        assert phone.registered
    assert registrar.contacts == []
    registrar.peer.socket.close()


def test_a_registrar_that_is_not_there_is_told_in_time(peer):
    start = time.monotonic()
    with Phone("1001", server=peer.place) as phone:
        with pytest.raises(PhoneError, match="in vain for the registrar"):
            phone.register(within=0.3)
        assert time.monotonic() - start < 1
        phone.vanish()


def test_an_invite_is_sent_again_with_the_password(peer):
    with Phone("1001", server=peer.place, password="pw") as phone:
        call = phone.call("12345")
        first = peer.hear("INVITE")
        refused = sip.answer(first, 407, to_tag="t")
        asks = ("Proxy-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')
        peer.say(Response((*refused.headers, asks), b"", 407, "Proxy Authentication Required"), phone.port)
        assert peer.hear("ACK").branch == first.branch
        second = peer.hear("INVITE")
        assert second.cseq[0] == first.cseq[0] + 1
        assert second.branch != first.branch
        assert second.header("Proxy-Authorization").startswith("Digest ")
        peer.say(accepted(second, peer), phone.port)
        assert peer.hear("ACK").cseq[0] == second.cseq[0]
        call.wait_up(2).hang_up()
        bye = peer.hear("BYE")
        assert bye.cseq[0] > second.cseq[0]
        peer.say(sip.answer(bye, 200), phone.port)
