"""Asterisk's manager interface: however bytes are cut, whatever is in a value, however the peer behaves."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ami import LARGEST_MESSAGE, Ami, Message, Parser, encode, parse

GREETING = b"Asterisk Call Manager/9.0.0\r\n"
LOGIN_OK = b"Response: Success\r\nActionID: login\r\n\r\n"


# ---- bytes
def read(data: bytes, cuts: list[int]) -> list[Message]:
    parser, found, start = Parser(), [], 0
    for end in [*sorted(cuts), len(data)]:
        found += parser.feed(data[start:end])
        start = max(start, end)
    return found


@given(st.lists(st.integers(0, 200), max_size=12))
def test_messages_are_the_same_however_the_bytes_are_cut(cuts: list[int]) -> None:
    data = GREETING + LOGIN_OK + "Event: Hangup\r\nCallerIDName: 王: 先生\r\nCause: 17\r\n\r\nEvent: X\r\n\r\n".encode()
    assert read(data, cuts) == [
        {"Response": "Success", "ActionID": "login"},
        {"Event": "Hangup", "CallerIDName": "王: 先生", "Cause": "17"},
        {"Event": "X"},
    ]


@given(st.binary(max_size=500), st.lists(st.integers(0, 500), max_size=5))
def test_no_bytes_break_the_parser(data: bytes, cuts: list[int]) -> None:
    read(data, cuts)


def test_a_message_without_end_is_given_up() -> None:
    parser = Parser()
    with pytest.raises(ValueError, match="1 MiB"):
        list(parser.feed(b"A" * (LARGEST_MESSAGE + 1)))


ugly = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(["\r\n\r\nAction: Originate", "a\nb\0"])


@given(st.lists(st.tuples(ugly, ugly), max_size=5), ugly)
def test_no_value_becomes_a_second_action(headers: list[tuple[str, str]], action: str) -> None:
    data = encode(action, headers)
    assert data.endswith(b"\r\n\r\n")
    lines = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert len(lines) == 1 + len(headers)
    assert not any(mark in line for line in lines for mark in (b"\r", b"\n", b"\0"))
    assert all(b": " in line for line in lines)


def test_values_arrive_as_they_were() -> None:
    assert parse(encode("Setvar", [("Value", "a: b，王")])[:-4]) == {"Action": "Setvar", "Value": "a: b，王"}


# ---- a peer
class Manager:
    """A manager interface that does what the test says to each connection."""

    def __init__(self, *ways: Callable[[socket.socket], None]) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = self._server.getsockname()
        self._ways, self.connections = list(ways), 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._server.accept()
                self.connections += 1
                way = self._ways.pop(0) if len(self._ways) > 1 else self._ways[0]
                threading.Thread(target=self._serve, args=(way, peer), daemon=True).start()

    def _serve(self, way: Callable[[socket.socket], None], peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            way(peer)

    def close(self) -> None:
        self._server.close()


def logs_in(peer: socket.socket) -> None:
    peer.recv(4096)
    peer.sendall(GREETING + LOGIN_OK)


def answers(peer: socket.socket) -> None:
    """Answers every action with Success, a CoreShowChannels with a list."""
    logs_in(peer)
    parser = Parser()
    while data := peer.recv(65536):
        for asked in parser.feed(data):
            number = asked.get("ActionID", "")
            if asked["Action"] == "CoreShowChannels":
                for block in ({"Response": "Success", "EventList": "start"}, {"Event": "CoreShowChannel"},
                              {"Event": "CoreShowChannelsComplete", "EventList": "Complete"}):  # fmt: skip
                    peer.sendall(encode("", [("ActionID", number), *block.items()]).removeprefix(b"Action: \r\n"))
            else:
                peer.sendall(f"Response: Success\r\nActionID: {number}\r\n\r\n".encode())


def closes_at_once(peer: socket.socket) -> None:
    logs_in(peer)


def says_nothing_more(peer: socket.socket) -> None:
    logs_in(peer)
    time.sleep(10)


def refuses(peer: socket.socket) -> None:
    peer.recv(4096)
    peer.sendall(GREETING + b"Response: Error\r\nActionID: login\r\nMessage: Authentication failed\r\n\r\n")


def floods(peer: socket.socket) -> None:
    logs_in(peer)
    peer.sendall(b"Event: RTCPSent\r\nX: 1\r\n\r\n" * 20_000 + b"Event: Last\r\n\r\n")
    time.sleep(5)


def never_ends(peer: socket.socket) -> None:
    logs_in(peer)
    peer.sendall(b"A" * (LARGEST_MESSAGE + 70_000))


@contextlib.contextmanager
def client(*ways: Callable[[socket.socket], None], quiet: float = 5.0) -> Iterator[tuple[Ami, queue.Queue[Message]]]:
    manager, heard = Manager(*ways), queue.Queue[Message]()
    ami = Ami(manager.address, "hotline", "secret", heard.put, quiet_seconds=quiet)
    ami.start()
    try:
        yield ami, heard
    finally:
        ami.stop()
        manager.close()


def until(heard: queue.Queue[Message], event: str, within: float = 5.0) -> None:
    end = time.monotonic() + within
    while heard.get(timeout=max(0.01, end - time.monotonic())).get("Event") != event:
        pass


def test_an_answer_belongs_to_its_question() -> None:
    with client(answers) as (ami, heard):
        until(heard, "Connected")
        assert ami.ask("Ping")[0]["Response"] == "Success"
        assert [m.get("Event", "") for m in ami.ask("CoreShowChannels")] == [
            "", "CoreShowChannel", "CoreShowChannelsComplete"]  # fmt: skip


def test_a_connection_that_is_closed_mends_itself() -> None:
    with client(closes_at_once, answers) as (ami, heard):
        until(heard, "Connected")
        until(heard, "Disconnected")
        until(heard, "Connected")
        assert ami.ask("Ping")


def test_a_peer_that_falls_silent_is_noticed_and_left() -> None:
    with client(says_nothing_more, answers, quiet=0.2) as (ami, heard):
        until(heard, "Connected")
        until(heard, "Disconnected", within=2)
        until(heard, "Connected")
        assert ami.ask("Ping")


def test_a_quiet_but_living_peer_is_kept() -> None:
    with client(answers, quiet=0.1) as (_ami, heard):
        until(heard, "Connected")
        time.sleep(0.8)
        assert all(m.get("Event") != "Disconnected" for m in list(heard.queue))


def test_no_answer_is_a_timeout_and_no_connection_an_error() -> None:
    with client(says_nothing_more) as (ami, heard):
        until(heard, "Connected")
        with pytest.raises(TimeoutError, match="Ping"):
            ami.ask("Ping", timeout=0.1)
    assert ami.send("Ping") is False
    with pytest.raises(ConnectionError):
        ami.ask("Ping")


def test_a_refused_login_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with client(refuses) as (ami, _heard):
        time.sleep(0.8)
        assert not ami.connected
    told = [r for r in caplog.records if "refused our login" in r.getMessage() and r.levelname == "WARNING"]
    assert len(told) == 1
    assert "secret" not in caplog.text


def test_a_flood_is_worked_off_and_a_message_without_end_ends_the_connection() -> None:
    with client(floods) as (_ami, heard):
        until(heard, "Last", within=10)
    with client(never_ends, answers) as (ami, heard):
        until(heard, "Disconnected")
        until(heard, "Connected")
        assert ami.ask("Ping")


def test_a_peer_that_takes_nothing_holds_nobody_up_for_long() -> None:
    with client(says_nothing_more, quiet=0.3) as (ami, heard):
        until(heard, "Connected")
        began = time.monotonic()
        while ami.send("Setvar", ("Value", "x" * 500_000)) and time.monotonic() - began < 5:
            pass
        assert time.monotonic() - began < 3
