"""An exchange without Asterisk: its real thread, line, rooms and spool, over a manager that only writes down.

What Asterisk would tell is told by the test, in any order it likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ivr.actions import DialDepartment, JoinLine
from ivr.ami import Message
from ivr.board import Operator, Participant, Room, Status
from ivr.call import Call, Role, fold
from ivr.exchange import Exchange
from ivr.floor import Rules
from ivr.legs import Legs
from ivr.spool import Spool
from ivr.visits import Visit

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WAIT = JoinLine("operators", (), 0, 30, True, 180, ("1",))
PEOPLE = {"lin": Role.OPERATOR, "wang": Role.OPERATOR, "new": Role.OPERATOR, "sup": Role.SUPERVISOR}


class Manager:
    """Stands for the connection to Asterisk. `sent` is every action; `lists` what it answers to questions."""

    def __init__(self) -> None:
        self.connected = True
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.lists: dict[str, list[Message]] = {}

    def send(self, action: str, *headers: tuple[str, str], action_id: str | None = None) -> bool:
        if not self.connected:
            return False
        named = {k: v for k, v in headers if k != "Variable"}
        named |= {f"${v.partition('=')[0]}": v.partition("=")[2] for k, v in headers if k == "Variable"}
        self.sent.append((action, {**named, "ActionID": action_id or ""}))
        return True

    def ask(self, action: str, *_headers: tuple[str, str], timeout: float = 5.0) -> list[Message]:
        if not self.connected:
            raise ConnectionError("no connection")
        return self.lists.get(action, [])


class Directory:
    def department(self, code: str) -> tuple[str, str] | None:
        return {"water": ("市水务局", "87031001"), "odd": ("怪", "8703x")}.get(code)

    def person(self, name: str) -> Role | None:
        return PEOPLE.get(name)


class Floor:
    """The exchange and the world around it."""

    def __init__(self, folder: Path, *ready: str, **rules: Any) -> None:
        self.time, self.ami, self.spool = NOON, Manager(), Spool(folder / "spool")
        self.kept: list[tuple[str, str]] = []
        seconds = {"operator_ring_seconds": 20, "department_ring_seconds": 30, "wrap_up_seconds": 0} | rules
        operators = [Operator(name, Status.READY, NOON - timedelta(seconds=100 - n)) for n, name in enumerate(ready)]
        self.x = Exchange(
            Legs(self.ami, audiosocket="127.0.0.1:1"), self.spool, Directory(),  # type: ignore[arg-type]
            Rules(**seconds, trunk="sip:127.0.0.1:5070", recordings_dir=folder / "recordings"),
            clock=lambda: self.time, operators=operators, keep_status=lambda n, s, r: self.kept.append((n, s.value)),
        )  # fmt: skip
        self.x.start()

    # ---- the world
    def tells(self, event: str, unique: str = "", **more: str) -> None:
        self.x.hears({"Event": event, "Uniqueid": unique, **more})

    def settles(self) -> None:
        """Wait until everything told has been worked off."""
        self.x.ask(lambda: None)
        self.x.ask(lambda: None)

    def after(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.x.ask(self.x._tick)
        self.settles()

    def arrives(self, unique: str = "1.1", caller: str = "13805712345") -> Visit:
        """A citizen calls, and the script has asked for the recording."""
        visit = Visit.arrive(self.x, caller=caller, dialled="12345", channel=unique, channel_name=f"PJSIP/t-{unique}")
        visit.set_recording("on")
        return visit

    def waits(self, unique: str = "1.1", wait: JoinLine = WAIT) -> str:
        """A citizen who is in the line and in a room of their own. Returns the call's id."""
        with self.arrives(unique) as visit:
            visit.keep_session({"session": {}, "wait": {}})
            assert visit.wait_in_line(wait) is None
            visit.into_room()
        self.tells("ConfbridgeJoin", unique)
        self.settles()
        return visit.call_id

    def dials(self, code: str = "water", unique: str = "1.1") -> str:
        with self.arrives(unique) as visit:
            assert visit.dial(DialDepartment(code, 25)) is None
            visit.into_room()
        self.tells("ConfbridgeJoin", unique)
        self.settles()
        return visit.call_id

    def rings(self, leg: str) -> str:
        """Asterisk makes the leg's channel, and the telephone rings."""
        self.tells("Newchannel", leg, Channel=f"PJSIP/c-{leg}")
        self.tells("Newstate", leg, ChannelState="5")
        self.settles()
        return leg

    def answers(self, leg: str) -> str:
        self.rings(leg)
        self.tells("OriginateResponse", leg, ActionID=f"ask:{leg}", Response="Success")
        self.tells("ConfbridgeJoin", leg)
        self.settles()
        return leg

    def hangs_up(self, unique: str, cause: int = 16) -> None:
        self.tells("Hangup", unique, Cause=str(cause))
        self.settles()

    def talks(self, unique: str = "1.1") -> tuple[str, str]:
        """A citizen and an operator in a talk: (call, the operator's leg)."""
        call = self.waits(unique)
        return call, self.answers(self.asked(call)[-1])

    def back(self, unique: str = "1.1") -> Any:
        """The citizen is sent to the script `resume`: what it hears."""
        visit = Visit.back(self.x, unique)
        assert visit is not None
        with visit:
            return visit.came_back()

    # ---- what has become of it
    def asked(self, call: str) -> list[str]:
        """The legs that were rung for this call, taps left out."""
        legs = [h["ChannelId"] for action, h in self.ami.sent if action == "Originate"]
        return [leg for leg in legs if leg.startswith(call)]

    def told(self, action: str, **wanted: str) -> int:
        """How often Asterisk was told this."""
        return sum(a == action and wanted.items() <= h.items() for a, h in self.ami.sent)

    def hung_up(self, leg: str) -> bool:
        return bool(self.told("Hangup", Channel=leg) or self.told("Hangup", Channel=f"PJSIP/c-{leg}"))

    def released(self, unique: str = "1.1") -> int:
        return self.told("Redirect", Channel=f"PJSIP/t-{unique}", Context="resume")

    def operator(self, name: str) -> Operator:
        found = self.x.board().operator(name)
        assert found is not None
        return found

    def room(self, call: str) -> Room | None:
        return self.x.board().room(call)

    def row(self, leg: str) -> Participant:
        found = self.x.ask(lambda: self.x.calls[leg.rpartition("-")[0]].room)
        row = found.participant(leg) if found else None
        assert row is not None
        return row

    def finished(self, call: str) -> Call:
        assert call in self.spool.finished_calls(), "the call is not finished"
        return fold(self.spool.events(call))


@contextmanager
def open_floor(folder: Path, *ready: str, **rules: Any) -> Iterator[Floor]:
    floor = Floor(folder, *ready, **rules)
    try:
        yield floor
    finally:
        floor.x.stop()
