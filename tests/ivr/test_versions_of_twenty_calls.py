"""Twenty people talk while flows are published and rolled back: each ends on the version it began with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import Settings
from ivr.agi import FastAgiServer
from ivr.call import Kind
from ivr.live_flows import LiveFlows
from ivr.reception import Desk, Reception
from ivr.session import Facts
from ivr.version_history import Action
from ivr.versions import Versions
from tests.ivr.asterisk_double import run_script
from tests.ivr.exchange_floor import Floor, open_floor
from tests.ivr.test_versions import NOW, edit, flows_dir, go_live, told, versions

__all__ = ["flows_dir", "told", "versions"]
OPERATORS = [f"op{n}" for n in range(20)]


class Hotline:
    """One process: an exchange, the scripts, and the flows that are live."""

    def __init__(self, floor: Floor, settings: Settings) -> None:
        self.floor, self.live = floor, LiveFlows(settings)
        desk = Desk(
            flows=self.live.flows, flows_of=self.live.flows_of, sounds=lambda *_: [], facts=Facts,
            ask=lambda *_: ("ok", {}), recordings_dir=settings.recordings_dir, clock=lambda: NOW,
        )  # fmt: skip
        reception = Reception(floor.x, desk)
        self.server = FastAgiServer(("127.0.0.1", 0), {"inbound": reception.inbound, "resume": reception.resume})
        self.server.start()

    def script(self, name: str, unique: str) -> None:
        address = self.server.server_address[:2]
        run_script(address, name, unique, "13800000000", lambda words: f"200 result={int(words[0] == 'SET')}")  # type: ignore[arg-type]
        self.floor.settles()

    def talks(self, unique: str) -> str:
        """Somebody calls and talks with an operator. Returns the call."""
        self.live.look()
        known = set(self.floor.x.calls)
        self.script("inbound", unique)
        (call,) = set(self.floor.x.calls) - known
        self.floor.tells("ConfbridgeJoin", unique)
        self.floor.settles()
        self.floor.answers(self.floor.asked(call)[-1])
        return call

    def ends(self, unique: str, call: str) -> str:
        """The operator hangs up, and the citizen hears the flow out. Returns how the flow ended."""
        self.floor.hangs_up(f"{call}-2")
        assert self.floor.told("Redirect", Context="resume")
        self.floor.tells("ConfbridgeLeave", unique)
        self.script("resume", unique)
        self.floor.hangs_up(unique)
        self.floor.after(3)
        events = self.floor.spool.events(call)
        assert events[-1].kind is Kind.CALL_ENDED
        return str(events[-1].data["reason"])


@contextmanager
def running(folder: Path, settings: Settings, calls: dict[str, str]) -> Iterator[Hotline]:
    """A process that finds these calls (unique id -> call) in Asterisk when it starts."""
    with open_floor(folder, *OPERATORS) as floor:
        members = [*calls, *(f"{call}-2" for call in calls.values())]
        floor.ami.lists = {
            "CoreShowChannels": [
                {"Event": "CoreShowChannel", "Uniqueid": u, "Channel": f"PJSIP/{'t' if u in calls else 'c'}-{u}"}
                for u in members
            ],
            "ConfbridgeListRooms": [{"Event": "ConfbridgeListRooms", "Conference": call} for call in calls.values()],
            "ConfbridgeList": [{"Event": "ConfbridgeList", "Uniqueid": u} for u in members],
        }
        hotline = Hotline(floor, settings)
        floor.tells("Connected")
        floor.settles()
        yield hotline
        hotline.server.stop()


def test_twenty_calls_end_on_the_version_they_began_with(
    tmp_path: Path, told: Settings, flows_dir: Path, versions: Versions
) -> None:
    def publish(name: str, before: str) -> str:
        edit(flows_dir, f"end: goodbye, reason: {before}", f"end: goodbye, reason: {name}")
        return go_live(versions, flows_dir)

    first, talking, began_on = publish("one", "done"), {}, {}
    with running(tmp_path, told, {}) as hotline:
        for number in range(20):
            if number == 5:
                publish("two", "one")
            elif number == 10:
                versions.switch(first, action=Action.ROLLBACK, by="test", at=NOW)
            elif number == 15:
                publish("three", "two")
            unique = f"1.{number}"
            talking[unique] = hotline.talks(unique)
            began_on[unique] = ["one", "two", "one", "three"][number // 5]
        hotline.floor.ami.lists = {}
        over = {unique: hotline.ends(unique, talking.pop(unique)) for unique in list(talking)[::2]}

    versions.switch(first, action=Action.ROLLBACK, by="test", at=NOW)
    with running(tmp_path, told, talking) as hotline:  # and now after a restart
        over |= {unique: hotline.ends(unique, call) for unique, call in talking.items()}
        assert hotline.live.flows().version == first

    assert over == began_on
