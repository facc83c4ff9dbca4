"""Asterisk at the level of its protocols: AGI over real sockets, AMI as messages. Behind it all is real.

It holds a course (`tests/ivr/courses.py`): for every command of the script it knows which action of the flow must be
behind it, and answers as Asterisk does when the citizen, an operator or a department do what the course says.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ivr import actions as do
from ivr import events as ev
from ivr.agi import FastAgiServer
from ivr.ami import Message
from ivr.board import Activity, Operator, Status
from ivr.line import LIMIT, Waiting
from ivr.reception import Answer, Desk, Reception
from tests.ivr.courses import SUNDAY_NIGHT, Answered, Course, Told, written_down
from tests.ivr.exchange_floor import NOON, Floor, open_floor
from tests.ivr.test_agi import unquote

CITIZEN, CHANNEL = "1.1", "PJSIP/t-1.1"  # Asterisk's unique id and name of the citizen's channel
HANG_UP = "HANGUP\n200 result=-1 endpos=0"
RECORDED = {"key": "35 (dtmf)", "silence": "986 (timeout)", "max": "0"}
DIALLED = {"busy": 17, "no_answer": 19, "refused": 21}


class AsteriskDouble:
    """A telephone for the property test. One FastAGI server serves all its calls, one after the other."""

    def __init__(self) -> None:
        self._call: _Call | None = None
        self._server = FastAgiServer(("127.0.0.1", 0), {
            "inbound": lambda agi: self._reception.inbound(agi), "resume": lambda agi: self._reception.resume(agi),
        })  # fmt: skip
        self._server.start()

    @property
    def _reception(self) -> Reception:
        assert self._call is not None
        return self._call.reception

    def hold(self, course: Course) -> Told:
        with tempfile.TemporaryDirectory() as folder, open_floor(Path(folder), "lin") as floor:
            self._call = _Call(floor, Path(folder), course, self._server.server_address[:2])
            return self._call.hold()

    def close(self) -> None:
        self._server.stop()


class _Call:
    def __init__(self, floor: Floor, folder: Path, course: Course, address: tuple[str, int]) -> None:
        self.floor, self.course, self._address = floor, course, address
        self._left: list[Answered] = list(course.answered)
        self._next, self._tap = "", ""
        self._streams, self._keys, self._waited = 0, "", False
        self._said: list[str] = []
        floor.ami.lists["CoreShowChannels"] = [
            Message({"Event": "CoreShowChannel", "Uniqueid": CITIZEN, "Channel": CHANNEL})
        ]
        for language in course.flows.prompts:
            (folder / language).mkdir()
        desk = Desk(
            flows=lambda: course.flows, sounds=lambda _f, language, prompt, _v: [folder / language / f"{prompt}.wav"],
            facts=lambda _caller: course.facts, ask=self._ask, recordings_dir=folder / "recordings",
            clock=lambda: SUNDAY_NIGHT, listen=self._listen,
        )  # fmt: skip
        self.reception = Reception(floor.x, desk)
        booked = any(
            event == ev.CallbackEnded("booked") for _action, event in course.answered
        )  # in a call, all or none
        floor.x.rules = replace(floor.x.rules, calls=replace(floor.x.rules.calls, callbacks=100 if booked else 0))

    # ---- the whole call
    def hold(self) -> Told:
        self._prepare()
        script = "inbound"
        while script:
            self._next = ""
            self._run(script)
            script = "resume" if self._next.startswith("citizen-room") and self._in_the_room() else ""
        fell_back = not self._next and not self._gone
        call_id = self._only_call()
        if not self._gone:
            self.floor.hangs_up(CITIZEN)
        self.floor.after(3)
        return written_down(self.floor.spool.events(call_id), self._said, "fallback" if fell_back else "")

    def _only_call(self) -> str:
        calls = [call for call in self.floor.x.calls.values() if not call.booking]
        return calls[0].id if calls else self.floor.spool.finished_calls()[-1]

    @property
    def _gone(self) -> bool:
        return bool(self.course.answered) and not self._left and isinstance(self.course.answered[-1][1], ev.HungUp)

    @property
    def _now(self) -> Answered:
        return self._left[0]

    def _advance(self) -> None:
        self._left.pop(0)
        self._streams, self._keys, self._waited = 0, "", False
        self._prepare()

    # ---- one script
    def _run(self, script: str) -> None:
        run_script(self._address, script, CITIZEN, self.course.facts.caller, self._answer)
        self.floor.settles()

    def _answer(self, words: list[str]) -> str:
        match words:
            case ["SET", "VARIABLE", name, value]:
                self._next = value if name == "NEXT" else self._next
                if name == "RECORD":
                    self._pass_by(do.JoinLine | do.DialDepartment)
                    self._waited = True
                return "200 result=1"
            case ["STREAM", "FILE", path, keys]:
                return self._stream(Path(path), keys)
            case ["WAIT", "FOR", "DIGIT", _milliseconds]:
                return self._digit()
            case ["RECORD", "FILE", path, "wav", "#", _longest, silence]:
                return self._record(Path(path), int(silence.removeprefix("s=")))
        return "200 result=0"

    def _pass_by(self, kind: type | object) -> None:
        """A wait that was over at once, or a booking, has left no mark on the wire: the course is past it."""
        while not isinstance(self._now[0], kind) or self._waited:  # type: ignore[arg-type]
            assert isinstance(self._now[0], do.BookCallback | do.JoinLine | do.DialDepartment), self._now
            self._advance()

    # ---- commands
    def _stream(self, path: Path, keys: str) -> str:
        if path.name == "beep":
            return "200 result=0 endpos=0"
        self._pass_by(do.Play | do.Collect | do.RecordMessage)
        self._said.append(f"{path.parent.name}/{path.name}")
        self._streams += 1
        action, event = self._now
        prompts = (action.prompt,) if isinstance(action, do.RecordMessage) else action.prompts  # type: ignore[union-attr]
        assert path.name == prompts[self._streams - 1].prompt
        if self._streams < len(prompts):
            return "200 result=0 endpos=8000"
        if isinstance(event, ev.HungUp):
            return self._hang_up()
        if isinstance(action, do.Play):
            key = event.interrupted_by if isinstance(event, ev.Played) else ""
            assert not key or key in keys
            self._advance()
            return f"200 result={ord(key) if key else 0} endpos=8000"
        if isinstance(event, ev.Digits) and len(event.text) % 2:  # some press a key before the question is over
            return self._press(event, action)  # type: ignore[arg-type]
        return "200 result=0 endpos=8000"

    def _digit(self) -> str:
        self._pass_by(do.Collect)
        action, event = self._now
        assert isinstance(action, do.Collect)
        self._keys = self._keys or action.typed
        match event:
            case ev.HungUp():
                return self._hang_up()
            case ev.Digits():
                return self._press(event, action)
            case ev.Heard(words):
                self.floor.x.understood(self._tap, words, 0.99 if words else 0.0, final=True)
                self.floor.settles()
                assert self.floor.told("PlayDTMF", Receive="true")
                self._advance()
                return "200 result=68"
        self._advance()
        return "200 result=0"

    def _press(self, event: ev.Digits, action: do.Collect) -> str:
        """The next key; then the key that ends the number, or nothing more."""
        if len(self._keys) < len(event.text):
            key = event.text[len(self._keys)]
            self._keys += key
            if len(self._keys) == action.max:
                self._advance()
            return f"200 result={ord(key)}"
        self._advance()
        ends = action.end_key and (not event.text or len(event.text) % 3)
        return f"200 result={ord(action.end_key) if ends else 0}"

    def _record(self, path: Path, silence: int) -> str:
        _action, event = self._now
        if isinstance(event, ev.RecordFailed):
            self._advance()
            return "200 result=0 (randomerror) endpos=0"
        seconds, how = (event.seconds, event.how) if isinstance(event, ev.Recorded) else (1.0, "max")
        _write(path.with_suffix(".wav"), seconds + (silence if how == "silence" else 0))
        self._advance()
        return f"200 result={RECORDED[how]} endpos=8000"

    def _hang_up(self) -> str:
        self.floor.hangs_up(CITIZEN)
        self._left.clear()
        return HANG_UP

    def _ask(self, action: str, _args: object, _call: str) -> Answer:
        self._pass_by(do.Do)
        wanted, event = self._now
        assert isinstance(wanted, do.Do)
        assert isinstance(event, ev.Done)
        assert wanted.action == action
        self._advance()
        return event.how, event.values

    def _listen(self, tap: str, phrases: Sequence[str]) -> bool:
        self._tap = tap
        return bool(phrases)

    # ---- rooms and the line
    def _prepare(self) -> None:
        """Before the script can ask: the line as this answer needs it."""
        action, event = self._left[0] if self._left else (None, None)
        if isinstance(action, do.JoinLine):
            how = event.how if isinstance(event, ev.LineEnded) else "talked"
            self.floor.x.ask(lambda: self._set_line(how))

    def _set_line(self, how: str) -> None:
        status = Status.PAUSED if how == "no_operators" else Status.READY
        doing = Activity.IDLE if how == "talked" else Activity.TALKING
        others = [Waiting(f"other-{n}", "", NOON) for n in range(LIMIT)] if how == "full" else []
        lin = Operator("lin", status, NOON - timedelta(seconds=60), doing)
        self.floor.x.line = replace(self.floor.x.line, operators=(lin,), waiting=tuple(others))

    def _in_the_room(self) -> bool:
        """What happens while no script runs. Is the citizen sent to one again?"""
        self.floor.tells("ConfbridgeJoin", CITIZEN)
        self.floor.settles()
        action, event = self._now
        if isinstance(event, ev.HungUp):
            self._hang_up()
            return False
        before = self.floor.released(CITIZEN)
        if isinstance(action, do.JoinLine) and isinstance(event, ev.LineEnded):
            self._wait_in_line(action, event)
        elif isinstance(event, ev.DialEnded):
            self._department(event.how)
        assert self.floor.released(CITIZEN) > before, f"nobody sent the citizen on after {event}"
        self.floor.tells("ConfbridgeLeave", CITIZEN)
        self._advance()
        return True

    def _wait_in_line(self, action: do.JoinLine, event: ev.LineEnded) -> None:
        if event.how == "talked":
            self._talk()
        elif event.how == "timeout":
            self.floor.after(action.max_wait + 1)
        elif event.how == "key":
            self.floor.tells("DTMFEnd", CITIZEN, Digit=event.key, Direction="Received")
            self.floor.settles()

    def _department(self, how: str) -> None:
        leg = self.floor.asked(self._only_call())[-1]
        if how == "joined":
            self._talk()
        elif how == "failed":
            self.floor.tells("OriginateResponse", leg, ActionID=f"ask:{leg}", Response="Error")
            self.floor.settles()
        else:
            self.floor.rings(leg)
            self.floor.hangs_up(leg, DIALLED[how])

    def _talk(self) -> None:
        leg = self.floor.answers(self.floor.asked(self._only_call())[-1])
        self.floor.hangs_up(leg)


def run_script(
    address: tuple[str, int], script: str, unique: str, caller: str, answer: Callable[[list[str]], str]
) -> None:
    """A channel calls a script and answers its commands, until the script has ended."""
    with socket.create_connection(address, timeout=10) as peer, peer.makefile("r", encoding="utf-8") as lines:
        peer.sendall(
            f"agi_network_script: {script}\nagi_request: agi://127.0.0.1/{script}\nagi_channel: PJSIP/t-{unique}\n"
            f"agi_uniqueid: {unique}\nagi_callerid: {caller or 'unknown'}\nagi_dnid: 12345\n\n".encode()
        )
        for line in lines:
            with contextlib.suppress(OSError):  # it has not waited for the answer
                peer.sendall(answer(unquote(line)).encode() + b"\n")


def _write(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(int(16000 * seconds)))


@contextlib.contextmanager
def asterisk_double() -> Iterator[AsteriskDouble]:
    double = AsteriskDouble()
    try:
        yield double
    finally:
        double.close()
