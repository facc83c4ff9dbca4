"""FastAGI against a small Asterisk of the tests, over a real socket: quoting, hang-ups anywhere, hostile peers."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from asterisk.agi import AGIException, AGIHangup
from hypothesis import given
from hypothesis import strategies as st

from ivr import agi as fastagi
from ivr.agi import Agi, BadPeer, FastAgiServer

ENVIRONMENT = (
    b"agi_network: yes\nagi_network_script: inbound\nagi_request: agi://127.0.0.1/inbound\n"
    b"agi_channel: PJSIP/trunk-0001\nagi_uniqueid: 1.1\nagi_callerid: 13805712345\n\n"
)


class Asterisk:
    """The other end of one script: takes commands, gives answers."""

    def __init__(self, environment: bytes = ENVIRONMENT) -> None:
        self.socket, ours = socket.socketpair()
        self.socket.sendall(environment)
        self._lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.ours = ours

    def will_say(self, *answers: str) -> None:
        for answer in answers:
            self.socket.sendall(answer.encode() + b"\n")

    def heard(self) -> str:
        return self._lines.readline()

    def hangs_up(self) -> None:
        self.socket.close()
        self._lines.close()


@pytest.fixture
def asterisk() -> Iterator[Asterisk]:
    made = Asterisk()
    yield made
    made.hangs_up()
    made.ours.close()


def unquote(line: str) -> list[str]:
    """What Asterisk makes of a line: words, in double quotes with \\\" and \\\\ undone."""
    words, word, inside, escaped, begun = [], "", False, False, False
    for c in line.rstrip("\n"):
        if escaped:
            word, escaped = word + c, False
        elif c == "\\":
            escaped = True
        elif c == '"':
            inside, begun = not inside, True
        elif c in " \t" and not inside:
            words, word, begun = ([*words, word] if word or begun else words), "", False
        else:
            word += c
    return [*words, word] if word or begun else words


values = st.text(st.characters(codec="utf-8")) | st.sampled_from(['a" "b', "\\", '\\"', 'x"\nHANGUP', "", "停水 了"])


@given(values, values)
def test_every_value_arrives_as_one_word(name: str, value: str) -> None:
    asterisk = Asterisk()
    with contextlib.closing(asterisk.ours), contextlib.closing(asterisk.socket):
        asterisk.will_say("200 result=1")
        Agi(asterisk.ours).set(name, value)
        line = asterisk.heard()
        clean = str.maketrans({"\r": " ", "\n": " ", "\0": " "})
        assert unquote(line) == ["SET", "VARIABLE", name.translate(clean), value.translate(clean)]
        asterisk.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            asterisk.socket.recv(1)


@pytest.mark.parametrize("lines_before", [0, 1, 3])
def test_a_hangup_line_is_no_answer(asterisk: Asterisk, lines_before: int) -> None:
    script = Agi(asterisk.ours)
    asterisk.will_say(*["HANGUP"] * lines_before, "200 result=49 endpos=8000")
    assert script.stream("welcome", "123") == "1"
    asterisk.will_say("HANGUP", "200 result=0")
    assert script.key_within(1) == ""


@pytest.mark.parametrize("answer", ["511 Command Not Permitted on a dead channel", "200 result=-1 endpos=9760",
                                    "200 result=0 (hangup) endpos=3"])  # fmt: skip
def test_a_gone_citizen_is_a_hangup(asterisk: Asterisk, answer: str) -> None:
    script = Agi(asterisk.ours)
    asterisk.will_say(answer)
    with pytest.raises((AGIHangup, AGIException)):
        script.stream("welcome")


@given(cut=st.integers(0, 20))
def test_the_end_of_the_connection_is_a_hangup_wherever_it_comes(cut: int) -> None:
    asterisk = Asterisk()
    script = Agi(asterisk.ours)
    asterisk.socket.sendall(b"200 result=0 (x)\n200"[:cut] if cut < 17 else b"20")
    asterisk.hangs_up()
    if cut < 17:
        with pytest.raises(AGIHangup):
            script.stream("welcome")
        with pytest.raises(AGIHangup):
            script.set("A", "b")
    asterisk.ours.close()


@pytest.mark.parametrize("answer", ["510 Invalid or unknown command", "520 Invalid command syntax.", "nonsense", ""])
def test_an_answer_that_is_none_is_an_error_and_repeats_nothing(asterisk: Asterisk, answer: str) -> None:
    script = Agi(asterisk.ours)
    asterisk.will_say(answer)
    with pytest.raises(AGIException) as error:
        script.set("CALLER", "13805712345")
    assert "138" not in str(error.value)


def test_a_usage_text_is_read_to_its_end(asterisk: Asterisk) -> None:
    script = Agi(asterisk.ours)
    asterisk.will_say("520-Invalid command syntax.  Proper usage follows:", "Usage: x", "520 End of proper usage.")
    with pytest.raises(AGIException):
        script.set("A", "b")
    asterisk.will_say("200 result=0")
    assert script.stream("welcome") == ""


@pytest.mark.parametrize(("answer", "how"), [("200 result=35 (dtmf) endpos=1", "key"), ("200 result=0 endpos=1", "max"),
                                             ("200 result=986 (timeout) endpos=8160", "silence")])  # fmt: skip
def test_how_a_recording_ended(asterisk: Asterisk, answer: str, how: str) -> None:
    script = Agi(asterisk.ours)
    asterisk.will_say(answer)
    assert script.record("/var/a b", keys="#", seconds=60, silence=5) == how
    assert unquote(asterisk.heard()) == ["RECORD", "FILE", "/var/a b", "wav", "#", "60000", "s=5"]


def test_an_endless_stream_of_hangups_is_left(asterisk: Asterisk) -> None:
    script = Agi(asterisk.ours)
    asterisk.will_say(*["HANGUP"] * (fastagi.LINES_TO_AN_ANSWER + 1))
    with pytest.raises(BadPeer):
        script.stream("welcome")


@pytest.mark.parametrize("environment", [
    b"\n", b"agi_request", b"x: y\n\n", b"agi_request: x\n" * 200, b"A" * 100_000, bytes(range(256)) * 40,
    b"agi_request: x\nagi_callerid: " + b"1" * 10_000 + b"\n\n",
])  # fmt: skip
def test_an_environment_of_a_stranger_is_refused(environment: bytes) -> None:
    ours, theirs = socket.socketpair()
    writer = threading.Thread(target=lambda: (theirs.sendall(environment), theirs.close()), daemon=True)
    writer.start()
    with ours, pytest.raises(BadPeer):
        Agi(ours)


def test_an_environment_byte_by_byte_does_not_hold_a_script_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "ENVIRONMENT_SECONDS", 0.5)
    ours, theirs = socket.socketpair()

    def drip() -> None:
        with contextlib.suppress(OSError):
            for byte in b"agi_request: " + b"x" * 1000:
                theirs.sendall(bytes([byte]))
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(BadPeer):
        Agi(ours)
    assert time.monotonic() - began < 2
    theirs.close()
    ours.close()


# ---- the server
@contextlib.contextmanager
def serving(script: Callable[[Agi], None]) -> Iterator[FastAgiServer]:
    server = FastAgiServer(("127.0.0.1", 0), {"inbound": script})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def connect(server: FastAgiServer, environment: bytes = ENVIRONMENT) -> socket.socket:
    peer = socket.create_connection(server.server_address[:2], timeout=5)
    peer.sendall(environment)
    return peer


def test_each_connection_has_a_script_of_its_own_and_a_broken_one_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    met = threading.Barrier(3, timeout=5)

    def script(agi: Agi) -> None:
        met.wait()
        if agi.env["agi_uniqueid"] == "2.2":
            raise RuntimeError("a bug of ours")
        agi.set("NEXT", "done,s,1")

    with serving(script) as server:
        peers = [connect(server, ENVIRONMENT.replace(b"1.1", f"{n}.{n}".encode())) for n in (1, 2, 3)]
        said = []
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.sendall(b"200 result=1\n")
            said.append(peer.makefile("rb").read())
            peer.close()
    assert sorted(said) == [b"", *[b'SET VARIABLE "NEXT" "done,s,1"\n'] * 2]
    assert "static path" in caplog.text
    assert "13805712345" not in caplog.text


@pytest.mark.parametrize("name", [b"nothing", b"../../etc/passwd", b"", b"__init__"])
def test_only_the_scripts_that_are_there_can_be_asked_for(name: bytes) -> None:
    ran = threading.Event()
    with serving(lambda _agi: ran.set()) as server:
        peer = connect(server, ENVIRONMENT.replace(b"script: inbound", b"script: " + name))
        assert peer.recv(100) == b""
        peer.close()
    assert not ran.is_set()


def test_more_scripts_than_the_machine_can_bear_take_the_static_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "SCRIPTS_AT_ONCE", 3)
    go_on, ran = threading.Event(), []

    def script(agi: Agi) -> None:
        ran.append(agi.env["agi_uniqueid"])
        go_on.wait(5)

    with serving(script) as server:
        peers = [connect(server) for _ in range(3)]
        while len(ran) < 3:
            time.sleep(0.01)
        late = connect(server)
        with contextlib.suppress(ConnectionResetError):
            assert late.recv(100) == b""
        go_on.set()
        for peer in (*peers, late):
            peer.close()
        time.sleep(0.1)
        after = connect(server)
        while len(ran) < 4:
            time.sleep(0.01)
        after.close()
    assert len(ran) == 4
