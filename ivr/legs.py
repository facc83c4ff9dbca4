"""Legs as Asterisk channels: every AMI action that the exchange needs, and nothing else.

A leg we call gets its own id as ChannelId, so Asterisk's events name it by our id. Nobody's digits are ever dialled as
they are: a department's number comes from `departments.yaml`, an operator from the people the city has added, and a
citizen's has the shape of a telephone number (`callbacks.may_be_called`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ivr.ami import Ami
from ivr.board import Room
from ivr.call import Role
from ivr.room import Do, Order

HOTLINE = '"市长热线" <12345>'
WAKE = "D"  # the key that wakes a script; citizens' telephones have none such


@dataclass(frozen=True, slots=True)
class Briefing:
    """What somebody hears before they are joined: sound files without extension, and how long they last."""

    files: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Dial:
    """Whom to call. `endpoint` is what Asterisk dials; `ring_seconds` how long it may ring."""

    leg: str
    room: str
    role: Role
    endpoint: str
    caller_id: str
    ring_seconds: int
    record_path: str = ""
    muted: bool = False  # from the first moment in the room
    context: str = "leg-room"  # where the dialplan takes them when they answer
    brief: bool = False  # an operator hears first that this is a callback
    briefing: Briefing | None = None


def operator_endpoint(name: str) -> str:
    return f"PJSIP/{name}"


def trunk_endpoint(number: str, trunk: str) -> str:
    """A department's or a citizen's telephone, out through the trunk (`sip:host:port`)."""
    if not (number.isascii() and number.isdigit()):
        raise ValueError("a telephone number has digits only")
    return f"PJSIP/trunk/sip:{number}@{trunk.removeprefix('sip:')}"


def tap_id(leg: str) -> str:
    """The UUID under which a leg's voice arrives at the captions. The same for the same leg, always."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"hotline:leg:{leg}"))


def _one_if(on: bool) -> str:
    return "1" if on else ""


class Legs:
    """Turns orders into AMI actions. Keeps what Asterisk needs and we do not: channel names, and who was told to go."""

    def __init__(self, ami: Ami, *, audiosocket: str) -> None:
        self.ami, self._audiosocket = ami, audiosocket
        self.channels: dict[str, str] = {}  # leg -> channel name
        self.picked_up: set[str] = set()  # legs whose telephone was answered
        self.told_to_go: set[str] = set()  # legs we have hung up, whether their channel is there yet or not

    def appeared(self, leg: str, channel: str) -> None:
        """Asterisk has made the channel of a leg. One that was told to go before it was there has to go now."""
        self.channels[leg] = channel
        if leg in self.told_to_go:
            self.hang_up(leg)

    def vanished(self, leg: str) -> None:
        self.channels.pop(leg, None)
        self.picked_up.discard(leg)

    def forget(self, call_id: str) -> None:
        """The call is over: nothing of it is kept."""
        mine = [leg for leg in self.channels if leg.removeprefix("tap-").startswith(f"{call_id}-")]
        for leg in mine:
            del self.channels[leg]
        self.told_to_go -= {leg for leg in self.told_to_go if leg.removeprefix("tap-").startswith(f"{call_id}-")}

    def call(self, dial: Dial) -> bool:
        """Ring somebody into a room. False when Asterisk cannot be reached."""
        role = "" if dial.role is Role.CITIZEN else dial.role.value  # in the dialplan, who has no role is the citizen
        variables = {"LEG": dial.leg, "ROOM": dial.room, "ROLE": role, "RECORD": dial.record_path,
                     "MUTED": _one_if(dial.muted), "BRIEF": _one_if(dial.brief),
                     "BRIEFING": "&".join(dial.briefing.files if dial.briefing else ())}  # fmt: skip
        return self.ami.send(
            "Originate",
            ("Channel", dial.endpoint), ("Context", dial.context), ("Exten", dial.room), ("Priority", "1"),
            ("ChannelId", dial.leg), ("CallerID", dial.caller_id), ("Timeout", str(dial.ring_seconds * 1000)),
            ("Async", "true"), *(("Variable", f"{name}={value}") for name, value in variables.items()),
            action_id=f"ask:{dial.leg}",
        )  # fmt: skip

    def hang_up(self, leg: str) -> None:
        """Also stops a telephone that rings: the channel exists from the INVITE on, known by our id or its name."""
        self.told_to_go.add(leg)
        self.ami.send("Hangup", ("Channel", self.channels.get(leg, leg)))

    def carry_out(self, order: Order, room: Room) -> None:
        """Do one of the room's orders. A leg without a channel is gone already."""
        channel = self.channels.get(order.leg)
        match order.do:
            case Do.HANG_UP:
                self.hang_up(order.leg)
            case _ if channel is None:
                return
            case Do.TO_ROOM:
                who = room.participant(order.leg)
                self.set(order.leg, "MUTED", _one_if(bool(who and who.muted)))
                self.to_room(channel, who.role if who else Role.DEPARTMENT, room.id)
            case Do.TO_HOLD:
                self._redirect(channel, "hold", room.id)
            case Do.TO_WHISPER:
                self._to_whisper(channel, order.to, room.id)
            case Do.MUTE | Do.UNMUTE:
                self.set(order.leg, "MUTED", _one_if(order.do is Do.MUTE))
                self.mute(channel, room.id, order.do is Do.MUTE)
            case Do.RELEASE:
                self.release(channel)

    def release(self, channel: str) -> None:
        """Send a citizen on in the call flow, from wherever they are."""
        self._redirect(channel, "resume", "s")

    def mute(self, channel: str, room: str, on: bool) -> None:
        self.ami.send("ConfbridgeMute" if on else "ConfbridgeUnmute", ("Conference", room), ("Channel", channel))

    def pause_recording(self, leg: str, on: bool) -> None:
        """Silence goes into the file while paused, so that its times stay right."""
        if channel := self.channels.get(leg):
            self.ami.send("MixMonitorMute", ("Channel", channel), ("Direction", "both"), ("State", str(int(on))))

    def set(self, leg: str, name: str, value: str) -> None:
        if channel := self.channels.get(leg):
            self.ami.send("Setvar", ("Channel", channel), ("Variable", name), ("Value", value))

    def tap(self, leg: str) -> None:
        """Send what this leg says to the captions (measured: 18-80 ms behind the voice), once."""
        if f"tap-{leg}" not in self.channels:
            self.listen(leg, leg, tap_id(leg))

    def untap(self, leg: str) -> None:
        if channel := self.channels.pop(f"tap-{leg}", None):
            self.ami.send("Hangup", ("Channel", channel))

    def listen(self, leg: str, ear: str, name: str) -> None:
        """Send what `leg` says to the recogniser as `name`, by a channel of its own."""
        if channel := self.channels.get(leg):
            self.ami.send(
                "Originate",
                ("Channel", f"AudioSocket/{self._audiosocket}/{name}"), ("ChannelId", f"tap-{ear}"),
                ("Application", "ChanSpy"), ("Data", f"{channel},qoESu"), ("Async", "true"), ("Codecs", "slin"),
                action_id=f"tap:{ear}",
            )  # fmt: skip

    def stop_listening(self, ear: str) -> None:
        self.hang_up(f"tap-{ear}")

    def wake(self, leg: str) -> None:
        """End what the script of this leg waits for, as if the citizen had pressed a key."""
        if channel := self.channels.get(leg):
            self.ami.send("PlayDTMF", ("Channel", channel), ("Digit", WAKE), ("Receive", "true"))

    def to_room(self, channel: str, role: Role, room: str) -> None:
        self._redirect(channel, "citizen-room" if role is Role.CITIZEN else "leg-room", room)

    def _to_whisper(self, channel: str, to: str, room_id: str) -> None:
        if target := self.channels.get(to):
            self.ami.send("Setvar", ("Channel", channel), ("Variable", "WHISPER_TO"), ("Value", target))
            self._redirect(channel, "whisper", room_id)

    def _redirect(self, channel: str, context: str, extension: str) -> None:
        self.ami.send("Redirect", ("Channel", channel), ("Context", context), ("Exten", extension), ("Priority", "1"))
