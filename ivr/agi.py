"""FastAGI with pyst2's AGI class, made safe, and a server with a thread for each script.

What pyst2 0.5.1 does as shipped, found by running it: its constructor installs a signal handler (main thread only),
it writes every line to stderr (callers' numbers), a quote or newline in a value injects a command, a HANGUP line or
the end of input is a ValueError, "dead channel" is an unknown error. What is sound in it is used here.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any

from asterisk.agi import AGI, AGIAppError, AGIException, AGIHangup, AGIInvalidCommand, AGIResultHangup

log = logging.getLogger(__name__)

ENVIRONMENT_LINES, LINE_BYTES, ENVIRONMENT_SECONDS = 100, 4096, 5.0
LINES_TO_AN_ANSWER = 100
LONGEST_COMMAND_SECONDS = 600.0
SCRIPTS_AT_ONCE = 500

_SPACES = str.maketrans({"\r": " ", "\n": " ", "\0": " "})
_RESULT = re.compile(r"result=(-?\d*)(?:\s+\((.*)\))?")


class BadPeer(Exception):
    """Whoever connected is no Asterisk."""


class Lines:
    """Lines from a socket, each within a time of its own, however slowly its bytes come."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer, self._rest = peer, b""

    def line(self, until: float) -> str:
        """The next line without its end. Raises EOFError when there is none by `until` (monotonic), or none of a
        sensible length."""
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or len(self._rest) > LINE_BYTES:
                raise EOFError("no line in time, or one without end")
            self._peer.settimeout(left)
            try:
                data = self._peer.recv(LINE_BYTES)
            except OSError as error:
                raise EOFError("the connection is gone") from error
            if not data:
                raise EOFError("the connection has ended")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        if len(line) > LINE_BYTES:
            raise EOFError("a line without end")
        return line.decode("utf-8", "replace").rstrip("\r")


class Agi(AGI):  # type: ignore[misc]  # pyst2 has no types
    """One script's conversation with Asterisk. Every method may raise AGIHangup when the citizen has gone."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer, self._lines = peer, Lines(peer)
        self.stdin = self.stdout = self.stderr = None  # pyst2's readers and writers are overridden below
        self._got_sighup = False
        self.env = _environment(self._lines)

    def send_command(self, command: str, *args: Any) -> None:
        line = " ".join((command.strip(), *map(str, args))).translate(_SPACES).strip()
        self._peer.settimeout(LONGEST_COMMAND_SECONDS)
        self._peer.sendall((line + "\n").encode("utf-8", "replace"))

    def get_result(self, _stdin: Any = None) -> dict[str, tuple[str, str]]:
        """One answer. HANGUP lines stand between answers and are no answer themselves."""
        code, continued, rest = self._answer()
        if code == "511":
            raise AGIHangup("the channel is dead")
        if code == "520" and continued:
            self._skip(lambda line: not line.startswith("520"))
        if code != "200":
            raise AGIInvalidCommand(f"Asterisk answered {code[:3]!r}")
        found = _RESULT.match(rest)
        value, data = (found.group(1), found.group(2) or "") if found else ("", "")
        if value == "-1" or data == "hangup":
            raise AGIResultHangup("the citizen has hung up, or the channel failed")
        endpos = re.search(r"endpos=(\d+)", rest)
        return {"result": (value, data), "endpos": (endpos.group(1) if endpos else "", "")}

    def _answer(self) -> tuple[str, bool, str]:
        """Code, whether more lines follow, and the rest."""
        line = self._skip(lambda line: line.startswith("HANGUP"))
        code, _, rest = line.partition(" ")
        return (code[:3], True, rest) if code[3:4] == "-" else (code, False, rest)

    def _skip(self, unwanted: Callable[[str], bool]) -> str:
        """The first line that is wanted."""
        try:
            for _ in range(LINES_TO_AN_ANSWER):
                line = self._lines.line(time.monotonic() + LONGEST_COMMAND_SECONDS)
                if not unwanted(line):
                    return line.strip()
        except EOFError as error:
            raise AGIHangup("the connection has ended") from error
        raise BadPeer("an answer without end")

    def execute(self, command: str, *args: Any) -> dict[str, tuple[str, str]]:
        try:
            self.send_command(command, *args)
        except OSError as error:
            raise AGIHangup("the connection is gone") from error
        return self.get_result()

    def _quote(self, string: Any) -> str:
        """Asterisk undoes exactly these two escapes inside double quotes (measured)."""
        text = str(string).translate(_SPACES).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'

    # ---- commands that pyst2 gets wrong, in our own words
    def stream(self, path: str, keys: str = "") -> str:
        """Play a sound file (no extension). Returns the key that stopped it, or ""."""
        return _key(self.execute("STREAM FILE", self._quote(path), self._quote(keys))["result"][0])

    def key_within(self, seconds: float) -> str:
        """The next key, or "" when none came in time."""
        return _key(self.execute("WAIT FOR DIGIT", int(seconds * 1000))["result"][0])

    def record(self, path: str, *, keys: str, seconds: int, silence: int) -> str:
        """Record to PATH.wav. Returns how it ended: key, silence or max (the number in the answer is no key)."""
        how = self.execute("RECORD FILE", self._quote(path), "wav", self._quote(keys), seconds * 1000, f"s={silence}")
        ended = {"dtmf": "key", "timeout": "silence", "": "max"}.get(how["result"][1])
        if ended is None:  # (writefile), (randomerror), (waitfor)
            raise AGIAppError(f"Asterisk could not record ({how['result'][1]})")
        return ended

    def set(self, name: str, value: str | int) -> None:
        self.execute("SET VARIABLE", self._quote(name), self._quote(value))

    def patience(self, seconds: float) -> None:
        """The dead man's handle: if nothing comes from us for this long, the dialplan takes the static path."""
        self.set("TIMEOUT(absolute)", max(1, round(seconds)))


def _key(result: str) -> str:
    """Asterisk tells a key by the number of its character."""
    return chr(int(result)) if result.isdigit() and 0 < int(result) < 128 else ""


def _environment(lines: Lines) -> dict[str, str]:
    """The lines before the first empty one. Raises BadPeer for anything that no Asterisk sends."""
    found: dict[str, str] = {}
    until = time.monotonic() + ENVIRONMENT_SECONDS
    for _ in range(ENVIRONMENT_LINES):
        try:
            line = lines.line(until)
        except EOFError as error:
            raise BadPeer(f"half an environment ({error})") from error
        if not line:
            if "agi_request" not in found:
                raise BadPeer("not an AGI environment")
            return found
        name, _, value = line.partition(":")
        found[name.strip()] = value.strip()
    raise BadPeer("an environment without end")


Script = Callable[[Agi], None]


class FastAgiServer(socketserver.ThreadingTCPServer):
    """Runs a script of SCRIPTS for each connection: agi://host:port/NAME. Loopback by default; AGI has no login."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], scripts: dict[str, Script]) -> None:
        super().__init__(address, _Connection)
        self.scripts = scripts
        self.room = threading.BoundedSemaphore(SCRIPTS_AT_ONCE)

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, name="fastagi", kwargs={"poll_interval": 0.2}, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        log.exception("a FastAGI connection broke")


class _Connection(socketserver.BaseRequestHandler):
    request: socket.socket
    server: FastAgiServer

    def handle(self) -> None:
        if not self.server.room.acquire(blocking=False):
            log.error("more than %d scripts at once; this call takes the static path", SCRIPTS_AT_ONCE)
            return
        try:
            self._run()
        except BadPeer as error:
            log.warning("FastAGI: %s", error)
        except AGIHangup:
            pass  # the citizen has gone; the exchange hears of it from Asterisk
        except AGIException as error:
            log.error("a script failed (%s); its call takes the static path", type(error).__name__)
        except Exception:
            log.exception("a script failed; its call takes the static path")
        finally:
            self.server.room.release()

    def _run(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        agi = Agi(self.request)
        name = os.path.basename(agi.env.get("agi_network_script", ""))  # noqa: PTH119  a name, not a path
        script = self.server.scripts.get(name)
        if script is None:
            raise BadPeer("there is no such script")
        script(agi)
